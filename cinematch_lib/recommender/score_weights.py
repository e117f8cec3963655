"""The weights of the terms of a score."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreWeights:
    """The weights of the score's terms; see the formula in `scoring`."""

    ratings: float = 1.0  # the rating term of the film that the liked films favour most
    disliked: float = -0.2  # w_j of a disliked film
    content: float = 1.0  # scale of the content term
    towers: float = 1.0  # scale of what content adds for films with few ratings
    content_share: float = 0.1  # the least share of the content term, for films with many ratings
    early_content_share: float = 0.85  # what is added to it where few films are known
    genres: float = 0.1  # g without a rating term
    genres_with_ratings: float = 0.2  # g with a rating term
    quality_prior: float = 0.25  # scale of the prior without a rating term, by average rating or by popularity
    popularity_penalty: float = 1.0  # factor of the popularity prior in scores with a rating term
    enough_likes: int = 3  # of a known film, for ratings to count in full: z = min(1, likes / 3)
    discovery: float = 0.1  # 2 β, where the preferences have none
    diversity: float = 0.0  # v, where the preferences have none
    first_diversity: float = 0.1  # the same for somebody of whom no film is known
    recency: float = 1.0  # of a film of the newest year, at recency 1

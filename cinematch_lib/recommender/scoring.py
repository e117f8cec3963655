r"""The score of a film for one user: a sum of terms.

    score(i) =   s · Σ_j w_j B_ji            ratings: item-to-item weights B, w_j = 1 for liked and −0.2 for disliked j
               + c_i · cos(x_i, p)           content: features x_i of the film and the profile p of the user
               + g · |G_i ∩ G| / |G|         genres: the preferred genres G that the film has, where G has two or more
               − π · 2^(−n/2) · (1 − q_i)    prior: q_i = log(1 + likes of i) / max_k log(1 + likes of k)

where n is the number of liked films; s = 1 / max_i Σ_{j liked} B_ji; c_i = min(1, 0.2 + content weight of i), larger
for films with few ratings; and p = Σ_j x_j over the liked films, at length one, less half of it for disliked films.
The prior halves with every two liked films: the less is known of a user, the better a guess is what many like. A seed
item with too few ratings of its own contributes its cosine in full.

Where the weights B favour no film, because nothing is liked, nothing liked has ratings, or the run has none, the first
term is left out, c_i is 1, and the prior is 0.25 · the average rating of the film (Bayesian, centred); if nothing is
liked and the run has ratings, 0.25 · q_i. The first list of a new user is then made diverse:

               − d · max_{k above i} cos(x_i, x_k)

Each term is a class of `terms`, which also tells its contributions; a new kind of evidence is a module there and a line
in `ScoreModel.scorer`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.recommender.films import FilmTable, Selection
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.similarity import ContentSimilarity, UserProfile
from cinematch_lib.recommender.terms.base import Term
from cinematch_lib.recommender.terms.content import ContentTerm
from cinematch_lib.recommender.terms.genres import GenresTerm
from cinematch_lib.recommender.terms.prior import PriorTerm
from cinematch_lib.recommender.terms.ratings import RatingsTerm

HALF_LIFE = 2  # liked films after which the weight of the popularity prior has halved


@dataclass(frozen=True)
class ScoreWeights:
    """The weights of the score's terms; see the formula in `scoring`."""

    ratings: float = 1.0  # the rating term of the film that the liked films favour most
    disliked: float = -0.2  # w_j of a disliked film
    content: float = 1.0  # scale of the content term
    content_share: float = 0.2  # the least share of the content term, for films with many ratings
    genres: float = 0.1  # g without a rating term
    genres_with_ratings: float = 0.2  # g beside a rating term
    quality_prior: float = 0.25  # scale of the prior without a rating term
    popularity_penalty: float = 3.0  # π, scale of the prior beside a rating term
    diversity: float = 0.1  # d


class Scorer:
    """Adds terms up."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)

    def scores(self, selection: Selection) -> np.ndarray:
        """The scores of the selected films: float32 (selected films,)."""
        total = np.zeros(len(selection), dtype=np.float32)
        for term in self.terms:
            total += term.scores(selection)
        return total

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What the scores of the films in `rows`, int64 (n,), are the sum of, kind by kind."""
        return [one for term in self.terms for one in term.contributions(rows)]

    def plus(self, term: Term) -> "Scorer":
        """The same sum with one more term."""
        return Scorer([*self.terms, term])


class ScoreModel:
    """Builds the terms of the score for each user of a run.

    Parameters
    ----------
    films, similarity : the films and their features.
    item_weights : the weights B; None where the run has no ratings.
    weights : the weights of the terms.

    """

    def __init__(
        self, films: FilmTable, similarity: ContentSimilarity, item_weights: ItemWeights | None, weights: ScoreWeights
    ) -> None:
        self._films, self._similarity, self._item_weights, self.weights = films, similarity, item_weights, weights
        if item_weights is not None:
            least = np.float32(weights.content_share)
            self._content_share = np.minimum(item_weights.content_weight + least, np.float32(1))

    def scorer(self, preferences: Preferences) -> Scorer:
        """The terms of the score for one user. Raises UnknownNameError for unknown films and genres."""
        liked, disliked = self._films.rows(preferences.liked), self._films.rows(preferences.disliked)
        ratings = self._ratings(liked, disliked)
        terms: list[Term | None] = [self._prior(len(liked), rated=ratings is not None), ratings]
        if liked or disliked:
            terms.append(self._content(self._similarity.profile(liked, disliked), rated=ratings is not None))
        terms.append(self._genres(preferences, rated=ratings is not None))
        return Scorer([term for term in terms if term is not None])

    def _ratings(self, liked: Sequence[int], disliked: Sequence[int]) -> RatingsTerm | None:
        if self._item_weights is None:
            return None
        scales = {"maximum": self.weights.ratings, "disliked_weight": self.weights.disliked}
        return RatingsTerm.from_item_weights(self._films, self._item_weights, liked, disliked, **scales)

    def _prior(self, n_liked: int, *, rated: bool) -> PriorTerm | None:
        counts = self._item_weights
        if counts is not None and rated:
            weight = -self.weights.popularity_penalty * 0.5 ** (n_liked / HALF_LIFE)
            prior = PriorTerm("popularity", counts.popularity_gap, weight, counts.like_counts)
        elif counts is not None and not n_liked:
            prior = PriorTerm("popularity", counts.popularity, self.weights.quality_prior, counts.like_counts)
        else:
            prior = PriorTerm("quality", self._films.quality, self.weights.quality_prior)
        return prior if prior.weight else None

    def _content(self, profile: UserProfile, *, rated: bool) -> ContentTerm:
        if self._item_weights is None or not rated:
            return ContentTerm(self._films, self._similarity, profile, self.weights.content)
        full = ~self._item_weights.well_rated[list(profile.seed_items)]
        return ContentTerm(self._films, self._similarity, profile, self.weights.content, self._content_share, full)

    def _genres(self, preferences: Preferences, *, rated: bool) -> GenresTerm | None:
        weight = self.weights.genres_with_ratings if rated else self.weights.genres
        genres = self._films.preferred_genres(preferences) if weight else ()
        return GenresTerm(self._films, genres, weight) if len(genres) > 1 else None

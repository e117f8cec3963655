r"""The score of a film for one user: a sum of terms, discounted for popular films.

    score(i) = (1 + likes of i)^−β ·
               [ z · Σ_m t_m / s_m · Σ_j w_j B^m_ji   ratings: item-to-item weights B^m, w_j by the rating of film j
               + c_i · cos(x_i, p)                   content: features x_i of the film and the profile p of the user
               + s · w_i · u · e_i                   towers: embeddings of the film and of what the user likes
               + g · |G_i ∩ G| / |G|                 genres: the preferred genres G that i has, if G has two or more
               + r · 2^(−a_i / 10)                   recency: a_i, the years between i and the newest film
               − z · (1 − d) · (π · 2^(−n/2) + ρ · 2^(−n/20)) · (1 − q_i)
                                                     popularity: q_i = log(1 + likes of i) / max_k log(1 + likes of k)
               + (1 − z) · 0.25 · b_i ]              quality: b_i, the average rating of the film (Bayesian, centred)

where n is the number of films that the user has liked, disliked, rated or seen. Each matrix B^m is learned for
histories of another length, and the shares t_m mix the two nearest to n^(1−d) · L^d, where L is the greatest length;
s_m is the highest sum Σ_j w_j B^m_ji of any film over the films j with w_j > 0. The weight w_j is
`rating_weights.rating_weight` of a rating (a very low one counts less where few films are known), 1 for a like, 0.45
for a film that was only seen, and −0.2 for a disliked film; where times are known, it halves with every two years
before the newest opinion. p = Σ_j x_j over the liked films, at length one, less half of it for disliked films. The
content weight w_i of a film falls with its number of ratings, and s is what a predicted like adds to the score
(`ItemWeights.unit`). For a film without ratings, u · e_i and the similarity of the features estimate the likes
(`models.towers`), so that c_i = 0.1 + 0.85 · 2^(−max(n−3,0)/4) + s · w_i · c_m · √N / m · |Σ_j x_j| for m liked films;
where the run has no embeddings, the last product is w_i. A seed item with too few ratings of its own contributes its
cosine by 1 at least. The less is known of a user, the better a guess is what many like: π, the prior weight of the
run's item weights, counts half with every two known films, and the lasting one, ρ, with every 20. But z = min(1, likes
/ 3), by the likes of the most liked film with w_j > 0: of somebody who names films that hardly anybody knows, ratings
tell little. g is 0.2, d the `discovery` that the user asks for, in hundredths, else 0.1,
β = d / 2, and r the `recency` asked for, a quarter of it where no film speaks for others, else 0.

Where the weights B favour no film, because nothing is rated, nothing rated has likes by others, or the run has no
ratings, z is 0, c_i is 1 and g is 0.1; if the user likes nothing and the run has ratings, q_i takes the place of b_i.
Where an `unrated_share` is asked for, films that nobody has rated gain the least bonus that gives them that share of
the list; so do films with a director or a genre that few liked films share more often than by chance (see
`shared_traits`), and those of the series of liked films (see `film_series`). Up to 100 films are made diverse:

               − v · max_{k above i} cos(x_i, x_k)

where v is the `diversity` that the user asks for, 0 to 1, else 0.1 for a user who has neither liked nor seen a film,
and else 0.

Each term is a class of `terms`, which also tells its contributions; a new kind of evidence is a module there and a line
in `ScoreModel.rated_terms`.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from cinematch_lib.artifacts.embeddings import Embeddings, similarity_weight
from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.recommender.film_groups import FilmGroups
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.known_films import KnownFilms
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.product_bounds import VectorBounds
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.rating_weights import HATED
from cinematch_lib.recommender.score_weights import ScoreWeights
from cinematch_lib.recommender.scorer import Scorer
from cinematch_lib.recommender.shared_places import SharedPlaces
from cinematch_lib.recommender.similarity import ContentSimilarity, UserProfile
from cinematch_lib.recommender.terms.base import Term
from cinematch_lib.recommender.terms.content import ContentTerm
from cinematch_lib.recommender.terms.discovery import DiscountedTerms
from cinematch_lib.recommender.terms.genres import GenresTerm
from cinematch_lib.recommender.terms.places import Places, unrated_places
from cinematch_lib.recommender.terms.prior import PriorTerm
from cinematch_lib.recommender.terms.ratings import RatingsTerm, seeds
from cinematch_lib.recommender.terms.recency import RecencyTerm, recency
from cinematch_lib.recommender.terms.towers import TowerTerm

_HALF_LIFE, _LASTING_HALF_LIFE = 2, 20  # known films after which π and ρ count half
_CONTENT_HALF_LIFE = 4  # the same for the additional share of content, from so many known films on
_FEW_FILMS = 3
_MAX_DISCOUNT = 0.5  # β of discovery 1
_TYPICAL_LIKES, _OFTEN_LIKED = 10, 2000  # of users whose scores are bounded: how many likes, and of which films


class ScoreModel:
    """Builds the terms of the score for each user of a run.

    Parameters
    ----------
    films, similarity : the films and their features. Only explanations and preferences need the films.
    item_weights : the weights B; None where the run has no ratings.
    weights : the weights of the terms.
    embeddings : those of the run; None where it has none.
    shared_places : finds the places for what liked films share; None for none.

    """

    def __init__(
        self,
        films: FilmTable | None,
        similarity: ContentSimilarity,
        item_weights: ItemWeights | None,
        weights: ScoreWeights,
        embeddings: Embeddings | None = None,
        shared_places: SharedPlaces | None = None,
    ) -> None:
        self._films, self._similarity, self._item_weights, self.weights = films, similarity, item_weights, weights
        self._embeddings, self._shared_places = embeddings, shared_places
        self._make_caches()

    def _make_caches(self) -> None:
        self._discounts = lru_cache(maxsize=8)(self._discount)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_discounts"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._make_caches()

    def scorers(self, people: Sequence[Preferences]) -> list[Scorer]:
        """The terms of the score for each of some users. Raises UnknownNameError for unknown films and genres."""
        films = self._films
        assert films is not None  # only a model for arrays has none
        known = [KnownFilms.of(films, one) for one in people]
        ratings = [self._ratings(films, *one) for one in zip(people, known, strict=True)]
        return [self._scorer(films, *one) for one in zip(people, known, ratings, strict=True)]

    def _ratings(self, films: FilmTable, preferences: Preferences, known: KnownFilms) -> RatingsTerm | None:
        if self._item_weights is None or not known.n or not (confidence := self.confidence(known.positive)):
            return None
        groups = seeds(preferences, known, self.weights.disliked)
        mixture, maximum = self.mixture(known.n, preferences.discovery), confidence * self.weights.ratings
        return RatingsTerm.from_item_weights(films, self._item_weights, groups, mixture, maximum)

    def _scorer(
        self, films: FilmTable, preferences: Preferences, known: KnownFilms, ratings: RatingsTerm | None
    ) -> Scorer:
        liked, disliked, discovery = known.liked, known.disliked, preferences.discovery
        if ratings is not None:
            confidence = self.confidence(known.positive)
            terms = self.rated_terms(ratings, known.n, liked, disliked, discovery, confidence)
            if confidence < 1:
                terms.append(PriorTerm("quality", films.quality, (1 - confidence) * self.weights.quality_prior))
        else:
            terms = [self._general_prior(films, n_liked=len(liked))]
            if liked or disliked:
                profile = self._similarity.profile(liked, disliked)
                terms.append(ContentTerm(films, self._similarity, profile, self.weights.content))
        terms += self._genres(films, preferences, rated=ratings is not None)
        if preferences.recency:
            scale = 1.0 if known.positive else self.weights.quality_prior  # as great as what the score is of else
            terms.append(RecencyTerm(films, self._recency, scale * self.weights.recency * preferences.recency))
        return self.discounted(terms, discovery)

    def diversity(self, preferences: Preferences) -> float:
        """v, what the similarity to a film above counts in the list of one user."""
        if preferences.diversity is not None:
            return preferences.diversity
        is_new = not (preferences.liked or preferences.watched)
        return self.weights.first_diversity if is_new else self.weights.diversity

    def places(self, preferences: Preferences, k: int) -> list[Places]:
        """The places of a list of `k` for what the liked films share, and for unrated ones. Raises UnknownNameError."""
        films, weights, share = self._films, self._item_weights, preferences.unrated_share
        if films is None or weights is None:
            return []
        against = (*preferences.disliked, *(one for one, x in (preferences.ratings or {}).items() if x < HATED))
        found = self.shared_places(films.rows(preferences.liked), films.rows(against))
        return [*found, unrated_places(weights.unrated, share, k)] if share else found

    def shared_places(self, liked: Sequence[int], disliked: Sequence[int]) -> list[Places]:
        """The places for what liked films, given by rows, share."""
        return [] if self._shared_places is None else self._shared_places.of(liked, disliked)

    def confidence(self, rows: Sequence[int]) -> float:
        """How much ratings tell of what somebody likes who knows these films: min(1, highest number of likes / 3)."""
        assert self._item_weights is not None
        likes, enough = int(self._item_weights.like_counts[list(rows)].max(initial=0)), self.weights.enough_likes
        return 1.0 if likes >= enough else likes / enough

    def mixture(self, n_known: int, discovery: float | None = None) -> list[tuple[int, float]]:
        """The matrices of weights for a user of whom so many films are known: their numbers and shares.

        Weights for longer histories favour less known films, so `discovery` moves the mixture towards these.
        """
        assert self._item_weights is not None
        discovery = self._discovery(discovery)
        length = max(n_known, 1) ** (1 - discovery) * self._item_weights.history_lengths[-1] ** discovery
        return self._item_weights.mixture(length)

    def _discovery(self, discovery: float | None) -> float:
        return self.weights.discovery if discovery is None else discovery

    def rated_terms(
        self,
        ratings: RatingsTerm,
        n_known: int,
        liked: Sequence[int],
        disliked: Sequence[int] = (),
        discovery: float | None = None,
        confidence: float = 1.0,
    ) -> list[Term]:
        """The terms for a user of whom ratings are known: the rating term given, the prior and content.

        `n_known` is the number of known films; `liked` and `disliked` are rows of films.
        """
        counts = self._item_weights
        assert counts is not None  # there is no rating term without weights
        terms: list[Term] = [ratings]
        if weight := -confidence * float(self.prior_weight(np.array(n_known), discovery)):
            terms.insert(0, PriorTerm("popularity", counts.popularity_gap, weight, counts.like_counts))
        if liked or disliked:
            profile = self._similarity.profile(liked, disliked)
            full = ~counts.well_rated[list(profile.seed_items)]
            scale = self.weights.towers
            if self._embeddings is not None and scale:
                scale *= ratings.unit
                tower, similarity = self._towers(self._embeddings, profile, len(liked) or len(disliked), scale)
                terms.append(tower)
                scale *= similarity
            share = (counts.content_weight, float(self.least_content_share(np.array(n_known))), scale, full)
            terms.append(ContentTerm(self._films, self._similarity, profile, self.weights.content, *share))
        return terms

    def _towers(self, embeddings: Embeddings, profile: UserProfile, n: int, scale: float) -> tuple[TowerTerm, float]:
        """The tower term of a profile of `n` films, and the weight of the cosine with the profile."""
        assert self._item_weights is not None
        weight = similarity_weight(n)
        scales = profile.length * np.array(profile.weights)[:, None]
        likes, corrections = embeddings.history_vectors(profile.seed_items, n)
        parts = (profile.seed_items, scales * likes, scales * (-weight * corrections))
        content_weight = self._item_weights.content_weight
        term = TowerTerm(self._films, self._similarity, embeddings, *parts, content_weight, scale, self._tower_bounds)
        return term, weight * embeddings.history_scale(n) * profile.length

    @cached_property
    def _tower_bounds(self) -> VectorBounds:
        embeddings, weights = self._embeddings, self._item_weights
        assert embeddings is not None
        assert weights is not None
        liked, weight = top_k(weights.like_counts, _OFTEN_LIKED), similarity_weight(_TYPICAL_LIKES)
        users = embeddings.history_embeddings[liked] - weight * embeddings.history_corrections[liked]
        items = embeddings.item_embeddings
        return VectorBounds(items.__getitem__, len(items), users, weights.like_counts[liked])

    def prior_weight(self, n_known: np.ndarray, discovery: float | None = None) -> np.ndarray:
        """(1 − d) · (π · 2^(−n/2) + ρ · 2^(−n/20)) where n films are known: float64, of the shape of `n_known`."""
        assert self._item_weights is not None
        first, lasting = self._item_weights.prior_weight, self._item_weights.lasting_prior_weight
        weight = first * 0.5 ** (n_known / _HALF_LIFE) + lasting * 0.5 ** (n_known / _LASTING_HALF_LIFE)
        prior: np.ndarray = self.weights.popularity_penalty * (1 - self._discovery(discovery)) * weight
        return prior

    def least_content_share(self, n_known: np.ndarray) -> np.ndarray:
        """0.1 + 0.85 · 2^(−max(n − 3, 0) / 4) where n films are known: float64, of the shape of `n_known`."""
        halvings = np.maximum(n_known - _FEW_FILMS, 0) / _CONTENT_HALF_LIFE
        share: np.ndarray = self.weights.content_share + self.weights.early_content_share * 0.5**halvings
        return share

    def discounts(self, discovery: float | None = None) -> np.ndarray:
        """(1 + likes of i)^−β of each film: float32 (films,)."""
        return self._discounts(round(self._discovery(discovery), 2))

    def discounted(self, terms: list[Term], discovery: float | None = None) -> Scorer:
        """The sum of the terms, discounted for popular films where the run has ratings."""
        if self._item_weights is not None and self._discovery(discovery):
            terms = [DiscountedTerms(terms, self.discounts(discovery))]
        return Scorer(terms, self.groups)

    @cached_property
    def groups(self) -> FilmGroups | None:
        """The films that ratings tell nothing of, or all where most have ratings; None where there are not many."""
        if not self._similarity.is_large:
            return None
        towers = [self._tower_bounds] if self._embeddings is not None and self._item_weights is not None else []
        is_known = np.zeros(self._similarity.matrix.shape[0], dtype=bool)
        if self._item_weights is not None and 2 * self._item_weights.is_known.sum() < len(is_known):
            is_known = self._item_weights.is_known
        return FilmGroups(is_known, [*towers, self._similarity.product_bounds.of_common])

    def _discount(self, discovery: float) -> np.ndarray:
        """(1 + likes of i)^−β of each film: float32 (films,)."""
        assert self._item_weights is not None
        factors: np.ndarray = (1.0 + self._item_weights.like_counts) ** (-_MAX_DISCOUNT * discovery)
        return factors.astype(np.float32)

    @cached_property
    def _recency(self) -> np.ndarray:
        assert self._films is not None  # only a model for arrays has none
        return recency(self._films.years.astype(np.float64))

    def _general_prior(self, films: FilmTable, n_liked: int) -> Term:
        """The prior where there is no rating term."""
        counts, weight = self._item_weights, self.weights.quality_prior
        if counts is not None and not n_liked:
            return PriorTerm("popularity", counts.popularity, weight, counts.like_counts)
        return PriorTerm("quality", films.quality, weight)

    def _genres(self, films: FilmTable, preferences: Preferences, *, rated: bool) -> list[Term]:
        weight = self.weights.genres_with_ratings if rated else self.weights.genres
        genres = films.preferred_genres(preferences) if weight else ()
        return [GenresTerm(films, genres, weight)] if len(genres) > 1 else []

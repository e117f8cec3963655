"""The tower term: weight · w_i · u · e_i, with the embedding e_i of a film and that of the user, u = Σ_j v_j."""

from collections.abc import Sequence

import numpy as np

from cinematch_lib.artifacts.embeddings import PERIOD_YEARS, UNKNOWN_PERIOD, Embeddings
from cinematch_lib.recommender.films import FilmTable, Movie
from cinematch_lib.recommender.product_bounds import VectorBounds
from cinematch_lib.recommender.reasons import Contributions, Feature
from cinematch_lib.recommender.selection import Block, Selection
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.base import Term, scaled_bounds

_TOGETHER = 64  # rows of one product
_KEPT = 16  # selections of which embeddings are kept


class TowerTerm(Term):
    """How much people who like what the user likes tend to like films with the features of a film.

    Parameters
    ----------
    films, similarity : the films and their features; only explanations need them.
    embeddings : those of the films and their features.
    seed_items : rows of the films that the user likes or dislikes.
    likes, similarities : float64 (seed items, d), what each adds to u: by what people like, and less the similarity
        that films of its kind have anyway. Their sum is v_j.
    weights : float32 (films,), w_i >= 0, by which the term counts for each film.
    weight : what the term is multiplied by.
    bounds : those of the products of films and users.

    """

    def __init__(
        self,
        films: FilmTable | None,
        similarity: ContentSimilarity,
        embeddings: Embeddings,
        seed_items: Sequence[int],
        likes: np.ndarray,
        similarities: np.ndarray,
        weights: np.ndarray,
        weight: float,
        bounds: VectorBounds,
    ) -> None:
        self._films, self._similarity, self._embeddings = films, similarity, embeddings
        self._seed_items, self._weights, self._weight, self._bounds = seed_items, weights, weight, bounds
        self._vectors = {"taste": likes, "expected_similarity": similarities}
        self._user = (weight * (likes + similarities).sum(axis=0)).astype(np.float32)

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        items = self._embeddings.item_embeddings
        if len(selection) * 4 >= len(items):
            products = selection.restrict(row_products(items, self._user))
        else:  # what is kept of several selections is at most as much as all items
            is_kept = len(selection) * _KEPT <= len(items)
            products = row_products((selection.take if is_kept else selection.restrict)(items), self._user)
        scores: np.ndarray = products * selection.take(self._weights)
        return scores

    def bounds(self, block: Block, *, roughly: bool = False) -> np.ndarray:
        """Numbers that are at least the `scores` of films in groups; see `Term.bounds`."""
        bounds = self._bounds.highest if roughly else self._bounds.of
        return scaled_bounds(bounds, self._user, block.take(self._weights), block)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What each film that the user likes or dislikes adds to the films in `rows`."""
        factors = self._weight * self._weights.take(rows).astype(np.float64)
        items = self._embeddings.item_embeddings.take(rows, axis=0) * factors[:, None]
        return [self._contributions(kind, rows, items, factors) for kind in self._vectors]

    def _contributions(self, kind: str, rows: np.ndarray, items: np.ndarray, factors: np.ndarray) -> Contributions:
        vectors = self._vectors[kind]

        def movie(_: int, part: int) -> Movie | None:
            return None if self._films is None else self._films.movie(self._seed_items[part])

        def features(film: int, part: int) -> tuple[Feature, ...]:
            return self._features(int(rows[film]), factors[film] * vectors[part])

        return Contributions(kind, items @ vectors.T, movie, features, untold=self._similarity.untold)

    def _features(self, row: int, vector: np.ndarray) -> tuple[Feature, ...]:
        """What each feature of the film, and its period of release, add: they sum up to `vector` · e_i."""
        found = self._similarity.weighted_features(row, self._embeddings.feature_embeddings, vector)
        period = int(self._embeddings.periods[row])
        first = int(self._embeddings.period_names[period])
        known = first != UNKNOWN_PERIOD
        name = f"a release in {first}–{first + PERIOD_YEARS - 1}" if known else "an unknown year of release"
        found.append(Feature("period", name, float(self._embeddings.period_embeddings[period] @ vector)))
        direction = 1 if sum(one.value for one in found) >= 0 else -1
        return tuple(sorted(found, key=lambda one: -direction * one.value))


def row_products(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """The inner products of the rows of a matrix, float32 (n, d), with a vector: float32 (n,).

    That of a row is the same to the last bit in whichever matrix it stands. BLAS adds up the last rows of a matrix in
    another way than others, and of a large one the last rows of each thread, so that it gets small ones of equal size.
    """
    whole = len(rows) // _TOGETHER * _TOGETHER
    last = np.zeros((_TOGETHER, rows.shape[1]), dtype=np.float32)
    last[: len(rows) - whole] = rows[whole:]
    products = np.matmul(rows[:whole].reshape(-1, _TOGETHER, rows.shape[1]), vector).ravel()
    return np.concatenate([products, np.matmul(last, vector)[: len(rows) - whole]])

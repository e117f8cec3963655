"""The contract of all models: fit on ratings, then recommend to users who need not be among them."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.recommender.ranking import check_k, top_k_per_row

_BATCH_SCORES = 16_000_000  # scores held in memory at once
LIST_DTYPES = {"userId": "int64", "movieId": "int64", "rank": "int64", "score": "float64"}


class Model(ABC):
    """A recommender that learns from ratings.

    The arguments of a model's constructor are its hyperparameters, stored under their names. A subclass
    implements `_fit` and `_scores`; this class maps ids to rows and columns, works in batches, excludes rated
    films and ranks. `candidates`, a sequence of keyword arguments of the constructor, are the hyperparameters from
    which the best are chosen on held-out users; without any, the defaults are used.

    `films` are the MovieLens ids that can be recommended, int64 (films,), ascending; `like_counts`, float64 (films,),
    are their numbers of likes, by the weights of users, which are the scores of users without a history.
    """

    films: np.ndarray
    like_counts: np.ndarray
    candidates: ClassVar[Sequence[Mapping[str, Any]]] = ()

    def fit(self, ratings: pd.DataFrame, catalog: pd.DataFrame) -> Self:
        """Learn from `ratings` and return the model.

        `ratings` has `userId, movieId, rating` and optionally `timestamp` and `weight`, what a user counts.

        `catalog` has `movieId`, once each, and optionally `title, genres, year, overview, tags` and other
        metadata; exactly its films can be recommended. Raises CineMatchError for a catalog that is empty or
        repeats a film, and where no rating is of one of its films.
        """
        films = pd.to_numeric(catalog["movieId"]).to_numpy(dtype=np.int64)
        if not len(films) or len(np.unique(films)) < len(films):
            raise CineMatchError(f"the catalog must name one film or more, each once, got {len(films)} rows")
        order = np.argsort(films)
        self.films = films[order]
        # Nothing here refers to the interactions, so that a model can let go of them before its work is done.
        self._fit(self._interactions(ratings), catalog.iloc[order].reset_index(drop=True))
        return self

    def _interactions(self, ratings: pd.DataFrame) -> Interactions:
        """The ratings of the films, which are counted."""
        train = Interactions.from_ratings(ratings, self.films)
        if not train.ratings.nnz:
            raise CineMatchError(
                f"none of the {len(ratings)} ratings is of one of the catalog's {len(self.films)} films; "
                "give ratings and films of one data set"
            )
        self.like_counts = np.asarray(train.likes.power(2).sum(axis=0), dtype=np.float64).ravel()
        return train

    def recommend(
        self,
        histories: pd.DataFrame,
        k: int = 20,
        *,
        exclude_seen: bool = True,
        users: Sequence[int] | np.ndarray | None = None,
    ) -> pd.DataFrame:
        """The `k` highest-scoring films of each user, the best first: `userId, movieId, rank, score`.

        `histories` has `userId, movieId, rating` and optionally `timestamp`; ratings of films outside the
        catalog are ignored. `users` adds users without a history, who get the most liked films. With
        `exclude_seen`, every film that a user has rated is left out, so that a list may be shorter than `k`.
        Ties are ordered by film id. Raises CineMatchError if k is not between 1 and the number of films.
        """
        check_k(k, len(self.films))
        queries = Interactions.from_ratings(histories, self.films, users)
        size = max(1, _BATCH_SCORES // len(self.films))
        batches = (queries.slice(slice(start, start + size)) for start in range(0, len(queries), size))
        lists = [self._ranked(batch, k, exclude_seen) for batch in batches]
        return pd.concat([pd.DataFrame(columns=list(LIST_DTYPES)).astype(LIST_DTYPES), *lists], ignore_index=True)

    def scores(self, histories: pd.DataFrame, users: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """The score of each film for each user: float32 (users, films), both in ascending order of their ids."""
        return self._scores_or_likes(Interactions.from_ratings(histories, self.films, users))

    def scores_of_each(self, histories: pd.DataFrame, users: Sequence[int] | np.ndarray) -> Iterator[np.ndarray]:
        """The `scores` of each of `users`, float32 (films,), computed in batches; users may be without a history."""
        users = np.asarray(users, dtype=np.int64)
        size = max(1, _BATCH_SCORES // len(self.films))
        for batch in (users[start : start + size] for start in range(0, len(users), size)):
            scores = self.scores(histories[histories["userId"].isin(batch)], batch)
            yield from scores[np.searchsorted(np.unique(batch), batch)]

    def parameters(self) -> dict[str, Any]:
        """The hyperparameters by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    @abstractmethod
    def _fit(self, train: Interactions, catalog: pd.DataFrame) -> None:
        """Learn; the rows of `catalog` are in the order of `films`."""

    @abstractmethod
    def _scores(self, queries: Interactions) -> np.ndarray:
        """Scores, float32 (users, films). A constant row means that the model has no opinion on that user."""

    def item_matrix(self) -> np.ndarray | sparse.csr_matrix | None:
        """The weights B, float (films, films), of a model whose scores are X·B: row j is what liking film j adds.

        None where the model is not linear over items. Those that are can be served with explanations.
        """
        return None

    def _scores_or_likes(self, queries: Interactions) -> np.ndarray:
        scores = np.array(self._scores(queries), dtype=np.float32)
        if scores.shape != queries.ratings.shape or not np.isfinite(scores).all():
            kind = "finite" if scores.shape == queries.ratings.shape else f"of the shape {queries.ratings.shape}"
            raise CineMatchError(
                f"{type(self).__name__}._scores must return a score for each user and film, {kind}, got an array of "
                f"the shape {scores.shape} with {int((~np.isfinite(scores)).sum())} values that are not finite"
            )
        constant = scores.max(axis=1) == scores.min(axis=1)
        scores[constant] = self.like_counts.astype(np.float32)
        return scores

    def _ranked(self, queries: Interactions, k: int, exclude_seen: bool) -> pd.DataFrame:
        scores = self._scores_or_likes(queries)
        if exclude_seen:
            scores[queries.row_indices, queries.ratings.indices] = -np.inf
        columns = top_k_per_row(scores, k)
        values = np.take_along_axis(scores, columns, axis=1)
        kept = np.isfinite(values)
        row, rank = np.nonzero(kept)
        table = (queries.users[row], self.films[columns[kept]], rank + 1, values[kept].astype(np.float64))
        return pd.DataFrame(dict(zip(LIST_DTYPES, table, strict=True)))

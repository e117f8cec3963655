"""What every model that learns from ratings does, so that each is used, tested and compared in the same way."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.recommender.ranking import top_k_per_row

_AT_ONCE = 16_000_000  # scores held in memory


class Model(ABC):
    """Learns from ratings, recommends to users it has never seen.

    A model's parameters are the arguments of its constructor, kept under their names. Subclasses say what is
    learned (`_learn`) and how films are scored (`_scores`); ids, batches, exclusion and order are done here.
    """

    films: np.ndarray  # MovieLens ids, int64 (films,), ascending: what can be recommended
    general: np.ndarray  # float64 (films,): the number of likes, for histories that say nothing

    def fit(self, ratings: pd.DataFrame, catalog: pd.DataFrame) -> Self:
        """Learn from `ratings` (`userId, movieId, rating`, optionally `timestamp`); returns itself.

        `catalog` has `movieId` and whatever else is known of the films (`title, genres, year, overview, tags`
        and so on); its films, and no others, will be recommended. Raises CineMatchError.
        """
        films = pd.to_numeric(catalog["movieId"]).to_numpy(dtype=np.int64)
        if not len(films) or len(np.unique(films)) < len(films):
            raise CineMatchError(f"the catalog must name one film or more, each once, got {len(films)} rows")
        order = np.argsort(films)
        self.films = films[order]
        learned = Interactions.of(ratings, self.films)
        if not learned.stars.nnz:
            raise CineMatchError(
                f"none of the {len(ratings)} ratings is of one of the catalog's {len(films)} films; "
                "give ratings and films of one data set"
            )
        self.general = np.asarray(learned.likes.sum(axis=0), dtype=np.float64).ravel()
        self._learn(learned, catalog.iloc[order].reset_index(drop=True))
        return self

    def recommend(
        self, histories: pd.DataFrame, k: int = 20, *, exclude_seen: bool = True, users: Sequence[int] | None = None
    ) -> pd.DataFrame:
        """The `k` best films for each user, the best first: `userId, movieId, rank, score`.

        `histories` has `userId, movieId, rating` and, where known, `timestamp`; films that the catalog lacks
        say nothing. Users are those of `histories` and of `users`, which may name some without any history:
        they get what people like in general. With `exclude_seen`, films in a user's history, however rated,
        are left out (then there may be fewer than `k`). Films of equal score are in the order of their ids.
        Raises CineMatchError when k is not between 1 and the number of films.
        """
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= len(self.films):
            raise CineMatchError(f"k must be between 1 and {len(self.films)} (the number of films), got {k!r}")
        asked = Interactions.of(histories, self.films, users)
        step = max(1, _AT_ONCE // len(self.films))
        parts = [self._ranked(asked.part(slice(at, at + step)), k, exclude_seen) for at in range(0, len(asked), step)]
        if not parts:
            return pd.DataFrame(
                {name: np.zeros(0, dtype) for name, dtype in zip(_COLUMNS, ("i8", "i8", "i8", "f8"), strict=True)}
            )
        return pd.concat(parts, ignore_index=True)

    def scores(self, histories: pd.DataFrame, users: Sequence[int] | None = None) -> np.ndarray:
        """Each user's score of each film, float32 (users, films); users ascending, films in the order of `films`."""
        return self._filled(Interactions.of(histories, self.films, users))

    @abstractmethod
    def _learn(self, learned: Interactions, catalog: pd.DataFrame) -> None:
        """Learn; the rows of `catalog` are in the order of `films`."""

    @abstractmethod
    def _scores(self, asked: Interactions) -> np.ndarray:
        """Scores, float32 (users, films). A row without any difference stands for "nothing to say"."""

    def _filled(self, asked: Interactions) -> np.ndarray:
        scores = np.array(self._scores(asked), dtype=np.float32)
        mute = scores.max(axis=1) == scores.min(axis=1)
        scores[mute] = self.general.astype(np.float32)
        return scores

    def _ranked(self, asked: Interactions, k: int, exclude_seen: bool) -> pd.DataFrame:
        scores = self._filled(asked)
        if exclude_seen:
            scores[np.repeat(np.arange(len(asked)), np.diff(asked.stars.indptr)), asked.stars.indices] = -np.inf
        at = top_k_per_row(scores, k)
        values = np.take_along_axis(scores, at, axis=1)
        left = np.isfinite(values)
        row, rank = np.nonzero(left)
        made = (asked.users[row], self.films[at[left]], rank + 1, values[left].astype(np.float64))
        return pd.DataFrame(dict(zip(_COLUMNS, made, strict=True)))

    def parameters(self) -> dict[str, Any]:
        """The model's parameters by name."""
        return {name: value for name, value in vars(self).items() if name in type(self).__init__.__code__.co_varnames}


_COLUMNS = ("userId", "movieId", "rank", "score")

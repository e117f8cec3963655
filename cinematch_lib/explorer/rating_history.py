"""The ratings of a data set by film: how they changed over the years, and what those who like a film also like."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.data.movielens import read_ratings
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.rating_weights import LIKED

_FIRST_YEAR = 1990  # MovieLens has no older ratings, and `judge_ratings` leaves them out
_YEARS = 64
_LEAST = 3  # people who like both films; fewer are chance


@dataclass(frozen=True)
class YearOfRatings:
    """The ratings that a film was given in a year: their number, and their mean in stars."""

    year: int
    ratings: int
    mean: float


@dataclass(frozen=True)
class AlsoLiked:
    """A film that people like who like another one: their share, and that of all people with likes."""

    movie_id: int
    share: float
    share_of_all: float


@dataclass(frozen=True)
class RatingHistory:
    """The ratings of a data set.

    `movie_ids`, int64 (films,), are the films with ratings, ascending. `likes`, CSR bool (users, films), and `likers`,
    its transpose, are those of 4 stars or more. `counts`, int64 (films, years), and `sums`, float64, of stars, are by
    year from 1990; both None where times are unknown.
    """

    movie_ids: np.ndarray
    likes: sparse.csr_matrix
    likers: sparse.csr_matrix
    counts: np.ndarray | None
    sums: np.ndarray | None

    @classmethod
    def read(cls, folder: Path) -> "RatingHistory | None":
        """The ratings of a data set's folder; None without ratings. Raises CineMatchError as `read_ratings` does."""
        ratings = read_ratings(folder)
        return None if ratings is None else cls.of(ratings)

    @classmethod
    def of(cls, ratings: pd.DataFrame) -> "RatingHistory":
        """From a table `userId, movieId, rating`, and maybe `timestamp` (seconds since 1970)."""
        ids, film = np.unique(ratings["movieId"].to_numpy(), return_inverse=True)
        stars = ratings["rating"].to_numpy()
        liked = stars >= LIKED
        users, user = np.unique(ratings["userId"].to_numpy()[liked], return_inverse=True)
        entries = np.ones(len(user), dtype=bool)
        likes = sparse.csr_matrix((entries, (user, film[liked])), (len(users), len(ids)))
        counts = sums = None
        if "timestamp" in ratings:
            year = ratings["timestamp"].to_numpy().astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64)
            cell, cells = film * _YEARS + np.clip(year + 1970 - _FIRST_YEAR, 0, _YEARS - 1), len(ids) * _YEARS
            counts = np.bincount(cell, minlength=cells).reshape(len(ids), _YEARS)
            sums = np.bincount(cell, stars.astype(np.float64), minlength=cells).reshape(len(ids), _YEARS)
        return cls(ids.astype(np.int64), likes, likes.T.tocsr(), counts, sums)

    def by_year(self, movie_id: int) -> list[YearOfRatings]:
        """The years from the first to the last rating of a film, those without ratings with a mean of 0."""
        if (row := self._row(movie_id)) is None or self.counts is None or self.sums is None:
            return []
        counts, sums = self.counts[row].tolist(), self.sums[row].tolist()
        rated = [at for at, count in enumerate(counts) if count]
        years = range(rated[0], rated[-1] + 1)
        return [YearOfRatings(_FIRST_YEAR + at, counts[at], sums[at] / max(counts[at], 1)) for at in years]

    def stars(self, movie_id: int) -> tuple[int, float] | None:
        """The number of ratings of a film and their mean in stars; None without ratings or times."""
        years = self.by_year(movie_id)
        total = sum(one.ratings for one in years)
        return (total, sum(one.ratings * one.mean for one in years) / total) if total else None

    def likers_of(self, movie_id: int) -> int:
        """The number of people who like a film."""
        row = self._row(movie_id)
        return 0 if row is None else int(self.likers.indptr[row + 1] - self.likers.indptr[row])

    def also_liked(self, movie_id: int, k: int) -> Sequence[AlsoLiked]:
        """The `k` films that most people like together with this one, relative to how many like each.

        Films are ranked by the cosine of their likes, |A ∩ B| / √(|A| · |B|), as item-based neighbours are.
        """
        if not (people := self.likers_of(movie_id)):
            return []
        row = self._row(movie_id)
        both = np.bincount(self.likes[self.likers[row].indices].indices, minlength=len(self.movie_ids))
        all_likes = np.diff(self.likers.indptr)
        cosine = np.where(both >= _LEAST, both / np.sqrt(np.maximum(all_likes, 1)), -np.inf)
        cosine[row] = -np.inf
        return [
            AlsoLiked(int(self.movie_ids[at]), both[at] / people, all_likes[at] / self.likes.shape[0])
            for at in top_k(cosine, k).tolist()
        ]

    def _row(self, movie_id: int) -> int | None:
        row = int(self.movie_ids.searchsorted(movie_id))
        return row if row < len(self.movie_ids) and self.movie_ids[row] == movie_id else None

"""Lists for all users of a table of ratings, as arrays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from numbers import Integral, Real
from os import cpu_count
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.batch import BatchScorer, is_scored
from cinematch_lib.recommender.film_tiles import BLOCK
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.histories import Histories
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.rating_weights import LIKED, low_rating_factors, rating_weight
from cinematch_lib.vocabulary.rating_scale import HIGHEST_STARS, LOWEST_STARS

_List = tuple[np.ndarray, np.ndarray]  # rows of films, the best first, and their scores


class RatedLists(NamedTuple):
    """Recommendations as columns: int64 `userId, movieId, rank` and float64 `score`; users ascending, ranks from 1."""

    userId: np.ndarray
    movieId: np.ndarray
    rank: np.ndarray
    score: np.ndarray


def rated_lists(
    films: FilmTable,
    batch: BatchScorer | None,
    alone: Callable[[Preferences], _List],
    table: tuple[np.ndarray, np.ndarray, np.ndarray],
    k: int,
    filters: Preferences,
    threads: int | None,
) -> RatedLists:
    """The lists of `Recommender.recommend_ratings`; `alone` makes that of one user whom `batch` cannot score."""
    if known := [*filters.liked, *filters.disliked, *filters.watched]:
        raise CineMatchError(
            f"filters must not say what people know, got film {known[0]}; add a row for each user to the table instead"
        )
    if filters.times:
        raise CineMatchError(
            f"filters must not say when something was said, got the time of film {next(iter(filters.times))}; "
            "for times, call recommend_many with the Preferences of each user"
        )
    users, ratings = _user_item_matrix(films, *table)
    together = batch if is_scored(filters) else None
    outside = np.ones(len(films), dtype=bool)
    outside[films.filter(filters).rows] = False
    named, several = np.array(films.rows(filters.excluded), dtype=np.int64), films.duplicates.rows
    outside[named] = True
    without, allowed = np.flatnonzero(outside), several[~outside[several]]

    def excluded(known: np.ndarray) -> np.ndarray:
        repeated = films.duplicates.excluded(np.concatenate([named, known]), allowed)
        return np.concatenate([without, known, repeated])

    def of_block(start: int) -> list[_List]:
        rows = ratings[start : start + BLOCK]
        found: dict[int, _List] = {}
        if together is not None:
            of_users = [excluded(known) for known in np.split(rows.indices, rows.indptr[1:-1])]
            found = together.best(_histories(rows), of_users, k)
        return [
            found[at] if at in found else alone(_preferences(films, filters, rows[[at]])) for at in range(rows.shape[0])
        ]

    with thread_pool(threads) as pool:
        lists = [one for block in pool.map(of_block, range(0, len(users), BLOCK)) for one in block]
    lengths = [len(rows) for rows, _ in lists]
    of_films = np.concatenate([np.zeros(0, dtype=np.int64), *(rows for rows, _ in lists)])
    ranks = np.concatenate([np.zeros(0, dtype=np.int64), *(np.arange(1, length + 1) for length in lengths)])
    scores = np.concatenate([np.zeros(0), *(values for _, values in lists)])
    return RatedLists(np.repeat(users, lengths), films.ids[of_films], ranks, scores)


def thread_pool(threads: int | None) -> ThreadPoolExecutor:
    """So many threads; one a processor for None. Raises CineMatchError for what is no number of threads."""
    if threads is not None and not (isinstance(threads, Integral) and not isinstance(threads, bool) and threads >= 1):
        raise CineMatchError(
            f"threads must be a whole number from 1 up, got {threads!r}; leave it out for one thread a processor"
        )
    return ThreadPoolExecutor((cpu_count() or 1) if threads is None else int(threads))


def rating_columns(users: Any, movie_ids: Any, ratings: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The columns of a table of ratings: int64 (n,) twice, and float64 (n,). Raises CineMatchError for other values."""
    try:
        stars = np.asarray(ratings, dtype=np.float64)
    except (TypeError, ValueError):
        raise CineMatchError(f"ratings must be numbers of stars, from 0.5 to 5, got {_example(ratings)}") from None
    users = _whole_numbers("users", users, "number the users, as pandas.factorize does")
    movie_ids = _whole_numbers(
        "movie_ids", movie_ids, "give MovieLens ids; that of a title is recommender.find(title).movie_id"
    )
    for name, column in (("users", users), ("movie_ids", movie_ids), ("ratings", stars)):
        if column.ndim != 1:
            raise CineMatchError(f"{name} must be a flat list, got one of the shape {column.shape}")
    return users, movie_ids, stars


def _whole_numbers(name: str, values: Any, remedy: str) -> np.ndarray:
    column = np.asarray(values)
    if column.dtype.kind in "iuf":
        wrong = column[~(np.isfinite(column) & (column == np.floor(column)))]
        if not len(wrong):
            return column.astype(np.int64)
        values = wrong
    raise CineMatchError(f"{name} must be whole numbers, got {_example(values)}; {remedy}")


def _example(values: Any) -> str:
    """The first of some values that is no number, or the first one."""
    flat = np.asarray(values, dtype=object).ravel().tolist()
    return repr(next((one for one in flat if not isinstance(one, Real)), flat[0] if flat else values))


def _user_item_matrix(
    films: FilmTable, users: np.ndarray, movie_ids: np.ndarray, stars: np.ndarray
) -> tuple[np.ndarray, sparse.csr_matrix]:
    """The users, int64 ascending, and their stars, CSR float32 (users, films); of repeated ratings the last."""
    if not len(users) == len(movie_ids) == len(stars):
        raise CineMatchError(
            f"users, movie_ids and ratings must be of one length, got {len(users)}, {len(movie_ids)} and {len(stars)}"
        )
    wrong = ~((stars >= LOWEST_STARS) & (stars <= HIGHEST_STARS))
    if wrong.any():
        raise CineMatchError(
            f"a rating must be from {LOWEST_STARS} to {HIGHEST_STARS:g} stars, got {stars[wrong][0]} for "
            f"{movie_ids[wrong][0]}"
        )
    names, user = np.unique(users, return_inverse=True)
    row = np.minimum(films.ids.searchsorted(movie_ids), len(films) - 1)
    known = films.ids[row] == movie_ids
    position = (user * len(films) + row)[known]
    order = np.argsort(position, kind="stable")
    position = position[order]
    order = order[np.append(np.diff(position) > 0, np.full(min(len(position), 1), True))]
    user, row, values = user[known][order], row[known][order], stars[known][order].astype(np.float32)
    indptr = np.searchsorted(user, np.arange(len(names) + 1))
    return names, sparse.csr_matrix((values, row, indptr), shape=(len(names), len(films)))


def _histories(stars: sparse.csr_matrix) -> Histories:
    weights, liked = stars.copy(), stars.copy()
    n_known = np.diff(stars.indptr).astype(np.int64)
    highest = stars.max(axis=1).toarray().ravel().repeat(n_known)
    factors = low_rating_factors(stars.data, n_known.repeat(n_known), highest)
    weights.data = (rating_weight(stars.data) * factors).astype(np.float32)
    liked.data = (stars.data >= LIKED).astype(np.float32)
    liked.eliminate_zeros()
    nothing = sparse.csr_matrix(stars.shape, dtype=np.float32)
    return Histories(weights, liked, nothing, n_known)


def _preferences(films: FilmTable, filters: Preferences, stars: sparse.csr_matrix) -> Preferences:
    ids = films.ids[stars.indices].tolist()
    return replace(filters, ratings=dict(zip(ids, stars.data.tolist(), strict=True)))

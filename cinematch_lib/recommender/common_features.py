"""The features that films have in common with the films that somebody likes or dislikes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cinematch_lib.artifacts.sparse_rows import SparseRows, entries_of

_DENSE_PARTS = 128  # made dense at once, which bounds the memory for users with long histories


class Owners(NamedTuple):
    """Whose films and seed items they are: each film is compared with the seed items of its own person alone.

    `of_film`, int64 (films,), and `of_seed`, int64 (seed items,), are the numbers of people; `parts`, int64 (seed
    items,), are numbers that tell the seed items of one person from each other.
    """

    of_film: np.ndarray
    of_seed: np.ndarray
    parts: np.ndarray


class CommonFeatures:
    """Products of the features of some films with those of some seed items.

    The seed items are made dense for it, with no other columns than the films have.

    Parameters
    ----------
    films, seeds : the features, rows of matrices with the same columns.
    first_columns : int64 (columns,), the first column that stands for the same feature as a column does.
    owners : whose they are; None where all are of one person, and the parts are the numbers of the seed items.

    """

    def __init__(
        self, films: SparseRows, seeds: SparseRows, first_columns: np.ndarray, owners: Owners | None = None
    ) -> None:
        film, width, n_people = films.row_numbers, len(first_columns), 1
        of_films, of_seeds, seed_parts = films.columns, seeds.columns, seeds.row_numbers
        if owners is not None:  # the columns of each person follow those of the one before
            n_people = 1 + int(max(owners.of_film.max(initial=0), owners.of_seed.max(initial=0)))
            of_films = of_films + width * owners.of_film.take(film)
            of_seeds = of_seeds + width * owners.of_seed.take(seed_parts)
            seed_parts = owners.parts.take(seed_parts)
        self._n_parts = len(seeds.lengths) if owners is None else int(owners.parts.max(initial=-1)) + 1
        # A row of the dense matrix for each column that the films have; row 0, which is not read, for all others.
        row = np.zeros(n_people * width, dtype=np.intp)
        row[of_films] = np.arange(1, len(of_films) + 1)
        self._n_rows, film_rows = len(of_films) + 1, row.take(of_films)
        self._seed_rows, self._seed_parts, self._seed_values = row.take(of_seeds), seed_parts, seeds.values
        # The entries of the films that seed items of their person have, too; those of one feature side by side.
        is_shared = np.zeros(self._n_rows, dtype=bool)
        is_shared[self._seed_rows] = True
        (shared,) = is_shared.take(film_rows).nonzero()
        film, feature = film.take(shared), first_columns.take(films.columns.take(shared))
        order = (film * width + feature).argsort(kind="stable")
        shared = shared.take(order)
        self._lengths = np.bincount(film, minlength=len(films.lengths))
        self._starts = self._lengths.cumsum() - self._lengths
        self._features, self._rows = feature.take(order), film_rows.take(shared)
        self._values = films.values.take(shared).astype(np.float64)
        self._few = self._dense(np.arange(self._n_parts)) if self._n_parts <= _DENSE_PARTS else None

    def _dense(self, parts: np.ndarray) -> np.ndarray:
        """The columns of some parts, int64 (n,) ascending: float64 (rows of the dense matrix, n)."""
        dense = np.zeros((self._n_rows, len(parts)))
        if len(parts) == self._n_parts:
            dense[self._seed_rows, self._seed_parts] = self._seed_values
            return dense
        place = np.full(self._n_parts, -1)
        place[parts] = np.arange(len(parts))
        (entries,) = (place.take(self._seed_parts) >= 0).nonzero()
        dense[self._seed_rows[entries], place.take(self._seed_parts[entries])] = self._seed_values[entries]
        return dense

    def products(self) -> np.ndarray:
        """The inner product of each film with each part, 0 where its person has no such: float64 (films, parts)."""
        if self._few is not None:
            return self._products(self._few)
        starts = range(0, self._n_parts, _DENSE_PARTS)
        blocks = [np.arange(start, min(start + _DENSE_PARTS, self._n_parts)) for start in starts]
        return np.hstack([self._products(self._dense(block)) for block in blocks])

    def _products(self, dense: np.ndarray) -> np.ndarray:
        entries = dense.take(self._rows, axis=0)
        entries *= self._values[:, None]
        products = np.zeros((len(self._lengths), dense.shape[1]))
        (known,) = self._lengths.nonzero()  # films that share nothing have no entries to add up
        if len(known):
            products[known] = np.add.reduceat(entries, self._starts[known], axis=0)
        return products

    def largest(self, films: Sequence[int], parts: Sequence[int], least: float) -> list[list[int]]:
        """The features of pairs of a film and a part that each make up a share `least` of their product, > 0.

        The films are given by their numbers, and a feature is named by its first column. Those that add most come
        first.
        """
        of_film, of_part = np.array(films, dtype=np.int64), np.array(parts, dtype=np.int64)
        dense = self._few
        if dense is None:
            chosen, of_part = np.unique(of_part, return_inverse=True)
            dense = self._dense(chosen)
        lengths = self._lengths.take(of_film)
        entries = entries_of(self._starts.take(of_film), lengths)
        pair = np.arange(len(films)).repeat(lengths)
        products = self._values.take(entries) * dense[self._rows.take(entries), of_part.take(pair)]
        (shared,) = products.nonzero()
        pair, feature = pair[shared], self._features.take(entries[shared])
        is_first = np.ones(len(pair), dtype=bool)
        is_first[1:] = (pair[1:] != pair[:-1]) | (feature[1:] != feature[:-1])
        (starts,) = is_first.nonzero()
        found: list[list[int]] = [[] for _ in films]
        if not len(starts):
            return found
        values = np.add.reduceat(products[shared], starts)  # of columns of one feature together
        pair, feature = pair[starts], feature[starts]
        totals = np.bincount(pair, values, minlength=len(films))
        (large,) = (values >= least * totals[pair]).nonzero()
        large = large[np.lexsort((-values[large], pair[large]))]
        for number, first_column in zip(pair[large].tolist(), feature[large].tolist(), strict=True):
            found[number].append(first_column)
        return found

"""The features that films have in common with the films that somebody likes or dislikes."""

from collections.abc import Sequence

import numpy as np

from cinematch_lib.artifacts.sparse_rows import SparseRows

_DENSE_SEEDS = 128  # made dense at once, which bounds the memory for users with long histories


class CommonFeatures:
    """Products of the features of some films with those of some seed items.

    Both are made dense for it, with no other columns than the films have.

    Parameters
    ----------
    films, seeds : the features, rows of matrices with the same columns.
    first_columns : int64 (columns,), the first column that stands for the same feature as a column does.

    """

    def __init__(self, films: SparseRows, seeds: SparseRows, first_columns: np.ndarray) -> None:
        used = np.zeros(len(first_columns), dtype=bool)
        used[films.columns] = True
        columns = np.flatnonzero(used)
        columns = columns[first_columns[columns].argsort(kind="stable")]  # those of one feature side by side
        self._features = first_columns[columns]
        self._number = np.full(len(first_columns), len(columns))  # of a column that no film has, one more, which is 0
        self._number[columns] = np.arange(len(columns))
        self._films, self._seeds = self._dense(films), seeds
        self._few = self._dense(seeds) if len(seeds.lengths) <= _DENSE_SEEDS else None

    def _dense(self, rows: SparseRows) -> np.ndarray:
        """The films' columns of some rows, and one for all others: float64 (rows, columns + 1)."""
        dense = np.zeros((len(rows.lengths), len(self._features) + 1))
        dense[rows.row_numbers, self._number[rows.columns]] = rows.values
        return dense

    def _dense_seeds(self, seeds: Sequence[int]) -> np.ndarray:
        return self._dense(self._seeds.part(seeds)) if self._few is None else self._few[seeds]

    def products(self) -> np.ndarray:
        """The inner product of each film with each seed item: float64 (films, seed items)."""
        if self._few is not None:
            products: np.ndarray = self._films @ self._few.T
            return products
        numbers, most = range(len(self._seeds.lengths)), _DENSE_SEEDS
        blocks = [numbers[first : first + most] for first in range(0, len(numbers), most)]
        return np.hstack([self._films @ self._dense_seeds(block).T for block in blocks])

    def largest(self, films: Sequence[int], seeds: Sequence[int], least: float) -> list[list[int]]:
        """The features of pairs of a film and a seed item that each make up a share `least` of their product, > 0.

        The films and the seed items are given by their numbers, and a feature is named by its first column. Those that
        add most come first.
        """
        chosen = list(dict.fromkeys(seeds))
        place = {seed: at for at, seed in enumerate(chosen)}
        of_seeds = self._dense_seeds(chosen).take([place[seed] for seed in seeds], axis=0)
        products = self._films.take(films, axis=0) * of_seeds
        (shared,) = (products.ravel() != 0).nonzero()
        pair, column = np.divmod(shared, products.shape[1])
        feature = self._features[column]
        is_first = np.ones(len(pair), dtype=bool)
        is_first[1:] = (pair[1:] != pair[:-1]) | (feature[1:] != feature[:-1])
        (starts,) = is_first.nonzero()
        values = np.add.reduceat(products.ravel()[shared], starts)  # of columns of one feature together
        pair, feature = pair[starts], feature[starts]
        (large,) = (values >= least * products.sum(axis=1)[pair]).nonzero()
        large = large[np.lexsort((-values[large], pair[large]))]
        found: list[list[int]] = [[] for _ in films]
        for number, first_column in zip(pair[large].tolist(), feature[large].tolist(), strict=True):
            found[number].append(first_column)
        return found

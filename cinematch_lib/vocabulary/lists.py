"""Lists of names inside a column, and the rows that have each name."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

LIST_SEPARATOR = "|"


def multi_hot(joined: Sequence[str]) -> dict[str, np.ndarray]:
    """The multi-hot encoding of ``|``-joined lists: for each name the rows that have it, bool (rows,).

    >>> {name: has.tolist() for name, has in multi_hot(["crime|drama", "", "drama"]).items()}
    {'crime': [True, False, False], 'drama': [True, False, True]}
    """
    patterns: dict[str, list[int]] = {}
    for row, names in enumerate(joined):
        patterns.setdefault(names, []).append(row)
    encoded: dict[str, np.ndarray] = {}
    for names, rows in patterns.items():
        for name in names.split(LIST_SEPARATOR) if names else ():
            encoded.setdefault(name, np.zeros(len(joined), dtype=bool))[rows] = True
    return encoded


def any_of(encoded: Mapping[str, np.ndarray], names: Iterable[str], rows: int) -> np.ndarray:
    """The rows that have at least one of `names`, bool (rows,); a name that no row has is ignored.

    >>> any_of(multi_hot(["crime|drama", "", "drama"]), ["crime", "war"], 3).tolist()
    [True, False, False]
    """
    found = np.zeros(rows, dtype=bool)
    for name in names:
        if name in encoded:
            found |= encoded[name]
    return found

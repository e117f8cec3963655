"""Lists inside a column, turned round: for each name, which rows have it."""

from collections.abc import Sequence

import numpy as np

LIST_SEPARATOR = "|"


def multi_hot(joined: Sequence[str]) -> dict[str, np.ndarray]:
    """For each name in the ``|``-joined lists, which rows have it: bool (rows,).

    >>> {name: has.tolist() for name, has in multi_hot(["crime|drama", "", "drama"]).items()}
    {'crime': [True, False, False], 'drama': [True, False, True]}
    """
    patterns: dict[str, list[int]] = {}
    for row, names in enumerate(joined):
        patterns.setdefault(names, []).append(row)
    held: dict[str, np.ndarray] = {}
    for names, rows in patterns.items():
        for name in names.split(LIST_SEPARATOR) if names else ():
            held.setdefault(name, np.zeros(len(joined), dtype=bool))[rows] = True
    return held

"""Lists of names inside a column, and the rows that have each name."""

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

LIST_SEPARATOR = "|"
# What programs and people write for nothing, in lower case.
FILLERS = (
    *("nan", "null", "none", "n/a", "na", "<na>", "[]", "{}", "-", "--", "?", "\\n"),
    *("undefined", "unknown", "tba", "tbd"),
)

# The value of a key "name" in an object written as JSON or as a literal of Python.
_NAMED = re.compile(r"""['"]name['"]\s*:\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")


def listed_names(text: str) -> list[str]:
    r"""The names in a list of objects or of texts, written as JSON or as a literal of Python.

    >>> listed_names("[{'id': 80, 'name': 'Crime'}, {'id': 18, 'name': \"Ocean's\"}]"), listed_names('["a", "b"]')
    (['Crime', "Ocean's"], ['a', 'b'])
    """
    return [_unquoted(one) for one in (_NAMED.findall(text) or ([] if "{" in text else _QUOTED.findall(text)))]


def _unquoted(quoted: str) -> str:
    try:
        return str(json.loads(quoted) if quoted[0] == '"' else ast.literal_eval(quoted)).strip()
    except (ValueError, SyntaxError):
        return quoted[1:-1].strip()


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

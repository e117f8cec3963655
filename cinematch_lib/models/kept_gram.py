"""The Gram matrices of a training matrix, kept in a file and updated where only new users came."""

import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.array_file import UNREADABLE, read_arrays, write_each
from cinematch_lib.models.gram import gram
from cinematch_lib.models.training_matrix import TrainingMatrix
from cinematch_lib.models.training_products import TrainingProducts, session_gram
from cinematch_lib.storage.files import atomic_write, map_file

_LOG = logging.getLogger(__name__)
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)  # odd, of xxHash


class KeptGram(NamedTuple):
    """XᵀX of histories and of sessions, float32 (columns, columns) each, the latter (0, 0) without sessions.

    `films`, int64, are the movieIds of the film columns, and `years`, float64, those of the year columns; `users`,
    int64 ascending, are the users of the rows, and `digests`, uint64 (users,), tell whether their rows are the same.
    """

    films: np.ndarray
    years: np.ndarray
    users: np.ndarray
    digests: np.ndarray
    histories: np.ndarray
    sessions: np.ndarray


def kept_gram(path: Path, matrix: TrainingMatrix, films: np.ndarray, users: np.ndarray) -> tuple[TrainingProducts, str]:
    """The Gram matrices of `matrix`, whose rows are of `users`, and how they came about; they are kept in the file.

    If the file holds those of the same columns and of some of the same users with the same rows, the products of the
    rows of the others are added, which is the same up to rounding; else they are made anew.
    """
    years, digests = matrix.year_features.years, _digests(matrix)
    before, note = _read(path)
    is_new = np.ones(len(users), dtype=bool)
    if before is not None:
        note = _obstacle(before, films, years, users, digests)
        if note:
            before = None
        else:
            is_new = ~np.isin(users, before.users)
    if before is None:
        note = f"the Gram matrix was made anew: {note}"
    else:
        note = f"the Gram matrix was updated by the rows of {int(is_new.sum()):,} new users of {len(users):,}"
    _LOG.info(note)
    described = {"films": films, "years": years, "users": users, "digests": digests}
    with atomic_write(path) as part, part.open("wb") as file:
        write_each(file, chain(described.items(), _products(matrix, is_new, before)))
    del before
    # Read by two maps, so that the pages of the first matrix are given back before those of the second are read.
    histories, sessions = (KeptGram(**read_arrays(map_file(path))) for _ in range(2))
    return TrainingProducts(histories.histories, sessions.sessions.copy), note


def _products(matrix: TrainingMatrix, rows: np.ndarray, before: KeptGram | None) -> Iterator[tuple[str, np.ndarray]]:
    """The Gram matrices of the rows of some users, bool (users,), added to those before: one after the other."""
    histories = gram(sparse.csr_matrix(matrix.histories[rows]))
    if before is not None:
        histories += before.histories
    yield "histories", histories
    del histories
    theirs = None if matrix.sessions is None else sparse.csr_matrix(matrix.sessions[rows[matrix.session_users]])
    sessions = session_gram(theirs)
    if before is not None:
        sessions += before.sessions
    yield "sessions", sessions


def _read(path: Path) -> tuple[KeptGram | None, str]:
    if not path.is_file():
        return None, "none was kept before"
    try:
        return KeptGram(**read_arrays(map_file(path))), ""
    except UNREADABLE:
        return None, f"{path.name} could not be read"


def _obstacle(before: KeptGram, films: np.ndarray, years: np.ndarray, users: np.ndarray, digests: np.ndarray) -> str:
    """Why the matrix cannot be updated; empty if it can."""
    if not np.array_equal(before.films, films):
        return "other films have weights"
    if not np.array_equal(before.years, years):
        return "the ratings span other years"
    at = np.minimum(np.searchsorted(users, before.users), len(users) - 1)
    if not np.array_equal(users[at], before.users):
        return "users are gone"
    if not np.array_equal(digests[at], before.digests):
        return "ratings of earlier users changed"
    return ""


def _digests(matrix: TrainingMatrix) -> np.ndarray:
    """A number for the rows of each user, histories and sessions: uint64 (users,)."""
    users = len(matrix.histories.indptr) - 1
    total = _row_digests(matrix.histories)
    if matrix.sessions is not None and len(matrix.session_users):
        first = np.searchsorted(matrix.session_users, matrix.session_users)
        number = (np.arange(len(first)) - first + 2).astype(np.uint64)  # of each session among those of its user
        np.add.at(total, matrix.session_users, _mixed(_row_digests(matrix.sessions) * number))
    assert len(total) == users
    return total


def _row_digests(X: sparse.csr_matrix) -> np.ndarray:
    """The sum of a hash of the entries of each row: uint64 (rows,)."""
    bits = np.asarray(X.data, dtype=np.float32).view(np.uint32).astype(np.uint64)
    entries = _mixed(X.indices.astype(np.uint64) * _FACTORS[0] + bits * _FACTORS[1] + np.uint64(1))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(entries, dtype=np.uint64)])
    digests: np.ndarray = sums[X.indptr[1:]] - sums[X.indptr[:-1]]
    return digests


def _mixed(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(31))) * _FACTORS[2]
    mixed: np.ndarray = values ^ (values >> np.uint64(29))
    return mixed

"""An approximate inverse of a regularized Gram matrix whose exact inverse does not fit into memory."""

import logging
from collections.abc import Iterator

import numpy as np
from scipy import sparse
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils.extmath import randomized_svd

from cinematch_lib.models.gram import column_squares, gram, gram_bytes
from cinematch_lib.models.positive_definite import inverse
from cinematch_lib.models.triangle import symmetrize

_MOST_GROUPED = 4096  # columns of a group
_KEPT = 500  # entries of each row of the tail
_DIMENSIONS = 32  # in which columns are compared to form groups
_BLOCK = 512  # columns worked on at once
_LOG = logging.getLogger(__name__)


class GroupedInverse:
    """P ≈ (XᵀX + Λ)⁻¹ for a sparse X, float32 (rows, columns), and a diagonal Λ > 0, a number or float (columns,).

    The `head` columns of the largest norms are the head; the others, the tail, form groups of similar columns. P is
    the inverse of the matrix that agrees with A = XᵀX + Λ within the head, within each group and between head and
    tail, and whose groups are independent of each other given the head: the partially independent conditional
    approximation of Snelson and Ghahramani 2007 ("Local and global sparse Gaussian process approximations"). For the
    head H and each group g,

        B_g = A_HH⁻¹ A_Hg    W_g = (A_gg − A_gH B_g)⁻¹
        P_gg = W_g    P_Hg = −B_g W_g    P_HH = A_HH⁻¹ + Σ_g B_g W_g B_gᵀ

    and P is 0 between two groups. It is positive definite, and exact where all of the tail is one group. Of each row of
    the tail, the entries with the largest |P_ij| · √A_jj are stored. The interface is that of `RidgeInverse`; memory
    is that of `grouped_bytes`.
    """

    def __init__(self, X: sparse.csr_matrix, regularization: float | np.ndarray, head: int) -> None:
        columns = X.shape[1]
        penalty = np.broadcast_to(np.asarray(regularization, dtype=np.float64), (columns,)).astype(np.float32)
        squares = column_squares(X)
        order = np.argsort(-squares, kind="stable")
        self._head, tail = np.sort(order[:head]), np.sort(order[head:])
        in_head, in_tail = sparse.csr_matrix(X[:, self._head]), sparse.csr_matrix(X[:, tail].T)
        matrix = gram(in_head)
        groups = _groups(_coordinates(matrix, in_head, in_tail), group_size(head, columns))
        matrix[np.diag_indices_from(matrix)] += penalty[self._head]
        core = inverse(matrix)  # A_HH⁻¹
        self._corner = core.copy()  # P_HH, once all groups are added
        self._norms = np.sqrt(squares + penalty).astype(np.float32)
        rows = []
        for number, group in enumerate(groups, 1):
            _LOG.info("inverse beyond %s columns: group %d of %d", f"{head:,}", number, len(groups))
            rows.append(self._add_group(in_head, in_tail[group], tail[group], penalty[tail[group]], core))
        del core, in_head, in_tail
        symmetrize(self._corner)
        self._tail = tail[np.concatenate(groups)]
        self._tail_rows = sparse.vstack(rows, format="csr")  # (tail, columns)
        self._head_tail = sparse.csr_matrix(self._tail_rows[:, self._head].T)  # P_HT, (head, tail)
        self._place = np.empty(columns, dtype=np.int64)  # of a column in the head or in the tail
        self._place[self._head], self._place[self._tail] = np.arange(head), np.arange(len(self._tail))
        self._is_head = np.isin(np.arange(columns), self._head)
        self.diagonal = np.empty(columns, dtype=np.float32)
        self.diagonal[self._head] = self._corner.diagonal()
        self.diagonal[self._tail] = self._tail_rows[np.arange(len(self._tail)), self._tail]

    def product(self, left: sparse.csr_matrix) -> np.ndarray:
        """``left @ P`` for a sparse `left`, (n, columns): float32 (n, columns)."""
        left = sparse.csr_matrix(left)
        made = np.empty(left.shape, dtype=np.float32)
        made[:, self._head] = left[:, self._head] @ self._corner
        made[:, self._head] += (left[:, self._tail] @ self._head_tail.T).toarray()
        made[:, self._tail] = (left @ self._tail_rows.T).toarray()
        return made

    def rows(self, at: slice) -> np.ndarray:
        """The rows `at` of P: float32 (rows, columns)."""
        columns = np.arange(len(self.diagonal))[at]
        is_head, place = self._is_head[columns], self._place[columns]
        made = np.zeros((len(columns), len(self.diagonal)), dtype=np.float32)
        made[np.ix_(is_head, self._head)] = self._corner[place[is_head]]
        made[np.ix_(is_head, self._tail)] = self._head_tail[place[is_head]].toarray()
        made[~is_head] = self._tail_rows[place[~is_head]].toarray()
        return made

    def _add_group(
        self,
        in_head: sparse.csr_matrix,
        of_group: sparse.csr_matrix,
        columns: np.ndarray,
        penalty: np.ndarray,
        core: np.ndarray,
    ) -> sparse.csr_matrix:
        """Add B_g W_g B_gᵀ to the lower triangle of P_HH; the rows of P of a group, CSR (group, columns).

        `in_head` is X_H, CSR (rows, head); `of_group` is X_gᵀ, CSR (group, rows); `columns` are those of the group.
        """
        to_head = _product(of_group, in_head)  # A_gH
        given = to_head @ core  # B_gᵀ
        own = _product(of_group, sparse.csr_matrix(of_group.T))
        own[np.diag_indices_from(own)] += penalty
        own -= given @ to_head.T
        W = inverse(np.ascontiguousarray(own))
        del to_head
        right = W @ given  # −P_gH
        for block in _blocks(len(self._head)):
            self._corner[block, : block.stop] += given[:, block].T @ right[:, : block.stop]
        np.negative(right, out=right)
        return self._largest(right, W, columns)

    def _largest(self, to_head: np.ndarray, within: np.ndarray, group: np.ndarray) -> sparse.csr_matrix:
        """The stored entries of the rows P_gH and P_gg, the diagonal always among them: CSR (group, columns)."""
        columns = np.concatenate([self._head, group])
        kept = min(_KEPT, len(columns))
        chosen, values = [], []
        for block in _blocks(len(group)):
            rows = np.hstack([to_head[block], within[block]])
            effect = np.abs(rows) * self._norms[columns]
            effect[np.arange(len(rows)), len(self._head) + np.arange(len(group))[block]] = np.inf
            at = np.argpartition(-effect, kept - 1, axis=1)[:, :kept]
            chosen.append(columns[at].ravel())
            values.append(np.take_along_axis(rows, at, axis=1).ravel())
        indptr = np.arange(len(group) + 1) * kept
        shape = (len(group), len(self._norms))
        made = sparse.csr_matrix((np.concatenate(values), np.concatenate(chosen).astype(np.int32), indptr), shape=shape)
        made.sort_indices()
        return made


def group_size(head: int, columns: int) -> int:
    """The most columns of a group."""
    return max(1, min(head, columns - head, _MOST_GROUPED))


def grouped_bytes(rows: int, columns: int, entries: int, head: int) -> int:
    """Peak memory of a `GroupedInverse` in bytes, without X, which has so many `entries`."""
    group = group_size(head, columns)
    eliminating = 8 * head**2 + 4 * group * (4 * head + 3 * group) + 16 * _KEPT * (columns - head)
    return 16 * entries + 4 * _DIMENSIONS * rows + max(gram_bytes(head, entries), eliminating)


def _coordinates(matrix: np.ndarray, in_head: sparse.csr_matrix, in_tail: sparse.csr_matrix) -> np.ndarray:
    """A_TH times the main directions of A_HH, rows of length 1: float32 (tail, dimensions)."""
    directions, _, _ = randomized_svd(matrix, min(_DIMENSIONS, len(matrix)), n_iter=2, random_state=0)
    coordinates = in_tail @ (in_head @ directions.astype(np.float32))
    lengths = np.linalg.norm(coordinates, axis=1, keepdims=True)
    made: np.ndarray = coordinates / np.maximum(lengths, np.float32(1e-12))
    return made


def _groups(coordinates: np.ndarray, size: int) -> list[np.ndarray]:
    """Groups of `size` rows at most that are near each other, int64 each; all of about the same size."""
    n_groups = -(-len(coordinates) // size)
    if n_groups == 1:
        return [np.arange(len(coordinates))]
    clusters = MiniBatchKMeans(2 * n_groups, random_state=0, n_init=3).fit_predict(coordinates)
    return np.array_split(np.argsort(clusters, kind="stable"), n_groups)


def _product(left: sparse.csr_matrix, right: sparse.csr_matrix) -> np.ndarray:
    """``left @ right`` as a float32 array, without a sparse product of its size."""
    made = np.empty((left.shape[0], right.shape[1]), dtype=np.float32)
    for block in _blocks(len(made)):
        made[block] = (left[block] @ right).toarray()
    return made


def _blocks(size: int) -> Iterator[slice]:
    return (slice(start, min(start + _BLOCK, size)) for start in range(0, size, _BLOCK))

"""What values of the hybrid are worth on some users held out, on the films most rated."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg.lapack import spotrf, strtri

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.content import coldness, cosines
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.ridge import NOT_DEFINITE, dense
from cinematch_lib.recommender.ranking import top_k_per_row

_FAR = 100  # ranks looked at when films that hardly anybody rated are let in
_AT_ONCE = 16_000_000  # scores of all films held in memory


@dataclass(frozen=True)
class Trial:
    """Users held out: what is shown, what is to be found, and what the others rated.

    `hidden` is CSR float32 (users, films) of ones; `at` int64 (n,), the columns of the films that stand for
    all; `asked` CSR float32 (users, n + years), the histories shown; `whole` and `sat` float32 (n + years,)²,
    the Gram matrices of the others' histories and sessions; `counts` int64 (films,), the others' ratings.
    """

    shown: Interactions
    hidden: sparse.csr_matrix
    at: np.ndarray
    asked: sparse.csr_matrix
    whole: np.ndarray
    sat: np.ndarray | None
    counts: np.ndarray

    def quality(self, values: dict[str, float]) -> np.ndarray:
        """Mean nDCG@10 and Recall@20 of the films not shown, of those at `at`: float64 (2,)."""
        scores = self.scores(values)
        scores[self._rated] = -np.inf
        return _found(scores, self._wanted, self._sizes, 10)

    def quality_with_cold(
        self, values: dict[str, float], features: sparse.csr_matrix, colds: tuple[float, ...]
    ) -> np.ndarray:
        """Sum over users of nDCG@100 among all films with each weight of content: float64 (colds,).

        A film away from `at` has only its content to speak for it, so that these films have one order, whatever
        the weight: the first 100 are enough.
        """
        near = self.scores(values)
        highest = near.max(axis=1, keepdims=True)
        near[self._rated] = -np.inf
        step = max(1, _AT_ONCE // features.shape[0])
        found = np.zeros(len(colds))
        for at in range(0, len(near), step):
            part = slice(at, at + step)
            bonus = cosines(self.shown.part(part), features) * coldness(self.counts)
            bonus *= np.where(highest[part] > 0, highest[part], 1)
            beside = bonus[:, self.at]
            bonus[self.shown.stars[part].nonzero()] = -np.inf
            bonus[:, self.at] = -np.inf
            far = top_k_per_row(bonus, _FAR)
            behind = np.take_along_axis(bonus, far, axis=1)
            lacking = ~np.isfinite(behind)
            behind[lacking] = 0
            wanted = np.hstack([self._wanted[part], np.take_along_axis(self.hidden[part].toarray() > 0, far, axis=1)])
            for number, cold in enumerate(colds):
                scores = np.hstack([near[part] + np.float32(cold) * beside, np.float32(cold) * behind])
                scores[:, len(self.at) :][lacking] = -np.inf
                found[number] += _found(scores, wanted, self._sizes[part], _FAR)[0] * len(scores)
        return found

    def scores(self, values: dict[str, float]) -> np.ndarray:
        """What the films at `at` score for the users held out, with these values: float32 (users, n)."""
        films = len(self.at)
        matrix = self.whole.copy() if self.sat is None else self.whole + self._weight(values) * self.sat
        matrix[films:] *= np.float32(values["calendar"])
        matrix[:, films:] *= np.float32(values["calendar"])
        matrix[np.diag_indices_from(matrix)] *= self._thinned(values)
        matrix[np.diag_indices_from(matrix)] += np.float32(values["regularization"])
        factor, failed = spotrf(matrix.T, lower=1, overwrite_a=1)
        if failed:
            raise CineMatchError(NOT_DEFINITE)
        root, _ = strtri(factor, lower=1, overwrite_c=1)  # the inverse is rootᵀ·root
        asked = self._asked.copy()
        asked[:, films:] *= np.float32(values["calendar"])
        left = root[:, :films]
        return asked[:, :films] - (asked @ root.T) @ left / np.einsum("ij,ij->j", left, left)

    def _weight(self, values: dict[str, float]) -> np.float32:
        return np.float32(values["session_weight"] ** 2)

    def _thinned(self, values: dict[str, float]) -> np.ndarray:
        made = np.ones(len(self.whole), dtype=np.float32)
        made[: len(self.at)] += np.float32(values["dropout"])
        return made

    @cached_property
    def _asked(self) -> np.ndarray:
        return dense(self.asked)

    @cached_property
    def _rated(self) -> np.ndarray:
        """Whether a film at `at` was rated in what is shown: bool (users, n)."""
        return self._asked[:, : len(self.at)] > 0

    @cached_property
    def _wanted(self) -> np.ndarray:
        """Whether a film at `at` is to be found: bool (users, n)."""
        return self.hidden[:, self.at].toarray() > 0

    @cached_property
    def _sizes(self) -> np.ndarray:
        """How many films are to be found, `at` or not: int64 (users,)."""
        return np.diff(self.hidden.indptr)


def _found(scores: np.ndarray, wanted: np.ndarray, sizes: np.ndarray, depth: int) -> np.ndarray:
    """Mean nDCG@depth and Recall@20 over users: float64 (2,)."""
    hits = np.take_along_axis(wanted, top_k_per_row(scores, max(depth, 20)), axis=1)
    discount = 1 / np.log2(np.arange(2, depth + 2))
    first = hits[:, :depth]
    gain = first @ discount[: first.shape[1]] / np.cumsum(discount)[np.minimum(sizes, depth) - 1]
    return np.array([gain.mean(), (hits[:, :20].sum(axis=1) / sizes).mean()])

"""What every term of the score does."""

from typing import Protocol

import numpy as np

from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Selection


class Term(Protocol):
    """One term of the score of films for one user.

    Both methods describe the same numbers: the contributions of a film add up to its score.
    """

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What each part of the term, such as one liked film or one genre, adds to the films in `rows`, int64 (n,)."""

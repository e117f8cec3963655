"""What every term of the score does."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import numpy as np

from cinematch_lib.recommender.reasons import Contributions, joined
from cinematch_lib.recommender.selection import Block, Selection


class Term(Protocol):
    """One term of the score of films for one user.

    All methods describe the same numbers: the contributions of a film add up to its score.
    """

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,), in an array of its own."""

    @classmethod
    def scores_of_people(cls, terms: Sequence[Any], selections: Sequence[Selection]) -> list[np.ndarray]:
        """The scores of several people's terms, of equal `batch_key`, each of its own selection."""
        return [term.scores(selection) for term, selection in zip(terms, selections, strict=True)]

    def bounds(self, block: Block, *, roughly: bool = False) -> np.ndarray:
        """Numbers that are at least the `scores` of films in groups: float32 (films of a group, groups).

        Or (1, groups), or (1, 1): one number for several films. Where the term is one that may be bounded, a selection
        is, by `is_bounded`, or the bounds are asked for `roughly`: by no more than the lengths of vectors.
        """
        return block.table(self.scores(block))

    def is_bounded(self, selection: Selection) -> bool:
        """Whether `bounds` take less time than `scores`."""
        return False

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What each part of the term, such as one liked film or one genre, adds to the films in `rows`, int64 (n,)."""

    @property
    def batch_key(self) -> Hashable:
        """Terms of different people that are equal in this have contributions of the same kinds."""
        return type(self)

    @classmethod
    def contributions_of_people(cls, terms: Sequence[Any], rows: Sequence[np.ndarray]) -> list[Contributions]:
        """The contributions of several people's terms, of equal `batch_key`, to the films of each one's list.

        They are those to the films of all lists, one list after another; `rows` are int64 (n,) of each list.
        """
        lists = [term.contributions(of_list) for term, of_list in zip(terms, rows, strict=True)]
        return [joined(of_kind) for of_kind in zip(*lists, strict=True)]


def contributions_of_people(people: Sequence[Sequence[Term]], rows: Sequence[np.ndarray]) -> list[Contributions]:
    """`Term.contributions_of_people` of several people's terms, which are alike one by one."""
    of_terms = [type(terms[0]).contributions_of_people(terms, rows) for terms in zip(*people, strict=True)]
    return [one for of_term in of_terms for one in of_term]


def sum_of_scores(terms: Sequence[Term], selection: Selection) -> np.ndarray:
    """The sum of the scores of some terms: float32 (selected films,)."""
    return sums_of_scores([terms], [selection])[0]


def sums_of_scores(people: Sequence[Sequence[Term]], selections: Sequence[Selection]) -> list[np.ndarray]:
    """`sum_of_scores` of several people's terms, which are alike one by one, each of its own selection."""
    totals = [np.zeros(len(selection), dtype=np.float32) for selection in selections]
    for terms in zip(*people, strict=True):
        for total, scores in zip(totals, type(terms[0]).scores_of_people(terms, selections), strict=True):
            total += scores
    return totals


def sum_of_bounds(terms: Sequence[Term], block: Block, *, roughly: bool = False) -> np.ndarray:
    """Numbers that are at least the `sum_of_scores` of one or more terms, of shapes as those of `Term.bounds`."""
    first, *others = terms
    total = first.bounds(block, roughly=roughly)
    for term in others:  # in the same order: rounding is monotonic, so that no sum of scores exceeds that of bounds
        total = combined(np.add, total, term.bounds(block, roughly=roughly))
    return total


def scaled_bounds(
    bounds: Callable[[np.ndarray, Block], np.ndarray], vector: np.ndarray, factors: np.ndarray, block: Block
) -> np.ndarray:
    """The `bounds` of products with a vector, times factors, float32 (films,) or (1,), >= 0.

    The only factor of all films is multiplied by the vector, which is shorter. Bounds leave room for its rounding.
    """
    if len(factors) == 1:
        return bounds(vector * factors, block)
    return combined(np.multiply, bounds(vector, block), block.table(factors))


def combined(operation: np.ufunc, total: np.ndarray, values: np.ndarray) -> np.ndarray:
    """`operation` of two arrays of bounds; in that of `total` where it is as large."""
    result: np.ndarray = operation(total, values, out=total if total.size >= values.size else None)
    return result

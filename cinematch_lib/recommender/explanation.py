"""The reasons for recommended films in words; see `reasons`.

An explanation names only contributions to the score: those that raise it from a share of 5 % on, those that lower it
from a tenth on. Of several liked films that contribute in the same way, the strongest are named and the others counted.
Percentages are shares of the positive contributions; they are left out where there is only one of them. All films of a
list are explained together, since most of the work is to find the few contributions that are named.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from cinematch_lib.recommender.clauses import CLAUSES
from cinematch_lib.recommender.phrases import Phrase, find_phrases
from cinematch_lib.recommender.reasons import Contributions, Reason, positive_totals, reasons

_NOTHING_KNOWN = "As far as is known, nothing raises or lowers its score."


class Explanations:
    """The reasons for the films of a list, computed for all of them when the first is asked for."""

    def __init__(self, contributions: Callable[[], Sequence[Contributions]]) -> None:
        """`contributions` computes those of the scores, kind by kind."""
        self._compute = contributions

    @cached_property
    def _contributions(self) -> Sequence[Contributions]:
        return self._compute()

    @cached_property
    def _totals(self) -> np.ndarray:
        return positive_totals(self._contributions)

    def reasons(self, film: int, k: int | None = None) -> tuple[Reason, ...]:
        """The reasons for film number `film` of the list, by falling absolute value; the `k` first of them."""
        return reasons(self._contributions, film, float(self._totals[film]), k)

    @cached_property
    def sentences(self) -> list[str]:
        """The explanation of each film."""
        phrases: list[list[Phrase]] = [[] for _ in self._totals]
        for phrase in find_phrases(self._contributions, self._totals, CLAUSES):
            phrases[phrase.film].append(phrase)
        return [_explain(of_film) for of_film in phrases]

    @classmethod
    def of_one(cls, found: tuple[Reason, ...], sentence: str) -> "Explanations":
        """The explanation of a single film, computed before."""
        return _Computed(found, sentence)


class _Computed(Explanations):
    """What was computed for one film; unlike the functions that compute it, it can be pickled."""

    def __init__(self, found: tuple[Reason, ...], sentence: str) -> None:
        self._found, self._sentence = found, sentence

    def reasons(self, film: int, k: int | None = None) -> tuple[Reason, ...]:
        """The reasons for the film; the `k` first of them."""
        return self._found[:k]

    @property
    def sentences(self) -> list[str]:
        """The explanation of the film."""
        return [self._sentence]


def _explain(phrases: list[Phrase]) -> str:
    """The phrases about one film, those that raise the score first, as sentences."""
    match phrases:
        case [first, second, *rest] if second.positive and second.source.kind == "liked" and second.share > first.share:
            phrases = [second, first, *rest]
    percentages = sum([one.n_strong for one in phrases if one.positive]) > 1
    sentences: list[str] = []
    for phrase in phrases:
        clause = CLAUSES[phrase.source.kind, phrase.positive](phrase, percentages, not sentences)
        if clause.startswith("it shares ") and _is_about_same_film(phrases[0], phrase):
            shared = clause.removeprefix("it shares ").replace(f" with {phrase.label(0)}", "")
            sentences[-1] = f"{sentences[-1][:-1]}; the two films share {shared}."
        elif clause:
            sentences.append(f"{clause[0].upper()}{clause[1:]}.")
    return " ".join(sentences) or _NOTHING_KNOWN


def _is_about_same_film(first: Phrase, second: Phrase) -> bool:
    """Whether both are about one and the same liked film, by its item weights and by its features."""
    is_pair = (first.source.kind, second.source.kind) == ("rated_with_liked", "liked")
    return is_pair and second.positive and first.named == 1 and not first.others and first.label(0) == second.label(0)

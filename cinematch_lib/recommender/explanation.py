"""The reasons for recommended films in words; see `reasons`.

An explanation names only contributions to the score: those that raise it from a share of 5 % on, those that lower it
from a tenth on. Of several liked films that contribute in the same way, the strongest are named and the others counted.
Percentages are shares of the positive contributions; they are left out where there is only one of them. All films of a
list are explained together, since most of the work is to find the few contributions that are named.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cinematch_lib.recommender.reasons import Contributions, Reason, positive_totals, reasons

_NAMED_FILMS, _NAMED_FEATURES = 3, 3
_MIN_POSITIVE, _MIN_NEGATIVE = 0.05, 0.1  # shares from which a contribution is named
_MIN_SIMILARITY = 0.01  # the same for similarity, whose features tell one film of a list from the next
_MIN_FILM = 0.1  # share from which the second and third film of a group are named, not counted
_MIN_FEATURE = 0.1  # part of a similarity from which one of its features is named
_DOMINANT = 2  # times the share of the second film, from which the first one is told apart
_NOTHING_KNOWN = "Little is known about it beyond the fact that it passes your filters."
_WEAK_FIELDS = frozenset({"year", "runtime"})  # by themselves they say little about a film


class _Phrase(NamedTuple):
    """The contributions of one kind and one sign to the score of one film.

    `parts` are the numbers of the strongest parts and `percents` their shares, in percent and negative where they lower
    the score. The first `named` of them are named; `others` are counted, with `other_percent` together.
    """

    source: Contributions
    positive: bool
    film: int
    share: float
    parts: list[int]
    percents: list[int]
    named: int
    others: int
    other_percent: int

    def label(self, at: int) -> str:
        """Title and year of the film that part `at` of the strongest ones refers to."""
        movie = self.source.movie(self.film, self.parts[at])
        return movie.label if movie else "another film"

    def labels(self, percentages: bool, relation: str) -> list[str]:
        """The films, each with its share; those that are not named by their number, a single one by its name."""
        found = [self.label(at) + _percent(self.percents[at], percentages) for at in range(self.named)]
        if self.others > 1:
            more = "more films" if found else "films"
            found.append(f"{self.others} {more} {relation}{_percent(self.other_percent, percentages)}")
        elif self.others:
            found.append(self.label(self.named) + _percent(self.other_percent, percentages))
        return found

    def features(self, at: int) -> tuple[list[str], bool]:
        """The names of the features that make up most of part `at`, and whether all of them are weak ones."""
        if self.source.features is None:
            return [], False
        features = self.source.features(self.film, self.parts[at])
        least = _MIN_FEATURE * float(self.source.values[self.film, self.parts[at]])
        named = [one for one in features if one.value >= least][:_NAMED_FEATURES]
        return [one.name for one in named], all(one.field in _WEAK_FIELDS for one in features)


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

    def reasons(self, film: int) -> tuple[Reason, ...]:
        """The reasons for film number `film` of the list, by falling absolute value."""
        return reasons(self._contributions, film, float(self._totals[film]))

    @cached_property
    def sentences(self) -> list[str]:
        """The explanation of each film."""
        phrases: list[list[_Phrase]] = [[] for _ in self._totals]
        for phrase in _find_phrases(self._contributions, self._totals):
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

    def reasons(self, film: int) -> tuple[Reason, ...]:
        """The reasons for the film."""
        return self._found

    @property
    def sentences(self) -> list[str]:  # type: ignore[override]
        """The explanation of the film."""
        return [self._sentence]


def _find_phrases(contributions: Sequence[Contributions], totals: np.ndarray) -> Iterable[_Phrase]:
    """The contributions worth naming, by film and then in the order of `_CLAUSES`."""
    of_kind = {one.kind: one for one in contributions if one.values.shape[1]}
    groups = [(of_kind[kind], positive) for kind, positive in _CLAUSES if kind in of_kind]
    if not groups:
        return ()
    n_parts = max(_NAMED_FILMS + 1, *(one.values.shape[1] for one, _ in groups))
    shares = np.zeros((len(groups), len(totals), n_parts))  # by group, film and part
    for at, (one, positive) in enumerate(groups):
        shares[at, :, : one.values.shape[1]] = one.values if positive else -one.values
    np.maximum(shares, 0, out=shares)
    shares /= totals[:, None]
    least = np.array([_least_share(one.kind, positive) for one, positive in groups])
    film, group = np.nonzero(least <= shares.sum(axis=2).T)
    shares = shares[group, film]  # (phrases, parts)
    parts = (-shares).argsort(axis=1, kind="stable")[:, : _NAMED_FILMS + 1]
    strongest = shares[np.arange(len(shares))[:, None], parts]
    is_named = strongest[:, :_NAMED_FILMS] >= _MIN_FILM
    share = shares.sum(axis=1)
    is_named[:, 0] = strongest[:, 0] >= np.minimum(_MIN_POSITIVE, share)
    named = is_named.sum(axis=1)
    other_share = share - (strongest[:, :_NAMED_FILMS] * is_named).sum(axis=1)
    others = ((shares > 0).sum(axis=1) - named) * ((other_share >= _MIN_POSITIVE) | (named == 0))
    percent = np.array([100 if positive else -100 for _, positive in groups])[group]
    percents = np.rint(percent[:, None] * strongest).astype(np.int64)
    other_percent = np.rint(percent * other_share).astype(np.int64)
    columns = (film, share, parts, percents, named, others, other_percent)
    sources = [groups[at] for at in group.tolist()]
    return (
        _Phrase(*source, *values)
        for source, values in zip(sources, zip(*[one.tolist() for one in columns], strict=True), strict=True)
    )


def _least_share(kind: str, positive: bool) -> float:
    if not positive:
        return _MIN_NEGATIVE
    return _MIN_SIMILARITY if kind == "liked" else _MIN_POSITIVE


def _explain(phrases: list[_Phrase]) -> str:
    """The phrases about one film as sentences, those that raise the score first."""
    positive = [one for one in phrases if one.positive]
    if len(positive) > 1 and positive[1].source.kind == "liked" and positive[1].share > positive[0].share:
        positive[:2] = positive[1], positive[0]
    percentages = len(positive) > 1 or (bool(positive) and positive[0].named + bool(positive[0].others) > 1)
    leading = True
    clauses: list[str] = []
    for phrase in [*positive, *(one for one in phrases if not one.positive)]:
        clause = _CLAUSES[phrase.source.kind, phrase.positive](phrase, percentages, leading)
        if clause:
            clauses.append(clause[0].upper() + clause[1:] + ".")
            leading = False
    return " ".join(clauses) or _NOTHING_KNOWN


def _people_who_like(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    """Item weights of liked films: they are learned from what people like together."""
    labels = phrase.labels(percentages, "you liked")
    dominant = len(labels) == 2 and phrase.percents[0] >= _DOMINANT * abs(phrase.percents[1])
    if dominant:
        return f"people who like {labels[0]} also like it, and so do some who like {labels[1]}"
    if len(labels) == 2:
        return f"it is often liked together with {_listed(labels)}"
    return f"people who like {_listed(labels)} also like it"


def _similar_to(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    """Similarity to liked films, with the shared features."""
    if not leading:
        return _shares_with(phrase, percentages)
    clauses = []
    for at, label in enumerate(phrase.labels(percentages, "you liked")):
        names, weak = phrase.features(at) if at < phrase.named else ([], False)
        if weak and names and not clauses:
            return f"little is known about it: only {_listed(_own(names))} resemble{'s' * (len(names) == 1)} {label}"
        clauses.append(f"{label}{': ' if names else ''}{', '.join(names)}")
    return f"similar to {'; to '.join(clauses)}"


def _shares_with(phrase: _Phrase, percentages: bool) -> str:
    """The features shared with the most similar liked film, after a reason that counts for more."""
    names, weak = phrase.features(0)
    if not names or (weak and phrase.share < _MIN_POSITIVE):
        return ""
    percent = _percent(round(100 * phrase.share), percentages and phrase.share >= _MIN_FILM)
    return f"it shares {_listed(names)} with {phrase.label(0)}{percent}"


def _own(names: Sequence[str]) -> list[str]:
    """“a similar year” as “its year”."""
    return [name.replace("a similar", "its") for name in names]


def _less_often(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"people who like {_listed(phrase.labels(True, 'you liked'))} choose it less often"


def _disliked_less_often(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"people who like {_disliked(phrase, percentages, ',')} choose it less often"


def _disliked_also(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"it is also liked by people who like {_disliked(phrase, True)}"


def _unlike_disliked(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"it differs from {_disliked(phrase, percentages)}"


def _like_disliked(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"it resembles {_disliked(phrase, True)}"


def _disliked(phrase: _Phrase, percentages: bool, end: str = "") -> str:
    """The disliked films of a phrase, told once as disliked."""
    labels = phrase.labels(percentages, "you disliked")
    return _listed(labels) if "you disliked" in labels[-1] else f"{_listed(labels)}, which you disliked{end}"


def _unlike_liked(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"it differs from {_listed(phrase.labels(True, 'you liked'))}, which you liked"


def _genres(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    assert phrase.source.features is not None
    names = [feature.name for feature in phrase.source.features(phrase.film, 0)]
    return f"it has {_listed(names)}, which you asked for{_percent(phrase.percents[0], percentages)}"


def _known(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"{_people(phrase)} like it{_percent(phrase.percents[0], percentages)}"


def _little_known(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    people = _people(phrase)
    likes = "likes" if people == "nobody" or people.endswith("person") else "like"
    only = "" if people == "nobody" else "only "
    return f"{only}{people} {likes} it{_percent(phrase.percents[0], True)}"


def _people(phrase: _Phrase) -> str:
    assert phrase.source.features is not None
    (people,) = phrase.source.features(phrase.film, 0)
    return people.name


def _above_average(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"its ratings are above average{_percent(phrase.percents[0], percentages)}"


def _below_average(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"its ratings are below average{_percent(phrase.percents[0], True)}"


def _like_one_above(phrase: _Phrase, percentages: bool, leading: bool) -> str:
    return f"it resembles {phrase.label(0)}, higher in this list{_percent(phrase.percents[0], True)}"


def _percent(percent: int, shown: bool) -> str:
    if not shown:
        return ""
    if percent < 0:
        return f" (−{-percent}%)" if percent >= -100 else " (which outweighs everything else)"
    return f" ({percent}%)"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


# By kind and sign, in the order of the clauses; of what liked films contribute, the stronger kind comes first.
_CLAUSES: dict[tuple[str, bool], Callable[[_Phrase, bool, bool], str]] = {
    ("rated_with_liked", True): _people_who_like,
    ("liked", True): _similar_to,
    ("rated_with_disliked", True): _disliked_less_often,
    ("disliked", True): _unlike_disliked,
    ("genres", True): _genres,
    ("popularity", True): _known,
    ("quality", True): _above_average,
    ("rated_with_disliked", False): _disliked_also,
    ("disliked", False): _like_disliked,
    ("rated_with_liked", False): _less_often,
    ("liked", False): _unlike_liked,
    ("popularity", False): _little_known,
    ("quality", False): _below_average,
    ("diversity", False): _like_one_above,
}

"""Why a film was recommended: the addends of its score, and words for them.

The values of a film's reasons add up to its score. Shares are of what speaks for the film, so the shares of
the reasons above zero add up to one; what speaks against it has a share below zero.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from cinematch_lib.films import Movie

_SHOWN_FILMS, _SHOWN_FEATURES = 3, 3
_SHOWN_SHARE = 0.1  # a film with less of the score is counted with others, a feature with less of its film passed over
_LEAST_SHARE = 0.05  # what added less is not worth a word; the reasons themselves hold all of it
_NAMED = (_LEAST_SHARE,) + (_SHOWN_SHARE,) * (_SHOWN_FILMS - 1)  # what the films that are named have at the least


class Feature(NamedTuple):
    """A feature that two films share: its field, its name in words, and what it adds to the score."""

    field: str
    name: str
    value: float


Features = tuple[Feature, ...] | Callable[[Movie], tuple[Feature, ...]]  # or what works them out for the film


class Reason:
    """One addend of a score.

    `kind` is ``rated_with_liked`` or ``rated_with_disliked`` (what other people's ratings of `movie`, which the
    person likes or dislikes, and of this film say), ``liked`` or ``disliked`` (likeness to `movie`), ``genres``
    (the preferred ones it has), ``popular`` (how many people like the film), ``general`` (how well they like it) or
    ``variety`` (likeness to `movie`, recommended before it). One film may be the `movie` of a reason through ratings
    and of one by likeness. `features` are what the film shares with `movie`, or the preferred genres that it has, the
    strongest first, or how many people like it; they add up to `value`. Reasons through ratings have none.
    """

    __slots__ = ("_features", "kind", "movie", "share", "value")

    def __init__(
        self, kind: str, value: float, share: float, movie: Movie | None = None, features: Features = ()
    ) -> None:
        self.kind, self.value, self.share, self.movie, self._features = kind, value, share, movie, features

    @property
    def features(self) -> tuple[Feature, ...]:
        """What the film shares with `movie`; worked out when first asked for, since few are shown."""
        if callable(self._features):
            self._features = self._features(self.movie)
        return self._features

    def _values(self) -> tuple:
        return self.kind, self.value, self.share, self.movie, self.features

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reason) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"Reason{self._values()!r}"


Addend = tuple[float, Movie | None, Features]  # its value, and what it is told of
Addends = Mapping[tuple[str, bool], Sequence[Addend]]


def grouped(of_kinds: Iterable[tuple[str, Sequence[Addend]]]) -> Addends:
    """The addends of a score by their kind and whether they speak for the film, the weightiest first.

    Those of zero are left out. A film has many, and of most lists only the words are read: no more is made of them.
    """
    made: dict[tuple[str, bool], Sequence[Addend]] = {}
    for kind, addends in of_kinds:
        for_it, against = [one for one in addends if one[0] > 0], [one for one in addends if one[0] < 0]
        if for_it:
            made[kind, True] = sorted(for_it, key=_value, reverse=True)
        if against:
            made[kind, False] = sorted(against, key=_value)
    return made


def _value(addend: Addend) -> float:
    return addend[0]


def _whole(addends: Addends) -> float:
    """What shares are parts of: all that speaks for the film; where nothing does, all that speaks against it."""
    for_it = sum([value for (_, is_for), of in addends.items() if is_for for value, _, _ in of])
    return for_it or -sum([value for of in addends.values() for value, _, _ in of]) or 1.0


def with_shares(addends: Addends) -> tuple[Reason, ...]:
    """The addends as reasons, the weightiest first."""
    whole = _whole(addends)
    reasons = [
        Reason(kind, value, value / whole, movie, features)
        for (kind, _), of in addends.items()
        for value, movie, features in of
    ]
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.value)))


def in_words(addends: Addends) -> str:
    """The addends as one sentence, what speaks for the film first; it names nothing that did not add to the score.

    A share follows what has it. Of the liked films the weightiest are named and the others counted; what has
    hardly a share is passed over.
    """
    whole = _whole(addends)
    of_likes = sorted(_OF_LIKES, key=lambda kind: -sum([value for value, _, _ in addends.get(kind, ())]))
    kinds = [kind for kind in (*of_likes, *_IN_FAVOUR, *_AGAINST) if kind in addends]
    said = [(phrase, kind[1]) for kind in kinds for phrase in _WORDS[kind](addends[kind], whole)]
    in_favour, against = _told(said)
    text = "; but ".join("; ".join(phrases) for phrases in (in_favour, against) if phrases)
    return text[:1].upper() + text[1:] if text else "Nothing speaks for or against it."


def _told(said: Sequence[tuple[str, bool]]) -> tuple[list[str], list[str]]:
    """The phrases for and against the film: after people who "like" a film, it "is" like another."""
    people, told = False, ([], [])
    for phrase, is_for in said:
        told[not is_for].append(f"it is {phrase}" if people and phrase.startswith(("like ", "unlike ")) else phrase)
        people |= phrase.startswith("people ")
    return told


def _films(how: str, whom: str, addends: Sequence[Addend], whole: float, more: Callable[[Addend], str]) -> list[str]:
    """Addends that are films, the weightiest first: some named, with `more` said of them, the others counted."""
    named, rest = _split(addends, whole)
    said = [f"{how} {one[1].label} {_percent(one[0] / whole)}{more(one)}" for one in named]
    return said + [f"{how} {counted}" for counted in _counted(rest, whole, whom, bool(named))]


def _people(whom: str, do: str, addends: Sequence[Addend], whole: float) -> list[str]:
    """Addends through other people's ratings as one: those who like some films, named or counted, `do` so."""
    named, rest = _split(addends, whole)
    films = [f"{movie.label} {_percent(value / whole)}" for value, movie, _ in named]
    films += _counted(rest, whole, whom, bool(named))
    if not films:
        return []
    *first, last = films
    listed = f"{', '.join(first)} and {last}" if first else last
    said = (whom, do) == (_LIKED, _ALSO) or f" {whom} " in listed
    return [f"people who like {listed} {do}" if said else f"people who like {listed}, which {whom}, {do}"]


def _split(addends: Sequence[Addend], whole: float) -> tuple[Sequence[Addend], Sequence[Addend]]:
    """The films to name and those to count."""
    named = 0
    for addend, least in zip(addends, _NAMED, strict=False):
        named += abs(addend[0]) >= least * whole
    return addends[:named], addends[named:]


def _counted(rest: Sequence[Addend], whole: float, whom: str, more: bool) -> list[str]:
    """The films that are not named, by their number; of one alone, its name. Nothing where they hardly count."""
    share = sum([value for value, _, _ in rest]) / whole
    if abs(share) < _LEAST_SHARE:
        return []
    films = f"{len(rest)} {'more' if more else 'films'} {whom}" if len(rest) > 1 else rest[0][1].label
    return [f"{films} {_percent(share)}"]


def _worth_saying(addends: Sequence[Addend], whole: float, words: Callable[[Addend], str]) -> list[str]:
    return [f"{words(one)} {_percent(one[0] / whole)}" for one in addends if abs(one[0]) >= _LEAST_SHARE * whole]


def _shared(addend: Addend) -> str:
    """The features that most of the likeness is, with a colon before them; "mostly" where there are more."""
    value, movie, given = addend
    features = given(movie) if callable(given) else given
    names = [one.name for one in features if one.value >= _SHOWN_SHARE * value][:_SHOWN_FEATURES]
    mostly = "mostly " if len(names) < len(features) else ""
    return f": {mostly}{', '.join(names)}" if names else ""


def _genres(addend: Addend) -> str:
    names = [feature.name for feature in addend[2]]
    return f"has {'a genre' if len(names) == 1 else 'genres'} you asked for: {', '.join(names)}"


def _liked_by(addend: Addend) -> str:
    value, _, (people,) = addend
    return f"liked by {people.name}" if value > 0 else f"less known: liked by {people.name}"


def _percent(share: float) -> str:
    return f"({share:.0%})".replace("-", "−") if share >= -1 else "(more than all that)"


_LIKED, _DISLIKED, _LESS, _ALSO = "you liked", "you disliked", "like it less than expected", "also like it"
_WORDS: dict[tuple[str, bool], Callable[[Sequence[Addend], float], list[str]]] = {
    ("rated_with_liked", True): partial(_people, _LIKED, _ALSO),
    ("rated_with_liked", False): partial(_people, _LIKED, _LESS),
    ("rated_with_disliked", True): partial(_people, _DISLIKED, _LESS),
    ("rated_with_disliked", False): partial(_people, _DISLIKED, _ALSO),
    ("liked", True): partial(_films, "like", _LIKED, more=_shared),
    ("liked", False): partial(_films, "unlike", _LIKED, more=lambda _: ", which you liked"),
    ("disliked", True): partial(_films, "unlike", _DISLIKED, more=lambda _: ", which you disliked"),
    ("disliked", False): partial(_films, "like", _DISLIKED, more=lambda _: ", which you disliked"),
    ("genres", True): partial(_worth_saying, words=_genres),
    ("popular", True): partial(_worth_saying, words=_liked_by),
    ("popular", False): partial(_worth_saying, words=_liked_by),
    ("general", True): partial(_worth_saying, words=lambda _: "better liked than average"),
    ("general", False): partial(_worth_saying, words=lambda _: "less liked than average"),
    ("variety", False): partial(_worth_saying, words=lambda one: f"close to {one[1].label}, higher in this list"),
}
# In which order they are told; of the liked films first what counts most.
_OF_LIKES = (("rated_with_liked", True), ("liked", True))
_IN_FAVOUR = (("rated_with_disliked", True), ("disliked", True), ("genres", True), ("popular", True), ("general", True))
_AGAINST = tuple(
    (kind, False)
    for kind in ("rated_with_disliked", "disliked", "rated_with_liked", "liked", "popular", "general", "variety")
)

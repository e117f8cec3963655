"""Why a film was recommended: the addends of its score, and words for them.

The values of a film's reasons add up to its score. Shares are of what speaks for the film, so the shares of
the reasons above zero add up to one; what speaks against it has a share below zero.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cinematch_lib.films import Movie

_SHOWN_FILMS, _SHOWN_FEATURES = 3, 3
_SHOWN_SHARE = 0.1  # a film with less of the score is counted with others, a feature with less of its film passed over
_LEAST_SHARE = 0.05  # what added less is not worth a word; the reasons themselves hold all of it


class Feature(NamedTuple):
    """A feature that two films share: its field, its name in words, and what it adds to the score."""

    field: str
    name: str
    value: float


Features = tuple[Feature, ...] | Callable[[], tuple[Feature, ...]]


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
            self._features = self._features()
        return self._features

    def _values(self) -> tuple:
        return self.kind, self.value, self.share, self.movie, self.features

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reason) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"Reason{self._values()!r}"


def with_shares(parts: Sequence[tuple[str, float, Movie | None, Features]]) -> tuple[Reason, ...]:
    """Reasons from their parts (kind, value, movie, features), the weightiest first, those of zero left out."""
    parts = sorted([part for part in parts if part[1]], key=_weight)
    for_it = sum([value for _, value, _, _ in parts if value > 0])
    total = for_it or sum([-value for _, value, _, _ in parts]) or 1.0
    return tuple([Reason(kind, value, value / total, movie, features) for kind, value, movie, features in parts])


def _weight(part: tuple) -> float:
    return -abs(part[1])


def in_words(reasons: Sequence[Reason]) -> str:
    """The reasons as one sentence, what speaks for the film first; it names nothing that did not add to the score.

    A share follows what has it. Of the liked films the weightiest are named and the others counted; what has
    hardly a share is passed over.
    """
    of: dict[tuple[str, bool], list[Reason]] = {}  # by kind, and whether they speak for the film
    for reason in reasons:
        of.setdefault((reason.kind, reason.value > 0), []).append(reason)
    of_likes = sorted(_OF_LIKES, key=lambda kind: -sum([reason.value for reason in of.get(kind, ())]))
    in_favour = [phrase for kind in (*of_likes, *_IN_FAVOUR) if kind in of for phrase in _WORDS[kind](of[kind])]
    against = [phrase for kind in _AGAINST if kind in of for phrase in _WORDS[kind](of[kind])]
    in_favour, against = _told([*in_favour, *against], len(in_favour))
    text = "; but ".join("; ".join(said) for said in (in_favour, against) if said)
    return text[:1].upper() + text[1:] if text else "Nothing speaks for or against it."


def _told(phrases: Sequence[str], at: int) -> tuple[list[str], list[str]]:
    """The phrases in two parts, cut at `at`: after people who "like" a film, it "is" like another."""
    people, told = False, []
    for phrase in phrases:
        told.append(f"it is {phrase}" if people and phrase.startswith(("like ", "unlike ")) else phrase)
        people |= phrase.startswith("people ")
    return told[:at], told[at:]


def _films(how: str, whom: str, reasons: Sequence[Reason], more: Callable[[Reason], str]) -> list[str]:
    """Reasons that are films, the weightiest first: some named, with `more` said of them, the others counted."""
    named, rest = _split(reasons)
    said = [f"{how} {reason.movie.label} {_percent(reason.share)}{more(reason)}" for reason in named]
    return said + [f"{how} {counted}" for counted in _counted(rest, whom, bool(named))]


def _people(reasons: Sequence[Reason], whom: str, do: str) -> list[str]:
    """Reasons through other people's ratings as one: those who like some films, named or counted, `do` so."""
    named, rest = _split(reasons)
    counted = _counted(rest, whom, bool(named))
    films = [f"{reason.movie.label} {_percent(reason.share)}" for reason in named] + counted
    if not films:
        return []
    *first, last = films
    listed = f"{', '.join(first)} and {last}" if first else last
    said = (whom, do) == ("you liked", "also like it") or f" {whom} " in listed
    return [f"people who like {listed} {do}" if said else f"people who like {listed}, which {whom}, {do}"]


def _split(reasons: Sequence[Reason]) -> tuple[Sequence[Reason], Sequence[Reason]]:
    """The films to name and those to count; `reasons` are films, the weightiest first."""
    least = [_LEAST_SHARE] + [_SHOWN_SHARE] * (_SHOWN_FILMS - 1)
    named = [reason for reason, share in zip(reasons, least, strict=False) if abs(reason.share) >= share]
    return named, reasons[len(named) :]


def _counted(rest: Sequence[Reason], whom: str, more: bool) -> list[str]:
    """The films that are not named, by their number; of one alone, its name. Nothing where they hardly count."""
    share = sum(reason.share for reason in rest)
    if abs(share) < _LEAST_SHARE:
        return []
    films = f"{len(rest)} {'more' if more else 'films'} {whom}" if len(rest) > 1 else rest[0].movie.label
    return [f"{films} {_percent(share)}"]


def _worth_saying(reasons: Sequence[Reason], words: Callable[[Reason], str]) -> list[str]:
    return [f"{words(reason)} {_percent(reason.share)}" for reason in reasons if abs(reason.share) >= _LEAST_SHARE]


def _shared(reason: Reason) -> str:
    """The features that most of the likeness is, with a colon before them; "mostly" where there are more."""
    names = [one.name for one in reason.features if one.value >= _SHOWN_SHARE * reason.value][:_SHOWN_FEATURES]
    mostly = "mostly " if len(names) < len(reason.features) else ""
    return f": {mostly}{', '.join(names)}" if names else ""


def _genres(reason: Reason) -> str:
    names = [feature.name for feature in reason.features]
    return f"has {'a genre' if len(names) == 1 else 'genres'} you asked for: {', '.join(names)}"


def _liked_by(reason: Reason) -> str:
    return f"liked by {reason.features[0].name}"


def _percent(share: float) -> str:
    return f"({share:.0%})".replace("-", "−")


_LIKED, _DISLIKED, _LESS, _ALSO = "you liked", "you disliked", "like it less than expected", "also like it"
_WORDS: dict[tuple[str, bool], Callable[[Sequence[Reason]], list[str]]] = {
    ("rated_with_liked", True): lambda reasons: _people(reasons, _LIKED, _ALSO),
    ("rated_with_liked", False): lambda reasons: _people(reasons, _LIKED, _LESS),
    ("rated_with_disliked", True): lambda reasons: _people(reasons, _DISLIKED, _LESS),
    ("rated_with_disliked", False): lambda reasons: _people(reasons, _DISLIKED, _ALSO),
    ("liked", True): lambda reasons: _films("like", _LIKED, reasons, _shared),
    ("liked", False): lambda reasons: _films("unlike", _LIKED, reasons, lambda _: ", which you liked"),
    ("disliked", True): lambda reasons: _films("unlike", _DISLIKED, reasons, lambda _: ", which you disliked"),
    ("disliked", False): lambda reasons: _films("like", _DISLIKED, reasons, lambda _: ", which you disliked"),
    ("genres", True): lambda reasons: _worth_saying(reasons, _genres),
    ("popular", True): lambda reasons: _worth_saying(reasons, _liked_by),
    ("popular", False): lambda reasons: _worth_saying(reasons, _liked_by),
    ("general", True): lambda reasons: _worth_saying(reasons, lambda _: "better liked than average"),
    ("general", False): lambda reasons: _worth_saying(reasons, lambda _: "less liked than average"),
    ("variety", False): lambda reasons: _worth_saying(
        reasons, lambda reason: f"close to {reason.movie.label}, higher in this list"
    ),
}
# In which order they are told; of the liked films first what counts most.
_OF_LIKES = (("rated_with_liked", True), ("liked", True))
_IN_FAVOUR = (("rated_with_disliked", True), ("disliked", True), ("genres", True), ("popular", True), ("general", True))
_AGAINST = tuple(
    (kind, False)
    for kind in ("rated_with_disliked", "disliked", "rated_with_liked", "liked", "popular", "general", "variety")
)

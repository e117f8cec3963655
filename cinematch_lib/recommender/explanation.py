"""The reasons for recommended films in words, with the share of each; see `reasons`.

One sentence for each film, what speaks for it first; it names nothing that did not add to the score. Of the films that
add in the same way the weightiest are named and the others counted; what has hardly a share is passed over. A list is
put in words as a whole: to find the little that is worth a word is most of the work.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from cinematch_lib.recommender.reasons import Contributions, Reason, positive_totals, reasons

_SHOWN_FILMS, _SHOWN_FEATURES = 3, 3
_SHOWN_SHARE = 0.1  # a film with less of the score is counted with others, a feature with less of its film passed over
_LEAST_SHARE = 0.05  # what added less is not worth a word; the reasons themselves hold all of it
_NAMED = np.array((_LEAST_SHARE,) + (_SHOWN_SHARE,) * (_SHOWN_FILMS - 1))  # what films that are named have at the least


class _Said(NamedTuple):
    """Contributions of one kind that all speak for one film of the list, or all against it.

    `weight` is their share, whatever its sign; `places` are those of the weightiest, and `percents` their shares, below
    zero where they speak against the film. The first `named` are named, and so many `others` counted, with what these
    have together.
    """

    of: Contributions
    is_for: bool
    film: int
    weight: float
    places: list[int]
    percents: list[int]
    named: int
    others: int
    percent_of_others: int

    def films(self, whom: str) -> list[str]:
        """The films, each with its share: those that are named, and the others by their number; one alone by name."""
        movie, film, places, percents = self.of.movie, self.film, self.places, self.percents
        films = [f"{movie(film, places[at]).label} {_percent(percents[at])}" for at in range(self.named)]
        if self.others > 1:
            more = "more" if films else "films"
            films.append(f"{self.others} {more} {whom} {_percent(self.percent_of_others)}")
        elif self.others:
            films.append(f"{movie(film, places[self.named]).label} {_percent(self.percent_of_others)}")
        return films


class Explanations:
    """Why each film of a list is in it; worked out for the whole list when the first is asked for."""

    def __init__(self, addends: Callable[[], Sequence[Contributions]]) -> None:
        """From what tells the addends of the scores, kind by kind."""
        self._of_list = addends

    @cached_property
    def _addends(self) -> Sequence[Contributions]:
        return self._of_list()

    @cached_property
    def _wholes(self) -> np.ndarray:
        return positive_totals(self._addends)

    def reasons(self, film: int) -> tuple[Reason, ...]:
        """The reasons for the film in this place of the list, the weightiest first."""
        return reasons(self._addends, film, float(self._wholes[film]))

    @cached_property
    def words(self) -> list[str]:
        """The reasons for each film as one sentence."""
        return _in_words(self._addends, self._wholes)


def _in_words(addends: Sequence[Contributions], whole: np.ndarray) -> list[str]:
    """For each film of a list the addends of its score, kind by kind, as one sentence."""
    of_kind = {one.kind: one for one in addends if one.values.shape[1]}
    kinds = [(of_kind[kind], is_for) for kind, is_for in _WORDS if kind in of_kind]
    said: list[list[_Said]] = [[] for _ in addends[0].values]
    for one in _worth_saying(kinds, whole):
        said[one.film].append(one)
    return [_sentence(of_film) for of_film in said]


def _worth_saying(kinds: Sequence[tuple[Contributions, bool]], whole: np.ndarray) -> Iterable[_Said]:
    """What is worth a word, by film and then in the order of `kinds`: addends, and whether those for the film."""
    most = max(_SHOWN_FILMS + 1, max((of.values.shape[1] for of, _ in kinds), default=0))
    shares = np.zeros((len(kinds), len(whole), most))  # by kind, film and addend
    for at, (of, is_for) in enumerate(kinds):
        shares[at, :, : of.values.shape[1]] = of.values if is_for else -of.values
    np.maximum(shares, 0, out=shares)
    shares /= whole[:, None]
    film, kind = np.nonzero(shares.sum(axis=2).T >= _LEAST_SHARE)
    shares = shares[kind, film]  # of what is worth a word: by what is said, and addend
    places = (-shares).argsort(axis=1, kind="stable")[:, : _SHOWN_FILMS + 1]
    weightiest = shares[np.arange(len(shares))[:, None], places]
    is_named = weightiest[:, :_SHOWN_FILMS] >= _NAMED
    named, weight = is_named.sum(axis=1), shares.sum(axis=1)
    of_others = weight - (weightiest[:, :_SHOWN_FILMS] * is_named).sum(axis=1)
    others = ((shares > 0).sum(axis=1) - named) * ((of_others >= _LEAST_SHARE) | (named == 0))
    percent = np.array([100 if is_for else -100 for _, is_for in kinds])[kind]
    percents, percent_of_others = np.rint(percent[:, None] * weightiest), np.rint(percent * of_others)
    of_each = (film, weight, places, percents.astype(np.int64), named, others, percent_of_others.astype(np.int64))
    of, is_for = zip(*[kinds[at] for at in kind.tolist()], strict=True) if len(kind) else ((), ())
    return map(_Said, of, is_for, *[part.tolist() for part in of_each])


def _sentence(said: list[_Said]) -> str:
    """What is worth a word about one film as a sentence."""
    if len(said) > 1 and said[1].is_for and said[1].of.kind == "liked" and said[1].weight > said[0].weight:
        said[:2] = said[1], said[0]
    told: tuple[list[str], list[str]] = ([], [])
    people = False  # after people who "like" a film, it "is" like another
    for one in said:
        for phrase in _WORDS[one.of.kind, one.is_for](one):
            unclear = people and phrase.startswith(("like ", "unlike "))
            told[not one.is_for].append(f"it is {phrase}" if unclear else phrase)
            people |= phrase.startswith("people ")
    text = "; but ".join(["; ".join(phrases) for phrases in told if phrases])
    return text[:1].upper() + text[1:] if text else "Nothing speaks for or against it."


def _films(how: str, whom: str, said: _Said, more: Callable[[_Said, int], str]) -> list[str]:
    """Contributions that are films: each a phrase, those that are named with `more` said of them."""
    return [
        f"{how} {film}{more(said, at)}" if at < said.named else f"{how} {film}"
        for at, film in enumerate(said.films(whom))
    ]


def _people(whom: str, do: str, said: _Said) -> list[str]:
    """Contributions through other people's ratings as one phrase: those who like some films `do` so."""
    *first, last = said.films(whom)
    listed = f"{', '.join(first)} and {last}" if first else last
    clear = (whom, do) == (_LIKED, _ALSO) or f" {whom} " in listed
    return [f"people who like {listed} {do}" if clear else f"people who like {listed}, which {whom}, {do}"]


def _alone(words: Callable[[_Said], str], said: _Said) -> list[str]:
    """An addend that is the only one of its kind."""
    return [f"{words(said)} {_percent(said.percents[0])}"]


def _shared(said: _Said, at: int) -> str:
    """The features that most of the likeness is, with a colon before them; "mostly" where there are more."""
    features = said.of.features(said.film, said.places[at])
    least = _SHOWN_SHARE * float(said.of.values[said.film, said.places[at]])
    names = [one.name for one in features if one.value >= least][:_SHOWN_FEATURES]
    mostly = "mostly " if len(names) < len(features) else ""
    return f": {mostly}{', '.join(names)}" if names else ""


def _genres(said: _Said) -> str:
    names = [feature.name for feature in said.of.features(said.film, 0)]
    return f"has {'a genre' if len(names) == 1 else 'genres'} you asked for: {', '.join(names)}"


def _liked_by(said: _Said) -> str:
    (people,) = said.of.features(said.film, 0)
    return f"liked by {people.name}" if said.is_for else f"less known: liked by {people.name}"


def _above(said: _Said) -> str:
    return f"close to {said.of.movie(said.film, 0).label}, higher in this list"


def _percent(percent: int) -> str:
    if percent < 0:
        return f"(−{-percent}%)" if percent >= -100 else "(more than all that)"
    return f"({percent}%)"


_LIKED, _DISLIKED, _LESS, _ALSO = "you liked", "you disliked", "like it less than expected", "also like it"
# By the kind of addends and whether they speak for the film, in the order in which they are told; but of what the liked
# films say for it the weightier comes first.
_WORDS: dict[tuple[str, bool], Callable[[_Said], list[str]]] = {
    ("rated_with_liked", True): partial(_people, _LIKED, _ALSO),
    ("liked", True): partial(_films, "like", _LIKED, more=_shared),
    ("rated_with_disliked", True): partial(_people, _DISLIKED, _LESS),
    ("disliked", True): partial(_films, "unlike", _DISLIKED, more=lambda *_: ", which you disliked"),
    ("genres", True): partial(_alone, _genres),
    ("popular", True): partial(_alone, _liked_by),
    ("general", True): partial(_alone, lambda _: "better liked than average"),
    ("rated_with_disliked", False): partial(_people, _DISLIKED, _ALSO),
    ("disliked", False): partial(_films, "like", _DISLIKED, more=lambda *_: ", which you disliked"),
    ("rated_with_liked", False): partial(_people, _LIKED, _LESS),
    ("liked", False): partial(_films, "unlike", _LIKED, more=lambda *_: ", which you liked"),
    ("popular", False): partial(_alone, _liked_by),
    ("general", False): partial(_alone, lambda _: "less liked than average"),
    ("variety", False): partial(_alone, _above),
}

"""The contributions of a list of recommendations that are worth naming, and their parts in words."""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from cinematch_lib.recommender.reasons import Contributions, Label, sum_of_parts

NAMED_FILMS, NAMED_FEATURES = 3, 3
MIN_POSITIVE, MIN_NEGATIVE = 0.05, 0.1  # shares from which a contribution is named
MIN_UNPOPULAR = 0.5  # the same for the popularity prior, which lowers the score of nearly every film
MIN_SIMILARITY = 0.01  # the same for similarity, whose features tell one film of a list from the next
MIN_FILM = 0.1  # share from which the second and third film of a group are named, not counted
MIN_FEATURE = 0.1  # part of a similarity from which one of its features is named
WEAK_FIELDS = frozenset({"year", "runtime", "period"})  # by themselves they say little about a film


class Phrase(NamedTuple):
    """The contributions of one kind and one sign to the score of one film.

    `parts` are the numbers of the strongest parts and `percents` their shares, in percent and negative where they lower
    the score. The first `named` of them are named; `others` are counted, with `other_percent` together. `n_strong` is
    the number of films, or of groups of them, with a share that is worth a percentage. `largest` are the features to
    name of the named parts, or of the strongest one, where the source finds them for all films at once.
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
    n_strong: int
    largest: list[list[Label]]

    def label(self, at: int) -> str:
        """Title and year of the film that part `at` of the strongest ones refers to."""
        movie = self.source.movie(self.film, self.parts[at])
        return movie.label if movie else "another film"

    @property
    def n_told(self) -> int:
        """The number of films that are told by their names: those that are named, or a single other one too."""
        return self.named + (self.others == 1)

    def stars(self, at: int) -> float | None:
        """The rating that the person gave to the film that part `at` refers to; None where there is none."""
        return None if self.source.stars is None else self.source.stars(self.film, self.parts[at])

    @property
    def others_rated(self) -> tuple[bool, bool]:
        """Whether the person rated some of the films that are counted, and whether not all of them."""
        if self.source.stars is None:
            return False, True
        values = self.source.values[self.film] if self.positive else -self.source.values[self.film]
        is_other = values > 0
        is_other[self.parts[: self.named]] = False
        found = {self.source.stars(self.film, part) is not None for part in is_other.nonzero()[0].tolist()}
        return True in found, False in found

    def share_at(self, at: int, percentages: bool) -> str:
        """The share of film `at` of those that are told by their names."""
        return percentage(self.percents[at] if at < self.named else self.other_percent, percentages)

    def labels(self, percentages: bool, relation: str) -> list[str]:
        """The films, each with its share; those that are not named by their number, a single one by its name."""
        found = [self.label(at) + self.share_at(at, percentages) for at in range(self.n_told)]
        if self.others > 1:
            more = "more films" if found else "films"
            found.append(f"{self.others} {more} {relation}{percentage(self.other_percent, percentages)}")
        return found

    def features(self, at: int) -> list[Label]:
        """The features to name of part `at`; see `features_to_name`."""
        if self.largest:
            return self.largest[at]
        features = self.source.scaled_features(self.film, self.parts[at])
        least = MIN_FEATURE * float(self.source.values[self.film, self.parts[at]])
        large = [Label(one.field, one.name) for one in features if one.value >= least]
        if self.source.kind == "liked":
            shared = [Label(one.field, one.name) for one in features if one.value > 0]
            return features_to_name(large, shared, self.source.untold)
        told = [one for one in large if one not in self.source.untold]
        return _strong(told, ()) or [one for one in told if one.field == "overview"][:NAMED_FEATURES] or told[:1]


def features_to_name(large: Sequence[Label], shared: Sequence[Label], untold: Container[Label]) -> list[Label]:
    """The features of a similarity to name: of `shared` ones, that add most first, mostly those that are `large`.

    Words of the story are named only where no genre, person, keyword, tag or word of the title is shared, and weak
    fields only where nothing else is. Empty where what is shared is `untold`.
    """
    if named := _strong(large, untold) or _strong(shared, untold):
        return named
    if all(one.field in WEAK_FIELDS for one in shared):
        return list(large[:NAMED_FEATURES])
    return [one for one in large if one.field == "overview" and one not in untold][:NAMED_FEATURES]


def _strong(features: Sequence[Label], untold: Container[Label]) -> list[Label]:
    """The first features that tell much; one that is also a tag is told once, and not as a tag."""
    found: dict[str, Label] = {}
    for one in features:
        if one.field not in WEAK_FIELDS and one.field != "overview" and one not in untold:
            name = one.name.strip("“”").removeprefix("director ").casefold()
            if name not in found or found[name].field == "tags":
                found[name] = one
    return list(found.values())[:NAMED_FEATURES]


def find_phrases(
    contributions: Sequence[Contributions], totals: np.ndarray, order: Iterable[tuple[str, bool]]
) -> list[Phrase]:
    """The contributions worth naming, by film and then in `order`, of kinds and whether they raise the score.

    `totals` is the denominator of the shares, float64 (films,); see `reasons.positive_totals`.
    """
    of_kind: dict[str, list[Contributions]] = {}
    for one in contributions:
        if one.values.shape[1]:
            of_kind.setdefault(one.kind, []).append(one)
    groups = [(one, positive) for kind, positive in order for one in reversed(of_kind.get(kind, []))]
    if not groups:
        return []
    n_parts = max(NAMED_FILMS + 1, *(one.values.shape[1] for one, _ in groups))
    shares = np.zeros((n_parts, len(totals), len(groups)))  # by part, film and group
    for at, (one, positive) in enumerate(groups):
        shares[: one.values.shape[1], :, at] = one.values.T if positive else -one.values.T
    np.maximum(shares, 0, out=shares)
    shares /= totals[:, None]
    least = np.array([_least_share(one.kind, positive) for one, positive in groups])
    share_of_group = sum_of_parts(shares)
    film, group = np.nonzero(least <= share_of_group)
    share = share_of_group[film, group]
    shares = np.ascontiguousarray(shares[:, film, group].T)  # (phrases, parts)
    parts = (-shares).argsort(axis=1, kind="stable")[:, : NAMED_FILMS + 1]
    strongest = shares[np.arange(len(shares))[:, None], parts]
    is_named = strongest[:, :NAMED_FILMS] >= MIN_FILM
    is_named[:, 0] = strongest[:, 0] >= np.minimum(MIN_POSITIVE, share)
    named = is_named.sum(axis=1)
    other_share = share - (strongest[:, :NAMED_FILMS] * is_named).sum(axis=1)
    others = ((shares > 0).sum(axis=1) - named) * ((other_share >= MIN_POSITIVE) | (named == 0))
    n_strong = ((np.rint(100 * strongest[:, :NAMED_FILMS]) >= 100 * MIN_FILM) & is_named).sum(axis=1) + (others > 0)
    percent = np.array([100 if positive else -100 for _, positive in groups])[group]
    percents = np.rint(percent[:, None] * strongest).astype(np.int64)
    other_percent = np.rint(percent * other_share).astype(np.int64)
    columns = (film, share, parts, percents, named, others, other_percent, n_strong)
    lists = [one.tolist() for one in columns]
    sources, are_positive = zip(*[groups[at] for at in group.tolist()], strict=True) if len(group) else ((), ())
    largest = _largest_features(sources, are_positive, lists[0], lists[2], lists[4])
    return list(map(Phrase, sources, are_positive, *lists, largest))


def _largest_features(
    sources: Sequence[Contributions],
    are_positive: Sequence[bool],
    films: Sequence[int],
    parts: Sequence[Sequence[int]],
    named: Sequence[int],
) -> list[list[list[Label]]]:
    """The features to name of phrases whose source finds them for many films at once; nothing of the others.

    All arguments are by phrase.
    """
    largest: list[list[list[Label]]] = [[] for _ in sources]
    of_kind: dict[str, list[int]] = {}
    for phrase, (source, positive) in enumerate(zip(sources, are_positive, strict=True)):
        if positive and source.largest is not None:
            of_kind.setdefault(source.kind, []).append(phrase)
    for phrases in of_kind.values():
        source = sources[phrases[0]]
        find = source.largest
        assert find is not None  # see above
        pairs = [(phrase, part) for phrase in phrases for part in parts[phrase][: max(named[phrase], 1)]]
        of_film, of_part, untold = [films[phrase] for phrase, _ in pairs], [part for _, part in pairs], source.untold
        large = find(of_film, of_part, MIN_FEATURE)
        lacking = [at for at, labels in enumerate(large) if not _strong(labels, untold)]
        shared: dict[int, list[Label]] = {}
        if lacking:
            all_of_them = find([of_film[at] for at in lacking], [of_part[at] for at in lacking], 0.0)
            shared = dict(zip(lacking, all_of_them, strict=True))
        for at, (phrase, _) in enumerate(pairs):
            largest[phrase].append(features_to_name(large[at], shared.get(at, large[at]), untold))
    return largest


def _least_share(kind: str, positive: bool) -> float:
    if not positive:
        return MIN_UNPOPULAR if kind == "popularity" else MIN_NEGATIVE
    return MIN_SIMILARITY if kind == "liked" else MIN_POSITIVE


def percentage(percent: int, shown: bool) -> str:
    """The share behind a name, ``(61%)`` or ``(−18%)``; empty unless `shown`, and below −100 %, which tells little."""
    if not shown or percent < -100:
        return ""
    return f" ({percent}%)" if percent >= 0 else f" (−{-percent}%)"

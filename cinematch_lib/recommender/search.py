"""Finding films by title: all of it, a part of it, or a misspelt one."""

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from cinematch_lib.errors import UnknownNameError
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import parse_title, title_key

_CLOSE = 0.6  # of 1: how alike the spelling of a word must be to be taken for it
_NEARLY = 0.1  # words less alike than the likest by more than this are not taken for it
_ENOUGH = 0.6  # of the letters of a text: so much of it must be in a title that comes close
_LONGEST = 200  # letters of a text that are looked at: no title has more
_SHORT = 3  # letters; so short a text is not sought across words
_ALTERNATIVE = re.compile(r" \((?:a\.k\.a\. )?([^()]+)\)")


class TitleIndex:
    """Titles and years by row, with how well liked each film is, to order what matches equally well."""

    def __init__(self, titles: Sequence[str], years: Sequence[int | None], general: np.ndarray) -> None:
        """`general` is float (films,)."""
        self._titles = titles
        self._years = years
        self._standing = np.lexsort((np.arange(len(titles)), -general)).argsort()

    @cached_property
    def _keys(self) -> list[str]:
        """Each film's whole title and year, folded, for matching parts."""
        return [title_key(f"{title} {year or ''}") for title, year in zip(self._titles, self._years, strict=True)]

    @cached_property
    def _closed(self) -> list[str]:
        """The same, with the words run together: "Spider-Man" is found as "spiderman"."""
        return [_closed(key) for key in self._keys]

    @cached_property
    def _rows_of_name(self) -> dict[str, list[int]]:
        """The films of each name run together, by their main or an alternative title, well-liked ones first."""
        rows: dict[str, list[int]] = {}
        for row in np.argsort(self._standing).tolist():
            title = self._titles[row]
            names = [title, title.split(" (")[0], *_ALTERNATIVE.findall(title)]
            for key in dict.fromkeys(_name(name) for name in dict.fromkeys(names)):
                rows.setdefault(key, []).append(row)
        return rows

    def label(self, row: int) -> str:
        """Title and year, as ``Heat (1995)``."""
        title, year = self._titles[row], self._years[row]
        return f"{title} ({year})" if year else title

    def search(self, text: str, k: int) -> list[int]:
        """Up to `k` rows: films called `text`, then those whose title begins with it, holds it, is close to it.

        Case, accents, punctuation, spaces and a leading article do not matter; of films of one name, those of
        the year in brackets that the text may end with come first. Within each kind, well-liked films do.
        """
        text = text[:_LONGEST]
        found = dict.fromkeys(self._named(text))
        if wanted := title_key(parse_title(text)[0]) or title_key(text):
            found |= dict.fromkeys(self._holding(wanted))
            if len(found) < k:
                found |= dict.fromkeys(self._close(wanted, k))
        return list(found)[:k]

    def _holding(self, wanted: str) -> list[int]:
        """Films whose title and year begin with `wanted`, have a word that does, hold it, or do so closed up."""
        run = _closed(wanted)
        kinds = {row: self._kind(row, wanted) for row, closed in enumerate(self._closed) if run in closed}
        found = [row for row, kind in kinds.items() if kind < 3 or len(run) > _SHORT]
        return sorted(found, key=lambda row: (kinds[row], self._standing[row]))

    def _kind(self, row: int, wanted: str) -> int:
        key = self._keys[row]
        if key.startswith(wanted):
            return 0
        return 1 if f" {wanted}" in key else 2 if wanted in key else 3

    def _named(self, text: str) -> list[int]:
        """Films whose name is `text`, and whose year is the one that it gives, if it gives one."""
        title, year = parse_title(text)
        rows = self._rows_of_name.get(name, []) if (name := _name(title)) else []
        return [row for row in rows if year in (None, self._years[row])]

    @cached_property
    def _rows_of_word(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, key in enumerate(self._keys):
            for word in set(key.split()):
                rows.setdefault(word, []).append(row)
        return rows

    def _close(self, wanted: str, k: int) -> list[int]:
        """Films with most of the text, those with no more words than it first.

        A word that no title has stands for the ones spelled most like it.
        Spelling is compared by optimal string alignment, in which two letters exchanged are one slip.
        """
        words = dict.fromkeys(wanted.split())
        letters = sum(map(len, words))
        votes: dict[int, float] = {}
        for word in words:
            alike = {word: 1.0}
            if word not in self._rows_of_word:
                found = process.extract(
                    word,
                    list(self._rows_of_word),
                    scorer=OSA.normalized_similarity,
                    score_cutoff=_CLOSE,
                    limit=5,
                )
                alike = {name: score for name, score, _ in found if score >= found[0][1] - _NEARLY}
            best: dict[int, float] = {}
            for name, score in alike.items():
                for row in self._rows_of_word[name]:
                    best[row] = max(score, best.get(row, 0.0))
            for row, score in best.items():
                votes[row] = votes.get(row, 0.0) + score * len(word) / letters
        enough = [row for row, vote in votes.items() if vote >= _ENOUGH]

        def order(row: int) -> tuple[float, bool, int]:
            has_more = len(self._keys[row].split()) - bool(self._years[row]) > len(words)
            return -round(votes[row], 6), has_more, self._standing[row]

        return sorted(enough, key=order)[:k]

    def resolve(self, title: str) -> int:
        """The row of the one film that `title` names, with or without its year.

        Of films that share title and year, which no name tells apart, it is the best-liked one. Raises UnknownNameError
        with the titles that come close, or with those among which to choose.
        """
        named = self._named(title)
        to_the_letter = [row for row in named if fold(self._titles[row]) == fold(parse_title(title)[0])]
        for only in (named, to_the_letter):  # "Heat" is not "The Heat" if there is a "Heat"
            if len({self.label(row) for row in only}) == 1:
                return only[0]
        if named:
            which = ", ".join(self.label(row) for row in named[:5])
            raise UnknownNameError(f"{len(named)} films are called {title!r}: {which}; add the year")
        asked, year = parse_title(title)
        close = self.search(asked, 3)
        if year is not None:  # nearer years first: a wrong year is the likelier slip
            close.sort(key=lambda row: abs((self._years[row] or 0) - year))
        raise UnknownNameError(f"no film here is called {title!r}", [self.label(row) for row in close])


def _closed(key: str) -> str:
    return key.replace(" ", "")


def _name(title: str) -> str:
    """The title as a name to be found by: its key, closed up; where it is all symbols, these."""
    return _closed(title_key(title)) or _closed(title)

"""Search by title: equal, containing, or misspelt."""

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from cinematch_lib.errors import UnknownNameError
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import parse_title, title_key

_MIN_SIMILARITY = 0.6  # of a word to a word of a title, from which it may stand for it
_NEAR_BEST = 0.1  # words less similar than the most similar one by more than this are ignored
_MIN_MATCHED = 0.6  # part of the letters of a query that a title must match
_MAX_LENGTH = 200  # letters of a query that are read: no title has more
_SHORT = 3  # letters; a query as short is not searched for across words
_ALTERNATIVE = re.compile(r" \((?:a\.k\.a\. )?([^()]+)\)")


class TitleIndex:
    """Finds films by title, exactly or approximately. Of equally good matches, films of higher quality come first.

    `titles` and `years` are by row, and `quality` is float (films,).
    """

    def __init__(self, titles: Sequence[str], years: Sequence[int | None], quality: np.ndarray) -> None:
        self._titles, self._years = titles, years
        self._quality_rank = np.lexsort((np.arange(len(titles)), -quality)).argsort()

    @cached_property
    def _keys(self) -> list[str]:
        """The folded title and year of each film."""
        return [title_key(f"{title} {year or ''}") for title, year in zip(self._titles, self._years, strict=True)]

    @cached_property
    def _joined_keys(self) -> list[str]:
        """The keys without spaces, so that "Spider-Man" is found as "spiderman"."""
        return [_joined(key) for key in self._keys]

    @cached_property
    def _rows_of_name(self) -> dict[str, list[int]]:
        """The films of each joined name, main or alternative, by falling quality."""
        rows: dict[str, list[int]] = {}
        for row in np.argsort(self._quality_rank).tolist():
            title = self._titles[row]
            names = [title, title.split(" (")[0], *_ALTERNATIVE.findall(title)]
            for key in dict.fromkeys(_name_key(name) for name in dict.fromkeys(names)):
                rows.setdefault(key, []).append(row)
        return rows

    @cached_property
    def _rows_of_word(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, key in enumerate(self._keys):
            for word in set(key.split()):
                rows.setdefault(word, []).append(row)
        return rows

    def label(self, row: int) -> str:
        """Title and year, as ``Heat (1995)``."""
        title, year = self._titles[row], self._years[row]
        return f"{title} ({year})" if year else title

    def search(self, text: str, k: int) -> list[int]:
        """Up to `k` rows: titles equal to `text`, then those that begin with it, contain it, or are spelled like it.

        Case, accents, punctuation, spaces and a leading article are ignored. A year in brackets at the end restricts
        the equal titles to that year.
        """
        text = text[:_MAX_LENGTH]
        found = dict.fromkeys(self._equal(text))
        if query := title_key(parse_title(text)[0]) or title_key(text):
            found |= dict.fromkeys(self._containing(query))
            if len(found) < k:
                found |= dict.fromkeys(self._approximate(query, k))
        return list(found)[:k]

    def _equal(self, text: str) -> list[int]:
        """Films with the name `text`, and with the year that it gives, if any."""
        title, year = parse_title(text)
        rows = self._rows_of_name.get(name, []) if (name := _name_key(title)) else []
        return [row for row in rows if year in (None, self._years[row])]

    def _containing(self, query: str) -> list[int]:
        """Films whose key begins with `query`, has a word that does, contains it, or contains it without spaces."""
        joined = _joined(query)
        levels = {row: self._match_level(row, query) for row, key in enumerate(self._joined_keys) if joined in key}
        found = [row for row, level in levels.items() if level < 3 or len(joined) > _SHORT]
        return sorted(found, key=lambda row: (levels[row], self._quality_rank[row]))

    def _match_level(self, row: int, query: str) -> int:
        key = self._keys[row]
        if key.startswith(query):
            return 0
        return 1 if f" {query}" in key else 2 if query in key else 3

    def _approximate(self, query: str, k: int) -> list[int]:
        """Films that match most letters of `query`, those with no more words than it first.

        A word that no title has stands for the titles' words spelled most like it, by optimal string alignment, in
        which two exchanged letters are one edit.
        """
        words = dict.fromkeys(query.split())
        letters = sum(map(len, words))
        matched: dict[int, float] = {}  # the part of the letters that each film matches
        for word in words:
            best: dict[int, float] = {}
            for name, similarity in self._similar_words(word).items():
                for row in self._rows_of_word[name]:
                    best[row] = max(similarity, best.get(row, 0.0))
            for row, similarity in best.items():
                matched[row] = matched.get(row, 0.0) + similarity * len(word) / letters
        found = [row for row, part in matched.items() if part >= _MIN_MATCHED]

        def order(row: int) -> tuple[float, bool, int]:
            has_more_words = len(self._keys[row].split()) - bool(self._years[row]) > len(words)
            return -round(matched[row], 6), has_more_words, self._quality_rank[row]

        return sorted(found, key=order)[:k]

    def _similar_words(self, word: str) -> dict[str, float]:
        """The words of titles that `word` may stand for, with their similarity, 0 to 1."""
        if word in self._rows_of_word:
            return {word: 1.0}
        scorer, words = OSA.normalized_similarity, list(self._rows_of_word)
        found = process.extract(word, words, scorer=scorer, score_cutoff=_MIN_SIMILARITY, limit=5)
        return {name: score for name, score, _ in found if score >= found[0][1] - _NEAR_BEST}

    def resolve(self, title: str) -> int:
        """The row of the one film that `title` names, with or without its year.

        Of films with the same title and year it is the one of highest quality. Raises UnknownNameError with similar
        titles, or with those that an ambiguous title may mean.
        """
        equal = self._equal(title)
        name, year = parse_title(title)
        literal = [row for row in equal if fold(self._titles[row]) == fold(name)]
        for rows in (equal, literal):  # "Heat" is not "The Heat" if there is a "Heat"
            if len({self.label(row) for row in rows}) == 1:
                return rows[0]
        if equal:
            which = ", ".join(self.label(row) for row in equal[:5])
            raise UnknownNameError(f"{len(equal)} films are called {title!r}: {which}; add the year")
        similar = self.search(name, 3)
        if year is not None:  # the nearest years first: a wrong year is the likeliest slip
            similar.sort(key=lambda row: abs((self._years[row] or 0) - year))
        raise UnknownNameError(f"no film here is called {title!r}", [self.label(row) for row in similar])


def _joined(key: str) -> str:
    return key.replace(" ", "")


def _name_key(title: str) -> str:
    """The key of a title without spaces; the title itself where it consists of symbols."""
    return _joined(title_key(title)) or _joined(title)

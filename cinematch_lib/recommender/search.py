"""Search of films by title, people and plot."""

import re
from collections.abc import Collection, Iterable, Iterator

import numpy as np

from cinematch_lib.artifacts.search_index import SearchIndex
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.matching import NameMatcher
from cinematch_lib.recommender.query import Query
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.weighted_lists import WeightedLists, distinct
from cinematch_lib.vocabulary.search_words import all_words, search_words
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import FIRST_YEAR, LAST_YEAR, parse_title, title_names

FIELDS = ("title", "people", "plot")
_MAX_LENGTH = 200  # letters of a query that are read: no title has more
_POPULARITY, _EQUAL, _LACKS_NUMBER = 0.22, 0.15, 0.15  # beside the similarity, in the score
_SHORT, _SHORT_EQUAL = 2, 0.3  # letters of a query that begins many titles, and the bonus of one that is equal to it
_SAME_YEAR, _OTHER_YEAR = 0.15, 0.3  # added and subtracted where the query ends with a year
_MIN_SIMILARITY = 0.62  # of a title
_MIN_PERSON, _PERSON_PENALTY = 0.81, 0.1
_SIBLINGS = ("brothers", "bros", "sisters")
_BY_BOTH, _BY_ONE = 0.95, 0.85  # of "Coen brothers" to a film by several people of the surname, and by one
_SEQUEL = 0.98  # similarity of the nth of the films that are called so, to the name and n
_ABBREVIATED_SEQUEL = 0.95  # the same to initials of the name and n
_WELL_KNOWN = 0.6  # least popularity of a film that is counted in a series, in that of its most popular one
_LAST_SEQUEL = 20
_HAS_WORDS = 0.65  # similarity of a film that has all words, each in any of the fields
_HAS_NAMES = 0.8  # the same, where each word is in a title or a person's name
_ROUNDING = 1e-5  # of the sum of the words' weights, which are 1 together
_MIN_WORDS = 0.8  # the least share of the words that a film must have, by their inverse document frequency
_IN_YEAR = 0.9  # of a film of the year that is all of the query
_YEAR_AT_END = re.compile(r"(?P<name>.*?)[\s(\[]*\b(?P<year>\d{4})[)\]]?\s*", re.DOTALL)
_YEAR_AT_START = re.compile(r"\s*[(\[]?(?P<year>\d{4})[)\]]?\s+(?P<name>.+)", re.DOTALL)

_NONE = np.zeros(0, dtype=np.int32)

_Scored = tuple[np.ndarray, np.ndarray]  # rows and their scores


class FilmSearch:
    """Finds films by their titles, people and plots, exactly or approximately.

    `popularity` is float (films,), 0 to 1. Of equally similar films the more popular ones come first, then those in
    the order of rows. Without an `index` of the films, it is built.
    """

    def __init__(self, films: FilmTable, popularity: np.ndarray, index: SearchIndex | None = None) -> None:
        self._films, self._titles, self._popularity = films, films.titles, popularity
        self._index = index or SearchIndex.of(films.columns)
        self._title_matcher = NameMatcher(self._index.titles, popularity)
        self._people_matcher = NameMatcher(self._index.people, popularity)

    def label(self, row: int) -> str:
        """Title and year, as ``Heat (1995)``."""
        title, year = self._titles[row], self._films.year(row)
        return f"{title} ({year})" if year else title

    def search(self, text: str, k: int, fields: Collection[str] = FIELDS) -> list[int]:
        """Up to `k` rows, by the similarity of their title, people or plot to `text`, and by popularity.

        A year at an end of the text may be a word of the title or the year of the film. Raises CineMatchError for an
        unknown field.
        """
        if isinstance(fields, str) or not fields or any(field not in FIELDS for field in fields):
            raise CineMatchError(f"fields must be a list of {', '.join(FIELDS)}, got {fields!r}")
        scored = list(self._scored(text[:_MAX_LENGTH], k, fields))
        if not scored:
            return []
        rows, scores = map(np.concatenate, zip(*scored, strict=True))
        order = np.lexsort((rows, -scores))
        return list(dict.fromkeys(rows[order].tolist()))[:k]

    def _scored(self, text: str, k: int, fields: Collection[str]) -> Iterator[_Scored]:
        """Rows, which may repeat, and scores; the best `k` of each kind of match are among them."""
        dated = list(_with_year(text))
        if "title" in fields:
            yield from self._by_titles(text, dated, k)
        for part, year in [(text, None), *dated]:
            if "people" in fields:
                yield from self._by_people(part, year)
            if set(fields) not in ({"title"}, {"people"}):
                yield from self._by_words(part, year, fields, k)

    def _by_titles(self, text: str, dated: Iterable[tuple[str, int]], k: int) -> Iterator[_Scored]:
        queries: list[tuple[str, int | None]] = [(name, None) for name in title_names(parse_title(text)[0])]
        if parse_title(text)[1] is None:
            queries.append((text, None))
        queries += [(name, year) for part, year in dated for name in title_names(parse_title(part)[0])]
        for name, year in dict.fromkeys(queries):
            query = Query.of(name)
            if query.joined:
                yield self._by_title(query, year)
                yield from self._by_place(query, year)
            elif year is not None:
                rows = np.flatnonzero(self._films.years == year)
                yield self._best(rows, _IN_YEAR + _POPULARITY * self._popularity[rows], None, k)

    def _by_title(self, query: Query, year: int | None) -> _Scored:
        rows, similarity, is_equal, lacks_number = self._title_matcher.match(query)
        equal = _SHORT_EQUAL if len(query.joined) <= _SHORT else _EQUAL
        score = similarity + _POPULARITY * self._popularity[rows] + equal * is_equal - _LACKS_NUMBER * lacks_number
        similar = similarity >= _MIN_SIMILARITY
        return self._dated(rows[similar], score[similar], year)

    def _by_place(self, query: Query, year: int | None) -> Iterator[_Scored]:
        """The film that "Alien 2" means, or "MI 4" by the initials of a name."""
        *name, last = query.words
        if not (name and last.isdecimal() and 0 < (place := int(last)) <= _LAST_SEQUEL):
            return
        named = [(" ".join(name), _SEQUEL)]
        if len(name) == 1:
            named += [(one, _ABBREVIATED_SEQUEL) for one in self._title_matcher.abbreviated(name[0])]
        for one, similarity in named:
            rows = self._sequel(one, place)
            yield self._dated(rows, similarity + _POPULARITY * self._popularity[rows], year)

    def _sequel(self, name: str, place: int) -> np.ndarray:
        """The films with the name and that number, else the film of that place by year in the series of the name.

        In the series are the well-known films whose names begin so, and those whose whole name has a smaller number.
        """
        rows = self._title_matcher.beginning(name)
        rows = rows[self._films.years[rows] > 0]
        if len(rows) < 2:
            return rows if place == 1 else _NONE
        known = rows[self._popularity[rows] >= _WELL_KNOWN * self._popularity[rows].max(initial=0)]
        begun = self._title_matcher.beginning(f"{name} {place}")
        numbered = np.union1d(known[np.isin(known, begun)], self._title_matcher.called(f"{name} {place}"))
        if len(numbered):
            return numbered
        earlier = [_NONE, *(self._title_matcher.called(f"{name} {number}") for number in range(2, place))]
        smaller = np.intersect1d(np.concatenate(earlier), rows)
        series = np.union1d(known, smaller)
        series = series[np.lexsort((-self._popularity[series], self._films.years[series]))][place - 1 : place]
        return series[~np.isin(series, smaller)]

    def _by_people(self, text: str, year: int | None) -> Iterator[_Scored]:
        query = Query.of(text)
        if query.joined:
            rows, similarity, _, lacks_number = self._people_matcher.match(query, parts=False)
            score = similarity - _PERSON_PENALTY - _LACKS_NUMBER * lacks_number + _POPULARITY * self._popularity[rows]
            similar = similarity >= _MIN_PERSON
            yield self._dated(rows[similar], score[similar], year)
        *surname, last = all_words(text.casefold()) or [""]
        if last in _SIBLINGS and (surname := surname[surname[:1] == ["the"] :]):
            rows, people = self._people_matcher.with_surname(surname)
            score = np.where(people > 1, _BY_BOTH, _BY_ONE) + _POPULARITY * self._popularity[rows]
            yield self._dated(rows, score, year)

    def _by_words(self, text: str, year: int | None, fields: Collection[str], k: int) -> Iterator[_Scored]:
        words, n = list(dict.fromkeys(search_words(text))), len(self._titles)
        named = [self._named(word, fields) for word in words]
        # a plot may have a word's singular or plural
        told = [self._index.plots.beginning(_stem(word)) if "plot" in fields else _NONE for word in words]
        found = [distinct(np.concatenate(both)) for both in zip(named, told, strict=True)]
        if any(map(len, found)):
            idf = np.log1p(n / np.array([max(len(rows), 1) for rows in found]))
            shares = WeightedLists(found, idf / idf.sum(), n)
            rows = shares.at_least(_MIN_WORDS)
            score = _HAS_WORDS * shares.sums[rows]
            has_all = np.flatnonzero(shares.sums[rows] > 1 - _ROUNDING)
            if len(words) > 1 and len(has_all):
                in_names = np.all([np.isin(rows[has_all], one) for one in named], axis=0)
                score[has_all[in_names]] = _HAS_NAMES
            yield self._best(rows, score + _POPULARITY * self._popularity[rows], year, k)

    def _named(self, word: str, fields: Collection[str]) -> np.ndarray:
        """The films that have the word in a title, or in a person's name; if these are among the fields."""
        matchers = (("title", self._title_matcher), ("people", self._people_matcher))
        return np.concatenate([_NONE, *(matcher.with_word(word) for field, matcher in matchers if field in fields)])

    def _dated(self, rows: np.ndarray, score: np.ndarray, year: int | None) -> _Scored:
        """The rows and their scores, where films of `year` score more and others less, rounded for ties."""
        if year is not None:
            score = score + np.where(self._films.years[rows] == year, _SAME_YEAR, -_OTHER_YEAR)
        return rows, np.round(score, 6)

    def _best(self, rows: np.ndarray, score: np.ndarray, year: int | None, k: int) -> _Scored:
        """The same for distinct rows, the best `k` alone."""
        rows, score = self._dated(rows, score, year)
        best = top_k(score, k)
        return rows[best], score[best]

    def equal(self, text: str) -> list[int]:
        """The films with the name `text`, and with the year that it gives, if any, by falling popularity."""
        title, year = parse_title(text)
        query = Query.of(title_names(title)[0])
        if not query.joined:
            return []
        matches = self._title_matcher.match(query)
        rows = [row for row in set(matches.rows[matches.is_equal].tolist()) if year in (None, self._films.year(row))]
        return sorted(rows, key=lambda row: (-self._popularity[row], row))

    def resolve(self, title: str) -> int:
        """The row of the one film that `title` names, with or without its year.

        Of films with the same title and year it is the most popular one. Raises UnknownNameError with similar
        titles, or with those that an ambiguous title may mean.
        """
        equal = self.equal(title)
        name, year = parse_title(title)
        literal = [row for row in equal if fold(self._titles[row]) == fold(name)]
        for rows in (equal, literal):  # "Heat" is not "The Heat" if there is a "Heat"
            if len({self.label(row) for row in rows}) == 1:
                return rows[0]
        if labels := list(dict.fromkeys(self.label(row) for row in equal)):
            raise UnknownNameError(f"{len(labels)} films are called {title!r}: {', '.join(labels[:5])}; add the year")
        similar = self.search(name, 3, ["title"])
        if year is not None:  # the nearest years first: a wrong year is the likeliest slip
            similar.sort(key=lambda row: abs((self._films.year(row) or 0) - year))
        raise UnknownNameError(f"no film here is called {title!r}", [self.label(row) for row in similar])


def _with_year(text: str) -> Iterator[tuple[str, int]]:
    """The text without the year at its end or at its start, and the year."""
    for match in (_YEAR_AT_END.fullmatch(text), _YEAR_AT_START.fullmatch(text)):
        if match and FIRST_YEAR <= int(match["year"]) <= LAST_YEAR:
            yield match["name"], int(match["year"])


def _stem(word: str) -> str:
    """The beginning of a longer word without a final s, so that the plural finds the singular and the reverse."""
    return word[:-1] if len(word) > 4 and word.endswith("s") else word

"""Search of films by title, people and plot."""

import re
from collections.abc import Collection

import numpy as np

from cinematch_lib.artifacts.search_index import SearchIndex
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.matching import NameMatcher, Query, distinct
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import FIRST_YEAR, LAST_YEAR, parse_title, title_names

FIELDS = ("title", "people", "plot")
_MAX_LENGTH = 200  # letters of a query that are read: no title has more
_POPULARITY, _EQUAL, _LACKS_NUMBER = 0.22, 0.15, 0.15  # beside the similarity, in the score
_SAME_YEAR, _OTHER_YEAR = 0.15, 0.3  # added and subtracted where the query ends with a year
_MIN_SIMILARITY = 0.62  # of a title
_MIN_PERSON, _PERSON_PENALTY = 0.85, 0.1
_PLOT = 0.65  # similarity of a film whose plot has all words
_MIN_PLOT = 0.8  # the least share of the words that a plot must have, by their inverse document frequency
_IN_YEAR = 0.9  # of a film of the year that is all of the query
_YEAR_AT_END = re.compile(r"^(.*?)[\s(]*\b(\d{4})\)?\s*$", re.DOTALL)


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
        self._year = np.nan_to_num(films.years).astype(np.int64)

    def label(self, row: int) -> str:
        """Title and year, as ``Heat (1995)``."""
        title, year = self._titles[row], self._films.year(row)
        return f"{title} ({year})" if year else title

    def search(self, text: str, k: int, fields: Collection[str] = FIELDS) -> list[int]:
        """Up to `k` rows, by the similarity of their title, people or plot to `text`, and by popularity.

        A year at the end of the text may be a word of the title or the year of the film. Raises CineMatchError for an
        unknown field.
        """
        if unknown := [field for field in fields if field not in FIELDS]:
            raise CineMatchError(f"fields must be of {', '.join(FIELDS)}, got {unknown[0]!r}")
        text, best = text[:_MAX_LENGTH], np.full(len(self._titles), -np.inf)
        if "title" in fields:
            self._score_titles(text, best)
        if "people" in fields:
            self._score_people(text, best)
        if "plot" in fields:
            self._score_plots(text, best)
        found = np.flatnonzero(best > -np.inf)
        order = np.lexsort((found, -np.round(best[found], 6)))
        rows: list[int] = found[order][:k].tolist()
        return rows

    def _score_titles(self, text: str, best: np.ndarray) -> None:
        queries: list[tuple[str, int | None]] = [(name, None) for name in title_names(parse_title(text)[0])]
        if parse_title(text)[1] is None:
            queries.append((text, None))
        if (match := _YEAR_AT_END.match(text)) and FIRST_YEAR <= int(match[2]) <= LAST_YEAR:
            queries += [(name, int(match[2])) for name in title_names(parse_title(match[1])[0])]
        for name, year in dict.fromkeys(queries):
            query = Query.of(name)
            if query.joined:
                self._score_title(query, year, best)
            elif year is not None:
                rows = np.flatnonzero(self._year == year)
                _raise(best, rows, _IN_YEAR + _POPULARITY * self._popularity[rows])

    def _score_title(self, query: Query, year: int | None, best: np.ndarray) -> None:
        rows, similarity, is_equal, lacks_number = self._title_matcher.match(query)
        score = similarity + _POPULARITY * self._popularity[rows] + _EQUAL * is_equal - _LACKS_NUMBER * lacks_number
        if year is not None:
            score += np.where(self._year[rows] == year, _SAME_YEAR, -_OTHER_YEAR)
        similar = similarity >= _MIN_SIMILARITY
        _raise(best, rows[similar], score[similar])

    def _score_people(self, text: str, best: np.ndarray) -> None:
        query = Query.of(text)
        if query.joined:
            rows, similarity, _, _ = self._people_matcher.match(query)
            similar = similarity >= _MIN_PERSON
            rows, similarity = rows[similar], similarity[similar]
            _raise(best, rows, similarity - _PERSON_PENALTY + _POPULARITY * self._popularity[rows])

    def _score_plots(self, text: str, best: np.ndarray) -> None:
        words, n = list(dict.fromkeys(fold(text).split())), len(self._titles)
        found = [distinct(self._index.plots.beginning(_stem(word))) for word in words]
        idf = np.log1p(n / np.array([max(len(rows), 1) for rows in found]))
        if not sum(map(len, found)):
            return
        shares = np.bincount(np.concatenate(found), np.repeat(idf, [len(rows) for rows in found])) / idf.sum()
        rows = np.flatnonzero(shares >= _MIN_PLOT)
        _raise(best, rows, _PLOT * shares[rows] + _POPULARITY * self._popularity[rows])

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
        if equal:
            which = ", ".join(self.label(row) for row in equal[:5])
            raise UnknownNameError(f"{len(equal)} films are called {title!r}: {which}; add the year")
        similar = self.search(name, 3, ["title"])
        if year is not None:  # the nearest years first: a wrong year is the likeliest slip
            similar.sort(key=lambda row: abs(self._year[row] - year))
        raise UnknownNameError(f"no film here is called {title!r}", [self.label(row) for row in similar])


def _raise(best: np.ndarray, rows: np.ndarray, score: np.ndarray) -> None:
    """Raise the scores of `rows`, which may repeat, to `score` where that is higher."""
    np.maximum.at(best, rows, score)


def _stem(word: str) -> str:
    """The beginning of a longer word without a final s, so that the plural finds the singular and the reverse."""
    return word[:-1] if len(word) > 4 and word.endswith("s") else word

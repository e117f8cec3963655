"""The films of a series, and the places of some in the list of somebody who likes others of it.

Titles tell which films may be of one series, and what is known of them tells whether they are: the cosine c of their
directors, casts, keywords, tags and overviews. Two films are of one series where their names begin with the same words,
before a subtitle and without a number (``Scream``, ``Scream 2``), and c is at least 0.1; or where one name begins with
the other (``The Matrix``, ``The Matrix Reloaded``), and c is at least 0.25. So ``Seven`` and ``The Seven Five`` are
none. What is of one series with the film of the shorter name (``Rocky II``, with ``Rocky``) is of one with the other
(``Rocky Balboa``) too, if that c is as high. Films that have a name in common are remakes, or have nothing to do with
each other. For a film of which nothing of the kind is known, titles of the first kind decide.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from cinematch_lib.artifacts.search_index import Names, SearchIndex
from cinematch_lib.artifacts.sparse_rows import take_rows
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.places import FIRST, Places, expected_places
from cinematch_lib.vocabulary.search_words import search_words
from cinematch_lib.vocabulary.series import series_keys, whole_keys
from cinematch_lib.vocabulary.titles import title_names

_FIELDS = ("director", "cast_top", "keywords", "tags", "overview")
_ONE_KEY, _BEGINS = 0.1, 0.25  # the least cosine of two films with one key, and where one name begins with the other
_KEPT = 4096  # series that are kept, as popular films are liked again and again


class _Title(NamedTuple):
    """What a title tells of series: `keys`, the same with subtitles, and its names.

    Names of other films of its series may begin with one of `beginnings`.
    """

    keys: frozenset[str]
    whole: frozenset[str]
    beginnings: frozenset[str]
    names: frozenset[str]

    def begins_with(self, beginnings: Collection[str]) -> bool:
        """Whether a name begins with the words of one of `beginnings`, the last one in any number."""
        return any(name.startswith((f"{one} ", f"{one}s ")) for name in self.whole for one in beginnings)


@lru_cache(maxsize=1 << 14)
def _title(title: str) -> _Title:
    keys, whole = series_keys(title) - {""}, whole_keys(title) - {""}
    names = frozenset(" ".join(search_words(name)) for name in title_names(title))
    return _Title(keys, whole, whole.union(key for key in keys if " " in key), names)


class FilmSeries:
    """Finds the other films of a series.

    Parameters
    ----------
    films, similarity : the films and their features, with names.
    like_counts : int64 (films,), how many people like each film.
    index : the search index of the films; None to build what is needed of their titles.

    """

    def __init__(
        self,
        films: FilmTable,
        similarity: ContentSimilarity,
        like_counts: np.ndarray,
        index: SearchIndex | None = None,
    ) -> None:
        self._films, self._matrix, self._index = films, similarity.matrix, index
        labels = similarity.labels(range(self._matrix.shape[1]))
        self._tells = np.array([label.field in _FIELDS for label in labels], dtype=bool)
        self._likes, self._all_likes = like_counts, max(int(like_counts.sum()), 1)
        self._make_caches()

    def _make_caches(self) -> None:
        self._kept = lru_cache(maxsize=_KEPT)(self._find)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_kept"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._make_caches()

    @cached_property
    def _names(self) -> Names:
        if self._index is not None:
            return self._index.titles
        titles = enumerate(self._films.titles)
        return Names.of((name, row, True) for row, title in titles for name in title_names(title))

    def others(self, row: int) -> list[int]:
        """The rows of the other films in the series of the film in `row`, ascending."""
        return self._kept(row)

    def _find(self, row: int) -> list[int]:
        title, found = self._title(row), self._by_title(row)
        # Rocky Balboa begins with Rocky, and so is of one series with Rocky II.
        shorter = [one for one in found if title.begins_with(self._title(one).whole)]
        more = set().union(*map(self._by_title, shorter)) - {*found, row}
        told = {one: _BEGINS for one in sorted(more) if title.names.isdisjoint(self._title(one).names)}
        return sorted([*found, *self._alike(row, told)]) if told else found

    def _by_title(self, row: int) -> list[int]:
        """The rows of the films whose titles say that they are of one series with the film, ascending."""
        title, told = self._title(row), {}
        near = set().union(*map(self._near, title.names), *map(self._named, title.keys)) - {row}
        for one in sorted(near):
            other = self._title(one)
            if not title.names.isdisjoint(other.names):
                continue
            if title.keys & other.keys:
                told[one] = _ONE_KEY
            elif other.begins_with(title.beginnings) or title.begins_with(other.beginnings):
                told[one] = _BEGINS
        return self._alike(row, told)

    def _alike(self, row: int, least: Mapping[int, float]) -> list[int]:
        """The rows of those films whose cosine with the film in `row` is as high as `least` says."""
        if not least:
            return []
        cosines = self._cosines(row, list(least))
        if cosines is None:
            return [one for one, of_one in least.items() if of_one == _ONE_KEY]
        return [one for (one, of_one), cosine in zip(least.items(), cosines.tolist(), strict=True) if cosine >= of_one]

    def _title(self, row: int) -> "_Title":
        return _title(self._films.titles[row])

    def _near(self, name: str) -> set[int]:
        """The rows of the films whose name begins with the first two words of `name`, or is a beginning of it."""
        words = name.split(" ")
        shorter = [self._between(form, f"{form} ") for end in range(1, len(words)) for form in _forms(words[:end])]
        return self._named(" ".join(words[:2])).union(*shorter)

    def _named(self, beginning: str) -> set[int]:
        """The rows of the films with a name that begins with these words, the last one in any number."""
        forms = _forms([beginning])
        return set().union(*(self._between(form, f"{form} \U0010ffff") for form in forms))

    def _between(self, first: str, end: str) -> set[int]:
        """The rows of the films with a name from `first` to before `end`, of which there are few."""
        names = self._names.names
        start = stop = bisect_left(names, first)
        while stop < len(names) and names[stop] < end:
            stop += 1
        return set(self._names.rows.between(start, stop).tolist()) if start < stop else set()

    def _cosines(self, row: int, others: Sequence[int]) -> np.ndarray | None:
        """The cosines of what tells series, of a film and others: float64 (others,); None where the film has none."""
        of_film, of_others = (take_rows(self._matrix, np.array(rows)) for rows in ([row], others))
        vector = np.zeros(self._matrix.shape[1])
        vector[of_film.columns] = of_film.values * self._tells.take(of_film.columns)
        if not (length := float(vector[of_film.columns] @ vector[of_film.columns])):
            return None
        values = of_others.values * self._tells.take(of_others.columns)
        owner = np.arange(len(others)).repeat(of_others.lengths)
        products = np.bincount(owner, values * vector.take(of_others.columns), len(others))
        lengths = np.sqrt(np.bincount(owner, values**2, len(others)) * length)
        cosines: np.ndarray = np.divide(products, lengths, out=np.zeros(len(others)), where=lengths > 0)
        return cosines

    def places(self, liked: Sequence[int], disliked: Collection[int]) -> Iterator[tuple[float, Places]]:
        """Places for series of liked films, given by rows, each with the chance of so many likes of it.

        A film of the series of a single liked film has one of the first places, unless one of it is disliked. Of
        several liked films, series that two or more are of have as many as `expected_places` says.
        """
        if len(liked) == 1:
            others = self.others(liked[0])
            if others and set(others).isdisjoint(disliked):
                yield 1.0, self._places(liked[0], others, 1)
            return
        begins = [{key.split(" ")[0] for key in series_keys(self._films.titles[row]) if key} for row in liked]
        common = {word for word, n in Counter(word for words in begins for word in words).items() if n > 1}
        seen: set[int] = set()
        for row, words in zip(liked, begins, strict=True):
            if row in seen or common.isdisjoint(words):
                continue
            series = {row, *self.others(row)}
            seen |= series
            n_liked = len(series.intersection(liked)) - len(series.intersection(disliked))
            if n_liked > 1:
                share = max(int(self._likes[list(series)].sum()), 1) / self._all_likes
                chance, of_first = expected_places(n_liked, len(liked), share)
                if of_first:
                    yield chance, self._places(row, sorted(series - {row}), of_first)

    def _places(self, row: int, others: Sequence[int], of_first: int) -> Places:
        in_series = np.zeros(len(self._films), dtype=bool)
        in_series[list(others)] = True
        return Places("series", in_series, of_first, FIRST, movie=self._films.movie(row))


def _forms(words: Sequence[str]) -> tuple[str, ...]:
    """The words, and the same with the last one in the other number."""
    text = " ".join(words)
    return (text[:-1], text) if text.endswith("s") else (text, f"{text}s")

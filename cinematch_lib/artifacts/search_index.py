"""The search index of a run: names of films and of people, and words of plots, as arrays that load fast."""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import BinaryIO, NamedTuple, cast

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.array_file import UNREADABLE, flatten, read_arrays, unflatten, write_arrays
from cinematch_lib.artifacts.films_table import FilmColumns
from cinematch_lib.artifacts.texts import Texts
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import Content
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from cinematch_lib.vocabulary.search_words import all_words, initials, search_forms
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import title_names

SEARCH_INDEX = "search_index.npz"
_START, _FILL = "\x01", "\x00"  # before a text, and after one that is too short for a trigram
_CODE_POINT_BITS = 21


class Numbering(dict[str, int]):
    """Numbers texts in the order in which they are first looked up."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number

    def in_order(self) -> tuple[list[str], np.ndarray]:
        """The texts in alphabetical order, and the position there of each number: int32 (texts,)."""
        ordered = sorted(self)
        position = np.empty(len(ordered), dtype=np.int32)
        position[[self[text] for text in ordered]] = np.arange(len(ordered))
        return ordered, position


class Postings(NamedTuple):
    """A list of numbers for each of several keys, one list after another: `starts` (keys + 1,), `numbers` int32."""

    starts: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray, numbers: np.ndarray, n_keys: int) -> "Postings":
        """From pairs of a key, 0 to n_keys − 1, and a number; pairs that repeat count once."""
        return cls.summed(keys, numbers, np.zeros(len(keys), dtype=np.int8), n_keys)[0]

    @classmethod
    def summed(
        cls, keys: np.ndarray, numbers: np.ndarray, values: np.ndarray, n_keys: int
    ) -> tuple["Postings", np.ndarray]:
        """The same, and the sum of the values of each pair."""
        shape = n_keys, int(numbers.max(initial=-1)) + 1
        pairs = sparse.csr_matrix((values, (keys, numbers)), shape)  # sums the values of pairs that repeat
        return cls(pairs.indptr.astype(np.int64), pairs.indices.astype(np.int32)), pairs.data

    def between(self, first: int, end: int) -> np.ndarray:
        """The numbers of the keys from `first` to before `end`."""
        part: np.ndarray = self.numbers[self.starts[first] : self.starts[end]]
        return part


def merged_texts(parts: Sequence[Texts]) -> tuple[list[str], list[np.ndarray]]:
    """All texts of the parts in alphabetical order, and the position there of each text of each part, int32."""
    numbering = Numbering()
    numbers = [[numbering[text] for text in texts] for texts in parts]
    ordered, position = numbering.in_order()
    return ordered, [position[np.asarray(part, dtype=np.int64)] for part in numbers]


class Lookup(NamedTuple):
    """Sorted texts with a list of numbers for each."""

    texts: Texts
    postings: Postings

    @classmethod
    def of(cls, texts_of: Iterable[Iterable[str]]) -> "Lookup":
        """From the texts of each number, 0, 1, 2 and so on; texts may repeat."""
        numbering, keys, ends = Numbering(), array("i"), array("q")
        for texts in texts_of:
            keys.extend(map(numbering.__getitem__, texts))
            ends.append(len(keys))
        ordered, position = numbering.in_order()
        numbers = np.repeat(np.arange(len(ends), dtype=np.int32), np.diff(np.asarray(ends), prepend=0))
        return cls(Texts.of(ordered), Postings.of(position[np.asarray(keys)], numbers, len(ordered)))

    @classmethod
    def merged(cls, parts: Sequence[tuple["Lookup", np.ndarray]]) -> "Lookup":
        """From several lookups, each with the new number of each of its numbers, int (numbers,)."""
        texts, places = merged_texts([lookup.texts for lookup, _ in parts])
        keys = [place.repeat(np.diff(lookup.postings.starts)) for (lookup, _), place in zip(parts, places, strict=True)]
        numbers = [of[lookup.postings.numbers] for lookup, of in parts]
        return cls(Texts.of(texts), Postings.of(np.concatenate(keys), np.concatenate(numbers), len(texts)))

    def find(self, text: str) -> np.ndarray:
        """The numbers of a text; empty if it is not here."""
        at = bisect_left(self.texts, text)
        return self.postings.between(at, at + (at < len(self.texts) and self.texts[at] == text))

    def beginning(self, prefix: str) -> np.ndarray:
        """The numbers of all texts that begin with `prefix`."""
        first = bisect_left(self.texts, prefix)
        return self.postings.between(first, max(first, bisect_left(self.texts, prefix + "\U0010ffff")))


class Names(NamedTuple):
    """Names that films are found by.

    Attributes
    ----------
    names : the reduced words of each name, joined by spaces.
    rows : the films of each name.
    is_whole : bool, for each entry of `rows`: whether it is a whole name of the film, not the part after a colon.
    joined, words, initials : the numbers of the names by their letters without spaces, by word, and by initials.
    trigrams : int64 (trigrams,), ascending, the codes of the trigrams of the joined names.
    with_trigram : the names of each trigram.
    norms : float32 (names,), the length of each name's vector of trigrams, weighted by `idf`.

    """

    names: Texts
    rows: Postings
    is_whole: np.ndarray
    joined: Lookup
    words: Lookup
    initials: Lookup
    trigrams: np.ndarray
    with_trigram: Postings
    norms: np.ndarray

    @classmethod
    def of(cls, names: Iterable[tuple[str, int, bool]]) -> "Names":
        """From triples of a name as people write it, a row, and whether it is a whole name."""
        numbering, acronyms = Numbering(), defaultdict[int, list[str]](list)
        forms_of: dict[str, list[int]] = {}  # many films share a director
        keys, rows, wholes = array("i"), array("i"), array("b")
        for name, row, is_whole in names:
            if name not in forms_of:
                words = all_words(name)
                first_letters = initials(words)
                forms_of[name] = [numbering[form] for form in search_forms(words)]
                for form in forms_of[name]:
                    acronyms[form] += first_letters
            for form in forms_of[name]:
                keys.append(form)
                rows.append(row)
                wholes.append(is_whole)
        ordered, position = numbering.in_order()
        values = np.asarray(wholes, dtype=np.int32)
        postings, times_whole = Postings.summed(position[np.asarray(keys)], np.asarray(rows), values, len(ordered))
        found = Lookup.of(acronyms[numbering[form]] for form in ordered)
        return cls._of(ordered, postings, times_whole > 0, found)

    @classmethod
    def merged(cls, parts: Sequence[tuple["Names", np.ndarray]]) -> "Names":
        """From the names of several catalogs, each with the new row of each of its films, int (films,)."""
        names, places = merged_texts([part.names for part, _ in parts])
        keys = [place.repeat(np.diff(part.rows.starts)) for (part, _), place in zip(parts, places, strict=True)]
        rows = [row_of[part.rows.numbers] for part, row_of in parts]
        values = np.concatenate([part.is_whole for part, _ in parts]).astype(np.int32)
        postings, times_whole = Postings.summed(np.concatenate(keys), np.concatenate(rows), values, len(names))
        found = Lookup.merged([(part.initials, place) for (part, _), place in zip(parts, places, strict=True)])
        return cls._of(names, postings, times_whole > 0, found)

    @classmethod
    def _of(cls, names: Sequence[str], rows: Postings, is_whole: np.ndarray, initials: Lookup) -> "Names":
        """With what follows from the names, which are in alphabetical order."""
        joined = [name.replace(" ", "") for name in names]
        codes, owners = trigram_codes(joined)
        trigrams, columns = np.unique(codes, return_inverse=True)
        with_trigram = Postings.of(columns, owners, len(trigrams))
        weights = np.repeat(idf(with_trigram, len(names)) ** 2, np.diff(with_trigram.starts))
        squares = np.bincount(with_trigram.numbers, weights, len(names))
        return cls(
            Texts.of(names),
            rows,
            is_whole,
            Lookup.of((name,) for name in joined),
            Lookup.of(name.split() for name in names),
            initials,
            trigrams,
            with_trigram,
            np.sqrt(squares).astype(np.float32),
        )


class SearchIndex(NamedTuple):
    """What the films of a run are found by: titles, people, and words of the plot."""

    titles: Names
    people: Names
    plots: Lookup

    @classmethod
    def of(cls, films: FilmColumns) -> "SearchIndex":
        """From the films of a run."""
        titles = ((name, row, whole) for row, title in enumerate(films.titles) for name, whole in _names(title))
        people = ((name, row, True) for texts in (films.directors, films.casts) for row, name in _people(texts))
        plots = (
            fold(overview).split() if overview != title else ()
            for title, overview in zip(films.titles, films.overviews, strict=True)
        )
        return cls(Names.of(titles), Names.of(people), Lookup.of(plots))

    @classmethod
    def merged(cls, parts: Sequence[tuple["SearchIndex", np.ndarray]]) -> "SearchIndex":
        """From the indexes of several catalogs, each with the new row of each of its films, int (films,).

        It equals the index of all their films, which takes several times as long to make.
        """
        return cls(
            Names.merged([(index.titles, row_of) for index, row_of in parts]),
            Names.merged([(index.people, row_of) for index, row_of in parts]),
            Lookup.merged([(index.plots, row_of) for index, row_of in parts]),
        )

    def write(self, to: BinaryIO) -> None:
        """Write as uncompressed npz, which loads fast; the same index gives the same bytes."""
        write_arrays(to, dict(flatten(self)))

    @classmethod
    def read(cls, content: Content) -> "SearchIndex":
        """From the content of a file that `write` wrote, never a pickle. Raises CineMatchError for any other file."""
        try:
            return cast(SearchIndex, unflatten(cls, read_arrays(content)))
        except UNREADABLE as error:
            raise CineMatchError(f"it holds no search index ({error})") from None


def trigram_codes(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The code of each trigram of the texts, int64, and the number of its text; the start of a text is a letter."""
    marked = [f"{_START}{text}".ljust(3, _FILL) for text in texts]
    points = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
    lengths = np.array([len(one) for one in marked], dtype=np.int64)
    owners = np.repeat(np.arange(len(marked)), lengths)
    inside = np.flatnonzero(owners[:-2] == owners[2:])
    codes = (points[inside] << 2 * _CODE_POINT_BITS) | (points[inside + 1] << _CODE_POINT_BITS) | points[inside + 2]
    return codes, owners[inside]


def idf(postings: Postings, n: int) -> np.ndarray:
    """The inverse document frequency of each key among `n` documents, log(1 + n / df): float64 (keys,)."""
    result: np.ndarray = np.log1p(n / np.maximum(np.diff(postings.starts), 1))
    return result


def _names(title: str) -> Iterable[tuple[str, bool]]:
    """The names in a title, and the parts of them after a colon or a dash; whether each is whole."""
    for name in title_names(title):
        yield name, True
        for separator in (": ", " - "):
            if separator in name:
                yield name.split(separator)[-1], False


def _people(joined: Iterable[str]) -> Iterable[tuple[int, str]]:
    return ((row, name) for row, names in enumerate(joined) for name in names.split(LIST_SEPARATOR) if name)

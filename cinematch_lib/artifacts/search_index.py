"""The search index of a run: names of films and of people, and words of plots, as arrays that load fast."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import BinaryIO, NamedTuple, cast

import numpy as np

from cinematch_lib.artifacts.array_file import UNREADABLE, flatten, read_arrays, unflatten, write_arrays
from cinematch_lib.artifacts.films_table import FilmColumns
from cinematch_lib.artifacts.texts import Texts
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import Content
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from cinematch_lib.vocabulary.search_words import initials, search_forms
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import title_names

SEARCH_INDEX = "search_index.npz"
_START, _FILL = "\x01", "\x00"  # before a text, and after one that is too short for a trigram
_CODE_POINT_BITS = 21


class Postings(NamedTuple):
    """A list of numbers for each of several keys, one list after another: `starts` (keys + 1,), `numbers` int32."""

    starts: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray, numbers: np.ndarray, n_keys: int) -> "Postings":
        """From pairs of a key, 0 to n_keys − 1, and a number; pairs that repeat count once."""
        order = np.lexsort((numbers, keys))
        keys, numbers = keys[order], numbers[order]
        if len(keys):
            is_new = np.append(True, (np.diff(keys) != 0) | (np.diff(numbers) != 0))
            keys, numbers = keys[is_new], numbers[is_new]
        starts = np.zeros(n_keys + 1, dtype=np.int64)
        np.cumsum(np.bincount(keys, minlength=n_keys), out=starts[1:])
        return cls(starts, numbers.astype(np.int32))

    def between(self, first: int, end: int) -> np.ndarray:
        """The numbers of the keys from `first` to before `end`."""
        part: np.ndarray = self.numbers[self.starts[first] : self.starts[end]]
        return part


class Lookup(NamedTuple):
    """Sorted texts with a list of numbers for each."""

    texts: Texts
    postings: Postings

    @classmethod
    def of(cls, texts: Sequence[str], numbers: Sequence[int]) -> "Lookup":
        """From pairs of a text and a number."""
        unique = sorted(set(texts))
        key = {text: at for at, text in enumerate(unique)}
        keys = np.array([key[text] for text in texts], dtype=np.int64)
        return cls(Texts.of(unique), Postings.of(keys, np.array(numbers, dtype=np.int64), len(unique)))

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
        entries: dict[tuple[str, int], bool] = {}
        acronyms: set[tuple[str, str]] = set()
        for name, row, is_whole in names:
            for form in search_forms(name):
                entries[form, row] = entries.get((form, row), False) or is_whole
                acronyms.update((one, form) for one in initials(name))
        ordered = sorted({form for form, _ in entries})
        number = {form: at for at, form in enumerate(ordered)}
        pairs = sorted((number[form], row) for form, row in entries)
        keys, rows = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        joined = [form.replace(" ", "") for form in ordered]
        words = [(word, at) for at, form in enumerate(ordered) for word in form.split()]
        codes, owners = trigram_codes(joined)
        trigrams, columns = np.unique(codes, return_inverse=True)
        with_trigram = Postings.of(columns, owners, len(trigrams))
        weights = np.repeat(idf(with_trigram, len(ordered)) ** 2, np.diff(with_trigram.starts))
        squares = np.bincount(with_trigram.numbers, weights, len(ordered))
        return cls(
            Texts.of(ordered),
            Postings.of(keys, rows, len(ordered)),
            np.array([entries[ordered[key], row] for key, row in pairs], dtype=bool),
            Lookup.of(joined, range(len(joined))),
            Lookup.of(*_unzip(words)),
            Lookup.of(*_unzip(sorted((letters, number[form]) for letters, form in acronyms))),
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
        people = [(name, row) for texts in (films.directors, films.casts) for row, name in _people(texts)]
        plots = [
            (word, row)
            for row, (title, overview) in enumerate(zip(films.titles, films.overviews, strict=True))
            if overview != title
            for word in set(fold(overview).split())
        ]
        return cls(
            Names.of((name, row, whole) for row, title in enumerate(films.titles) for name, whole in _names(title)),
            Names.of((name, row, True) for name, row in people),
            Lookup.of(*_unzip(plots)),
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


def _unzip(pairs: Sequence[tuple[str, int]]) -> tuple[list[str], list[int]]:
    return [text for text, _ in pairs], [number for _, number in pairs]

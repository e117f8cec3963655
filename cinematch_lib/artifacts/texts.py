"""Texts in one array, as a column of a table that is mapped from a file."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from cinematch_lib.vocabulary.lists import multi_hot


class Texts(Sequence[str]):
    """Texts in one array of UTF-8, decoded one at a time.

    `content` is uint8 (bytes,), `ends` int64 (texts,): the end of each text in it.
    """

    def __init__(self, content: np.ndarray, ends: np.ndarray) -> None:
        self._content, self._ends = content.data, ends
        self.arrays = {"content": content, "ends": ends}

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Texts":
        """From texts."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = np.cumsum([len(one) for one in encoded], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), ends)

    def joined(self, others: "Texts") -> "Texts":
        """These texts, then the others."""
        content, further = self.arrays["content"], others.arrays["content"]
        return Texts(np.concatenate([content, further]), np.concatenate([self._ends, others._ends + len(content)]))

    def take(self, rows: np.ndarray) -> "Texts":
        """The texts of these rows."""
        return self if np.array_equal(rows, np.arange(len(self))) else Texts(*self._ends_to_end(rows))

    @property
    def lengths(self) -> np.ndarray:
        """The number of letters of each text, int64 (texts,)."""
        continued = np.flatnonzero((self.arrays["content"] & 0xC0) == 0x80)  # bytes that continue a letter
        letters = self._ends - np.searchsorted(continued, self._ends)
        lengths: np.ndarray = np.diff(letters, prepend=0)
        return lengths

    def decoded(self, rows: np.ndarray) -> list[str]:
        """The texts of these rows, int (any,), faster than one by one."""
        content, ends = self._ends_to_end(rows)
        text = str(content.data, "utf-8", "surrogatepass")
        letters = _count((content & 0xC0) != 0x80)  # not of bytes that continue a letter
        return [text[begin:end] for begin, end in pairwise([0, *letters[ends].tolist()])]

    def without(self, letter: str) -> "Texts":
        """The texts without a letter of ASCII."""
        is_other = self.arrays["content"] != ord(letter)
        return Texts(self.arrays["content"][is_other], _count(is_other)[self._ends])

    def _ends_to_end(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The UTF-8 of the texts of these rows, one after another, and the end of each in it."""
        begins = np.where(rows > 0, self._ends[rows - 1], 0)
        lengths = self._ends[rows] - begins
        ends = np.cumsum(lengths)
        places = np.repeat(begins - (ends - lengths), lengths) + np.arange(lengths.sum())
        return self.arrays["content"][places], ends

    def __reduce__(self) -> tuple[type, tuple[np.ndarray, np.ndarray]]:
        return Texts, (self.arrays["content"], self.arrays["ends"])

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        begin = self._ends[at - 1] if at else 0
        return str(self._content[begin : self._ends[at]], "utf-8", "surrogatepass")

    def index(self, text: str, start: int = 0, stop: int | None = None) -> int:
        """The number of the first text that equals `text`, found without decoding the others. Raises ValueError."""
        pattern, begin = re.compile(re.escape(text.encode("utf-8", "surrogatepass"))), 0
        while text and (found := pattern.search(self._content, begin)):
            at, begin = int(np.searchsorted(self._ends, found.end())), found.start() + 1
            if self[at] == text:
                return at
        empty = np.flatnonzero(np.diff(self._ends, prepend=0) == 0)
        if text or not len(empty):
            raise ValueError(f"no text is {text!r}")
        return int(empty[0])

    def __contains__(self, text: object) -> bool:
        try:
            return self.index(str(text)) >= 0
        except ValueError:
            return False


def _count(mask: np.ndarray) -> np.ndarray:
    """How many of the values before each position of a mask, bool (n,), are True: int64 (n + 1,)."""
    before = np.zeros(len(mask) + 1, dtype=np.int64)
    np.cumsum(mask, out=before[1:])
    return before


class Categories(NamedTuple):
    """Texts of which few differ: the different ones, in alphabetical order, and the number of each row's, int32."""

    values: Texts
    codes: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Categories":
        """From texts."""
        values = sorted(set(texts))
        number = {text: at for at, text in enumerate(values)}
        return cls(Texts.of(values), np.array([number[text] for text in texts], dtype=np.int32))

    def joined(self, others: "Categories") -> "Categories":
        """These rows, then the others."""
        values = sorted({*self.values, *others.values})
        number = {text: at for at, text in enumerate(values)}
        codes = [np.array([number[text] for text in one.values], np.int32)[one.codes] for one in (self, others)]
        return Categories(Texts.of(values), np.concatenate(codes))

    def take(self, rows: np.ndarray) -> "Categories":
        """These rows; all of them, in another order."""
        return Categories(self.values, self.codes[rows])

    def mapped(self, function: Callable[[str], str]) -> "Categories":
        """What a function makes of each text; texts of which it makes the same become one."""
        texts = Categories.of([function(text) for text in self.values])
        return Categories(texts.values, texts.codes[self.codes])

    def text(self, row: int) -> str:
        """The text of a row."""
        text: str = self.values[self.codes[row]]
        return text

    def multi_hot(self) -> dict[str, np.ndarray]:
        """`vocabulary.lists.multi_hot` of all rows."""
        return {name: has[self.codes] for name, has in multi_hot(list(self.values)).items()}

"""What a person types, as it is compared with names."""

import re
from typing import NamedTuple

from cinematch_lib.vocabulary.search_words import ARTICLES, all_words, search_words, usual_words

_NUMBER_AT_END = re.compile(r"([^\W\d]{2})(\d{1,2})$")  # lotr2, toystory3
_MIN_PART, _MAX_PART = 3, 6  # letters and words of a part of a query that may be a name


class Query(NamedTuple):
    """A text as `usual_words`; these joined; the same of `search_words`; and all words of the text joined."""

    words: list[str]
    joined: str
    plain: str
    full: str

    @classmethod
    def of(cls, text: str) -> "Query":
        """From what a person types."""
        plain = search_words(_NUMBER_AT_END.sub(r"\1 \2", text))
        words = usual_words(plain)
        return cls(words, "".join(words), "".join(plain), "".join(all_words(text)))

    @property
    def article(self) -> str:
        """The article at the beginning of the text; empty if there is none, or nothing else."""
        article = self.full.removesuffix(self.plain)
        return article if article in ARTICLES else ""

    @property
    def parts(self) -> set[str]:
        """The parts of the query that may be a name: some of its words in a row, joined; not all of them."""
        n = len(self.words)
        pairs = ((at, end) for at in range(n) for end in range(at + 1, min(n, at + _MAX_PART) + 1))
        parts = {"".join(self.words[at:end]) for at, end in pairs} - {self.joined}
        return {part for part in parts if len(part) >= _MIN_PART}

"""The words of a title or a query, reduced so that the usual ways to write the same title give the same words."""

import re

from cinematch_lib.vocabulary.spelling import fold

_APOSTROPHES = re.compile(r"['’‘`´ʼ]")
_INITIALS = re.compile(r"(?<!\w)\w(?:[.*·]\s?\w)+(?!\w)")  # E.T., M*A*S*H, J. R. R.
_SEPARATORS = re.compile(r"[.*·\s]")
_FRACTIONS = str.maketrans({"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "⅓": " 1/3", "&": " and ", "+": " and "})
_DROPPED = frozenset(("the", "a", "an", "of", "and", "part", "episode", "vol", "volume"))
_ARTICLES = ("the", "a", "an")
_BELOW_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_NUMBERS = {word: number for number, word in enumerate(_BELOW_TWENTY.split())}
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * number for number, word in enumerate(_TEN_WORDS.split(), start=2)}
_ROMAN = re.compile(r"x{0,3}(ix|iv|v?i{0,3})")


def search_words(text: str) -> list[str]:
    """The words of `text`, folded, without apostrophes, articles, "of", "and", "part", "episode" and "volume".

    Initials are joined. The words are kept where nothing else is left.

    >>> search_words("Schindler's List"), search_words("E.T. the Extra-Terrestrial"), search_words("Fast & Furious")
    (['schindlers', 'list'], ['et', 'extra', 'terrestrial'], ['fast', 'furious'])
    """
    words = all_words(text)
    return [word for word in words if word not in _DROPPED] or words


def search_forms(name: str) -> set[str]:
    """The forms of a name that queries are compared with: reduced, with digits for numbers, and with all its words.

    >>> sorted(search_forms("The Seven Samurai"))
    ['7 samurai', 'seven samurai', 'the seven samurai']
    """
    words = search_words(name)
    return {" ".join(form) for form in (words, with_digits(words), all_words(name))} - {""}


def with_digits(words: list[str]) -> list[str]:
    """`search_words` with number words and, after the first word, Roman numerals as digits.

    >>> with_digits(["star", "wars", "iv"]), with_digits(["twenty", "one", "grams"])
    (['star', 'wars', '4'], ['21', 'grams'])
    """
    found: list[str] = []
    tens = 0
    for at, word in enumerate(words):
        if tens and 0 < _NUMBERS.get(word, 0) < 10:
            found[-1] = str(tens + _NUMBERS[word])
            tens = 0
            continue
        if word == "half" and found and found[-1].isdecimal():
            found += ["1", "2"]
            continue
        tens = _TENS.get(word, 0)
        number = tens or _NUMBERS.get(word)
        if number is None and at and _ROMAN.fullmatch(word):
            number = _roman(word)
        found.append(word if number is None else str(number))
    return found


def initials(text: str) -> list[str]:
    """The first letters of the words of `text`, with and without a leading article; empty for a single word.

    >>> initials("The Lord of the Rings"), initials("Heat")
    (['tlotr', 'lotr'], [])
    """
    words = all_words(text)
    whole = [words, words[1:]] if words and words[0] in _ARTICLES else [words]
    return ["".join(word[0] for word in part) for part in whole if len(part) > 1]


def all_words(text: str) -> list[str]:
    """All words of `text`, folded, without apostrophes; initials are joined. Symbols are words where nothing else is.

    >>> all_words("M*A*S*H"), all_words("$")
    (['mash'], ['$'])
    """
    text = _APOSTROPHES.sub("", text.translate(_FRACTIONS))
    return fold(_INITIALS.sub(lambda match: _SEPARATORS.sub("", match[0]), text)).split() or text.split()


def _roman(numeral: str) -> int:
    """The value of a Roman numeral of the letters i, v and x."""
    values = [{"i": 1, "v": 5, "x": 10}[letter] for letter in numeral]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))

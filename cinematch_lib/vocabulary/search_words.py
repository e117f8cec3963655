"""The words of a title or a query, reduced so that the usual ways to write the same title give the same words."""

import re

from cinematch_lib.vocabulary.spelling import fold

_INITIALS = re.compile(r"(?<!\w)\w(?:[.*·]\s?\w)+(?!\w)")  # E.T., M*A*S*H, J. R. R.
_SEPARATORS = re.compile(r"[.*·\s]")
_SYMBOLS = str.maketrans(
    {"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "⅓": " 1/3", "&": " and ", "+": " and "} | dict.fromkeys("'’‘`´ʼ", "")
)
_DROPPED = frozenset(("the", "a", "an", "of", "and", "part", "episode", "vol", "volume"))
ARTICLES = ("the", "a", "an")
_BELOW_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_NUMBERS = {word: number for number, word in enumerate(_BELOW_TWENTY.split())}
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_MULTIPLES = {"hundred": 100, "thousand": 1000}
_TENS = {word: 10 * number for number, word in enumerate(_TEN_WORDS.split(), start=2)}
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth"
)
_ORDINAL = re.compile(r"^([0-9]+)(?:st|nd|rd|th)$")
# The form in which a word is compared that people write in several.
_USUAL = dict(zip(_ORDINALS.split(), _BELOW_TWENTY.split()[1:], strict=True)) | {
    "doctor": "dr",
    "mister": "mr",
    "missus": "mrs",
    "saint": "st",
    "versus": "vs",
    "xmas": "christmas",
}
_ROMAN = re.compile(r"x{0,3}(ix|iv|v?i{0,3})")


def search_words(text: str) -> list[str]:
    """The words of `text`, folded, without apostrophes, articles, "of", "and", "part", "episode" and "volume".

    Initials are joined. The words are kept where nothing else is left.

    >>> search_words("Schindler's List"), search_words("E.T. the Extra-Terrestrial"), search_words("Fast & Furious")
    (['schindlers', 'list'], ['et', 'extra', 'terrestrial'], ['fast', 'furious'])
    """
    return reduced(all_words(text))


def reduced(words: list[str]) -> list[str]:
    """`all_words` without those that are dropped; all of them where nothing else is left."""
    return [word for word in words if word not in _DROPPED] or words


def search_forms(words: list[str]) -> set[str]:
    """The forms of a name, given by `all_words`, that queries are compared with.

    They are reduced, as `usual_words`, and with all words.

    >>> sorted(search_forms(["the", "seven", "samurai"]))
    ['7 samurai', 'seven samurai', 'the seven samurai']
    """
    kept = reduced(words)
    return {" ".join(form) for form in (kept, usual_words(kept), words)} - {""}


def usual_words(words: list[str]) -> list[str]:
    """`search_words` with digits for numbers and, of several words, for ordinals, and with the usual abbreviations.

    >>> usual_words(["shrek", "third"]), usual_words(["13th", "floor"]), usual_words(["doctor", "who"])
    (['shrek', '3'], ['13', 'floor'], ['dr', 'who'])
    """
    if len(words) > 1:
        words = [_ORDINAL.sub(r"\1", _USUAL.get(word, word)) for word in words]
    return with_digits(words)


def with_digits(words: list[str]) -> list[str]:
    """`search_words` with number words and, after the first word, Roman numerals as digits.

    >>> with_digits(["star", "wars", "iv"]), with_digits(["twenty", "one", "grams"])
    (['star', 'wars', '4'], ['21', 'grams'])
    >>> with_digits("one hundred twenty seven hours".split())
    ['127', 'hours']
    """
    found: list[str] = []
    unit = 0  # of the number before, which a smaller one may follow
    for at, word in enumerate(words):
        value = _TENS.get(word) or _NUMBERS.get(word, 0)
        if word in _MULTIPLES and found and found[-1].isdecimal() and int(found[-1]) < _MULTIPLES[word]:
            unit = _MULTIPLES[word]
            found[-1] = str(int(found[-1]) * unit)
            continue
        if unit and 0 < value < unit:
            found[-1] = str(int(found[-1]) + value)
            unit = 10 if word in _TENS else 0
            continue
        if word == "half" and found and found[-1].isdecimal():
            found += ["1", "2"]
            continue
        unit = 10 if word in _TENS else 0
        number = _TENS.get(word) or _NUMBERS.get(word)
        if number is None and at and _ROMAN.fullmatch(word):
            number = _roman(word)
        found.append(word if number is None else str(number))
    return found


def initials(words: list[str]) -> list[str]:
    """The first letters of `all_words` of a name, with and without a leading article; empty for a single word.

    >>> initials(["the", "lord", "of", "the", "rings"]), initials(["heat"])
    (['tlotr', 'lotr'], [])
    """
    whole = [words, words[1:]] if words and words[0] in ARTICLES else [words]
    return ["".join(word[0] for word in part) for part in whole if len(part) > 1]


def all_words(text: str) -> list[str]:
    """All words of `text`, folded, without apostrophes; initials are joined. Symbols are words where nothing else is.

    >>> all_words("M*A*S*H"), all_words("$")
    (['mash'], ['$'])
    """
    text = joined = text.translate(_SYMBOLS)
    if "." in text or "*" in text or "·" in text:  # the pattern is slow
        joined = _INITIALS.sub(lambda match: _SEPARATORS.sub("", match[0]), text)
    return fold(joined).split() or text.split()


def _roman(numeral: str) -> int:
    """The value of a Roman numeral of the letters i, v and x."""
    values = [{"i": 1, "v": 5, "x": 10}[letter] for letter in numeral]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))

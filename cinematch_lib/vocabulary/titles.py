"""MovieLens titles: the year at the end, the article behind a comma, and alternative names in brackets."""

import contextlib
import html
import re

FIRST_YEAR, LAST_YEAR = 1870, 2100  # other numbers of four digits are no release years

# Articles that MovieLens moves behind a comma, by language.
_ARTICLES = (
    "The|the|An|A|"  # English
    "Les|Le|La|L'|L’|Une|Un|"  # French
    "Los|Las|El|Lo|Una|Uno|"  # Spanish, Italian
    "Gli|Il|I|"  # Italian
    "Der|Die|Das|Eine|Ein|"  # German
    "Os|As|O|Uma|Um|"  # Portuguese
    "Het|De|Een|"  # Dutch
    "Den|Det|En|Et|Ett"  # Scandinavian
)
# Zero-width joiners are letters' neighbours in some scripts and stay.
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\ufffe\uffff]")
_HIGH_CONTROLS = re.compile("[\x80-\x9f]")
_ALTERNATIVE = re.compile(r" \((?:a\.k\.a\. )?([^()]+)\)")
_YEAR = re.compile(r"\s*\(([0-9]{4})\)$")
_LOOSE_YEAR = re.compile(r"(?P<title>.*\S)(?:\s*,\s*|\s+[-–—]\s+|\s*\[)(?P<year>[0-9]{4})\]?")
_MOVED_ARTICLE = re.compile(rf"(^|\((?:a\.k\.a\. )?)([^()]*\S), ({_ARTICLES})(?=$|\)| \()")


def mend_letters(text: str) -> str:
    r"""The text with the characters that HTML entities, or bytes read in the wrong encoding, stand for.

    The wrong encodings are Windows-1252 or Latin-1 for UTF-8, and Latin-1 for Windows-1252.

    >>> mend_letters("Tom &amp; Jerry"), mend_letters("AmÃ©lie"), mend_letters("Schindler\x92s List")
    ('Tom & Jerry', 'Amélie', 'Schindler’s List')
    """
    text = html.unescape(text)
    if text.isascii():
        return text
    for encoding in ("cp1252", "latin-1"):
        with contextlib.suppress(UnicodeError):
            return text.encode(encoding).decode("utf-8")
    return _HIGH_CONTROLS.sub(lambda found: found[0].encode("latin-1").decode("cp1252", errors="ignore"), text)


def without_controls(text: str) -> str:
    r"""The text without control characters, marks of byte order, and spaces without width; white space stays.

    >>> without_controls("He\0at\x1b (1995)")
    'Heat (1995)'
    """
    return text if text.isprintable() else CONTROLS.sub("", text)


def parse_title(raw: str) -> tuple[str, int | None]:
    """The title in natural word order and the year of a MovieLens title.

    Only a year at the end of the title counts; one outside FIRST_YEAR to LAST_YEAR is removed and None is
    returned for it. Alternative titles in brackets are kept, with their article moved as well. The title is
    empty if there is nothing but a year.

    >>> parse_title("Matrix, The (1999)")
    ('The Matrix', 1999)
    >>> parse_title("City of Lost Children, The (Cité des enfants perdus, La) (1995)")
    ('The City of Lost Children (La Cité des enfants perdus)', 1995)
    >>> parse_title("Death Note: Desu nôto (2006–2007)")
    ('Death Note: Desu nôto (2006–2007)', None)
    """
    title, year = " ".join(raw.split()), None
    match = _YEAR.search(title)
    if match:
        while title.endswith(in_brackets := match.group().strip()):  # in some titles it is written twice
            title = title.removesuffix(in_brackets).rstrip()
        digits = int(match.group(1))
        year = digits if FIRST_YEAR <= digits <= LAST_YEAR else None
    if ", " in title:
        title = _MOVED_ARTICLE.sub(_put_article_first, title)
    return title, year


def split_year(title: str) -> tuple[str, int | None]:
    """A title and the year that a person wrote behind it: after a comma or a dash, or in square brackets.

    >>> split_year("Heat - 1995"), split_year("Heat, 1995"), split_year("Heat [1995]"), split_year("Blade Runner 2049")
    (('Heat', 1995), ('Heat', 1995), ('Heat', 1995), ('Blade Runner 2049', None))
    """
    found = _LOOSE_YEAR.fullmatch(title.strip())
    if found is None or not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
        return title, None
    return found["title"], int(found["year"])


def title_names(title: str) -> list[str]:
    """The names in a title of `parse_title`: the main one, then those in brackets.

    >>> title_names("Seven (a.k.a. Se7en)"), title_names("(500) Days of Summer")
    (['Seven', 'Se7en'], ['(500) Days of Summer'])
    """
    main = title.split(" (")[0]
    return list(dict.fromkeys([main, *_ALTERNATIVE.findall(title)]))


def _put_article_first(match: re.Match[str]) -> str:
    opening, name, article = match.groups()
    return f"{opening}{article}{'' if article[-1] in '’' + chr(39) else ' '}{name}"

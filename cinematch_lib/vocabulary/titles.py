"""MovieLens titles: the year at the end, the article behind a comma, and keys for comparing titles."""

import re

from cinematch_lib.vocabulary.spelling import fold

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
_YEAR = re.compile(r"\s*\(([0-9]{4})\)$")
_MOVED_ARTICLE = re.compile(rf"(^|\((?:a\.k\.a\. )?)([^()]*\S), ({_ARTICLES})(?=$|\)| \()")


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


def title_key(title: str) -> str:
    """The title folded, without a leading English article, for comparing titles.

    >>> title_key("The Matrix"), title_key("Amélie")
    ('matrix', 'amelie')
    """
    folded = fold(title)
    first, _, rest = folded.partition(" ")
    return rest if rest and first in ("the", "a", "an") else folded


def _put_article_first(match: re.Match[str]) -> str:
    opening, name, article = match.groups()
    return f"{opening}{article}{'' if article[-1] in '’' + chr(39) else ' '}{name}"

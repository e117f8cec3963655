from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cinematch_lib.vocabulary.titles import FIRST_YEAR, LAST_YEAR, parse_title


@pytest.mark.parametrize(
    ("raw", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Matrix, The (1999)", "The Matrix", 1999),
        ("American President, The (1995)", "The American President", 1995),
        ("Beautiful Mind, A (2001)", "A Beautiful Mind", 2001),
        ("Andalusian Dog, An (Chien andalou, Un) (1929)", "An Andalusian Dog (Un Chien andalou)", 1929),
        ("Cité des enfants perdus, La (1995)", "La Cité des enfants perdus", 1995),
        ("Postman, The (Postino, Il) (1994)", "The Postman (Il Postino)", 1994),
        ("Avventura, L' (Adventure, The) (1960)", "L'Avventura (The Adventure)", 1960),
        ("Amant, L’ (1992)", "L’Amant", 1992),
        ("Boot, Das (Boat, The) (1981)", "Das Boot (The Boat)", 1981),
        ("Mariachi, El (1992)", "El Mariachi", 1992),
        ("Fidanzati, I (Fiances, The) (1963)", "I Fidanzati (The Fiances)", 1963),
        ("Seventh Seal, The (Sjunde inseglet, Det) (1957)", "The Seventh Seal (Det Sjunde inseglet)", 1957),
        ("Lift, De (1983)", "De Lift", 1983),
        ("So Normal (Normais, Os) (2003)", "So Normal (Os Normais)", 2003),
        (
            "Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il) (1966)",
            "The Good, the Bad and the Ugly (Il Buono, il brutto, il cattivo)",
            1966,
        ),
        ("Seven (a.k.a. Se7en, The) (1995)", "Seven (a.k.a. The Se7en)", 1995),
        ("Professional Gun, A (Mercenary, The) (Mercenario, Il) (1968)", None, 1968),
        ("Monsters, Inc. (2001)", "Monsters, Inc.", 2001),
        ("I, Robot (2004)", "I, Robot", 2004),
        ("Good Night, and Good Luck. (2005)", "Good Night, and Good Luck.", 2005),
        ("301, 302 (301/302) (1995)", "301, 302 (301/302)", 1995),
    ],
)
def test_articles_come_back_before_their_names(raw, title, year):
    assert parse_title(raw) == (title or "A Professional Gun (The Mercenary) (Il Mercenario)", year)


@pytest.mark.parametrize(
    ("raw", "title", "year"),
    [
        ("  Lost,  Lost, Lost (1976) ", "Lost, Lost, Lost", 1976),
        ("Heat\u00a0(1995)\t", "Heat", 1995),
        ("Heat(1995)", "Heat", 1995),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("1917 (2019)", "1917", 2019),
        ("Blade Runner (1982) (2007)", "Blade Runner (1982)", 2007),
        ("Paris (1998) restored", "Paris (1998) restored", None),
        ("Death Note (2006–2007)", "Death Note (2006–2007)", None),
        ("Babylon 5", "Babylon 5", None),
        ("Heat (0000)", "Heat", None),
        ("Heat (9999)", "Heat", None),
        ("Heat (95)", "Heat (95)", None),
        ("Heat (19955)", "Heat (19955)", None),
        (f"First ({FIRST_YEAR})", "First", FIRST_YEAR),
        (f"Too early ({FIRST_YEAR - 1})", "Too early", None),
        (f"Last ({LAST_YEAR})", "Last", LAST_YEAR),
        (f"Too late ({LAST_YEAR + 1})", "Too late", None),
        (" (2019)", "", 2019),
        ("", "", None),
        ("NA", "NA", None),
        ("None (2003)", "None", 2003),
    ],
)
def test_only_a_year_that_ends_the_title_counts(raw, title, year):
    assert parse_title(raw) == (title, year)


def letters(text):
    return Counter(char for char in text if char.isalpha())


ARTICLES = st.sampled_from(["The", "A", "L'", "Das", "Il", "la", "of"])
WORDS = st.text("ab é,()'", max_size=10)
TITLES = st.lists(st.one_of(WORDS, ARTICLES, st.sampled_from([", ", " (", ")", "(1999)"])), max_size=8).map("".join)


@example("a, The (b, A (c, An) (1999)")
@given(st.text() | TITLES)
def test_no_title_fails_and_no_letter_is_lost(raw):
    title, year = parse_title(raw)
    assert letters(title) == letters(raw)
    assert year is None or FIRST_YEAR <= year <= LAST_YEAR
    assert title == " ".join(title.split())


@given(st.text("abcdé ", min_size=1).filter(str.strip), st.sampled_from(["The", "A", "La", "L'"]))
def test_a_moved_article_is_put_back_whatever_the_name(name, article):
    name = " ".join(name.split())
    together = f"{article}{name}" if article == "L'" else f"{article} {name}"
    assert parse_title(f"{name}, {article} (1999)") == (together, 1999)

"""Numerals, acronyms, letters that do not decompose, and joined words."""

from itertools import product

import numpy as np
import pytest
from support.search_index import FAMOUS, found, index_of


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("rocky 2", "Rocky II (1979)"),
        ("rocky ii", "Rocky II (1979)"),
        ("Rocky two", "Rocky II (1979)"),
        ("star wars 5", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("empire strikes back", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("empirestrikesback", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("ET", "E.T. the Extra-Terrestrial (1982)"),
        ("e.t.", "E.T. the Extra-Terrestrial (1982)"),
        ("lotr", "The Lord of the Rings: The Two Towers (2002)"),
        ("rode kapel", "Red Chapel (Røde kapel) (2006)"),
        ("coeur fidele", "Cœur fidèle (1923)"),
        ("fast and furious", "Fast & Furious (2009)"),
        ("pulpfiction", "Pulp Fiction (1994)"),
        ("pulp fic tion", "Pulp Fiction (1994)"),
        ("primary colours", "Primary Colors (1998)"),
        ("eight and a half", "8 1/2 (8½) (1963)"),
        ("8½", "8 1/2 (8½) (1963)"),
        ("m", "M (1931)"),
        ("1917", "1917 (2019)"),
        ("カメラ", "カメラ (2001)"),
        ("ガメラ", "ガメラ (1995)"),
        ("grandillusion", "The Grand Illusion (1937)"),
        ("thegrandillusion", "The Grand Illusion (1937)"),
        ("forest gump", "Forrest Gump (1994)"),
        ("lotr 2", "The Lord of the Rings: The Two Towers (2002)"),
        ("lotr 3", "The Lord of the Rings: The Two Towers (2002)"),
        ("lotr two towers", "The Lord of the Rings: The Two Towers (2002)"),
        ("pulp fiction final cut", "Pulp Fiction (1994)"),
        ("watch pulp fiction online", "Pulp Fiction (1994)"),
        ("100 steps", "One Hundred Steps (2000)"),
        ("101 nights", "One Hundred and One Nights (1995)"),
        ("two thousand and one", "2001: A Space Odyssey (1968)"),
        ("twenty one grams", "Twenty-One Grams (a.k.a. 21 Grams) (2003)"),
    ],
)
def test_the_ways_in_which_people_write_titles(text, first):
    assert found(index_of(*FAMOUS), text)[0] == first


def test_a_year_counts_as_a_whole_only():
    index = index_of(("Heat", 1995), ("Days of Heaven", 1991), ("Casino", 1995))
    assert found(index, "199") == []
    assert found(index, "casino 1995")[0] == "Casino (1995)"


def test_a_year_at_the_end_is_of_the_title_or_of_the_film():
    index = index_of(("Blade Runner", 1982), ("Blade Runner 2049", 2017), ("Scarface", 1932), ("Scarface", 1983))
    assert found(index, "blade runner 2049")[0] == "Blade Runner 2049 (2017)"
    assert found(index, "blade runner 2017")[0] == "Blade Runner 2049 (2017)"
    assert found(index, "scarface 1983")[0] == "Scarface (1983)"
    assert found(index, "scarface [1983]")[0] == found(index, "1983 scarface")[0] == "Scarface (1983)"
    assert found(index, "scarface 1932")[0] == "Scarface (1932)"


def test_a_slip_is_found_among_thousands_of_titles_of_the_same_words():
    words = ["night", "river", "summer", "garden", "mirror", "winter", "shadow", "island", "harbor", "castle", "silver"]
    titles = [" ".join(three) for three in product([*words, "forest", "thunder", "velvet"], repeat=3)]
    index = index_of(*titles, quality=np.ones(len(titles)))
    for title in titles[::50]:
        middle = len(title) // 2
        assert found(index, title[:middle] + title[middle + 1 :], k=1) == [f"{title} (2000)"]


def test_a_slip_in_a_title_of_one_word_is_found_among_hundreds_that_have_more_of_its_trigrams():
    titles = ["Misery", *(f"{one}{other}siery" for one, other in product("abcdefghijkl", repeat=2))]
    index = index_of(*titles, quality=np.ones(len(titles)))
    assert found(index, "msiery", k=1) == ["Misery (2000)"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("doctor no", "Dr. No (1962)"),
        ("dr strange", "Doctor Strange (2016)"),
        ("mister holmes", "Mr. Holmes (2015)"),
        ("kramer versus kramer", "Kramer vs. Kramer (1979)"),
        ("saint elmos fire", "St. Elmo's Fire (1985)"),
        ("xmas story", "A Christmas Story (1983)"),
        ("the 3rd man", "The Third Man (1949)"),
        ("13th floor", "The Thirteenth Floor (1999)"),
        ("six sense", "The Sixth Sense (1999)"),
        ("shrek 3", "Shrek the Third (2007)"),
        ("first blood", "First Blood (1982)"),
        ("the saint", "The Saint (1997)"),
        ("toystory3", "Toy Story 3 (2010)"),
        ("ghandi", "Gandhi (1982)"),
        ("watch heat online for free in high quality", "Heat (1995)"),
    ],
)
def test_abbreviations_ordinals_and_moved_letters(text, first):
    titles = (
        *[
            ("Doctor Strangelove", 1964),
            ("Shrek", 2001),
            ("St. Louis Blues", 1958),
            ("Nightmare on the 14th Floor", 1990),
        ],
        *[("Dr. No", 1962), ("Doctor Strange", 2016), ("Mr. Holmes", 2015), ("Kramer vs. Kramer", 1979)],
        *[("St. Elmo's Fire", 1985), ("A Christmas Story", 1983), ("The Third Man", 1949), ("First Blood", 1982)],
        *[("The Thirteenth Floor", 1999), ("The Sixth Sense", 1999), ("Shrek the Third", 2007), ("The Saint", 1997)],
        *[("Toy Story 3", 2010), ("Gandhi", 1982), ("Heat", 1995)],
    )
    assert found(index_of(*titles), text)[0] == first


ALIENS = (("Alien", 1979), ("Aliens", 1986), ("Alien: Resurrection", 1997), ("Alien³ (a.k.a. Alien 3)", 1992))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("alien 1", "Alien (1979)"),
        ("alien 2", "Aliens (1986)"),
        ("alien two", "Aliens (1986)"),
        ("alien 3", "Alien³ (a.k.a. Alien 3) (1992)"),
        ("alien 4", "Alien: Resurrection (1997)"),
        ("alien 4 1997", "Alien: Resurrection (1997)"),
    ],
)
def test_a_number_is_the_place_of_a_film_among_the_well_known_ones_of_the_name(text, first):
    others = (("Alien 2: On Earth", 1980), ("Alienation", 1981), ("Alien Terror", 1983), ("Part 4", 1990))
    index = index_of(*ALIENS, *others, quality=[1, 1, 0.9, 0.9, 0.1, 1, 0.1, 1])
    assert found(index, text)[0] == first


def test_a_number_in_a_title_goes_before_the_place_by_year():
    titles = (("Star Wars: Episode IV - A New Hope", 1977), ("Star Wars: Episode I - The Phantom Menace", 1999))
    assert (
        found(index_of(*titles, quality=[1, 0.9]), "star wars 1")[0]
        == "Star Wars: Episode I - The Phantom Menace (1999)"
    )


def test_a_series_has_no_film_beyond_its_last():
    assert found(index_of(*ALIENS), "alien 9")[0] == "Alien (1979)"
    assert found(index_of(("Alien", None), ("Aliens", 1986)), "alien 1")[0] == "Aliens (1986)"


MISSIONS = (
    ("Monsters, Inc.", 2001),
    ("Mission: Impossible", 1996),
    ("Mission: Impossible - Ghost Protocol", 2011),
    ("Mission: Impossible - Rogue Nation", 2015),
    ("Mission: Impossible II", 2000),
    ("Mission: Impossible III", 2006),
)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("mission impossible 4", "Mission: Impossible - Ghost Protocol (2011)"),
        ("mi 4", "Mission: Impossible - Ghost Protocol (2011)"),
        ("MI5", "Mission: Impossible - Rogue Nation (2015)"),
        ("mi 3", "Mission: Impossible III (2006)"),
    ],
)
def test_initials_with_a_number_name_a_film_of_a_series_whose_numbered_films_are_less_known(text, first):
    assert found(index_of(*MISSIONS, quality=[1, 0.9, 0.9, 0.9, 0.2, 0.2]), text)[0] == first


@pytest.mark.parametrize(
    ("text", "first"),
    [("the all", "The Fall (2000)"), ("the ing", "The Ring (2000)"), ("The Outsider", "The Outsiders (2000)")],
)
def test_an_article_tells_a_slip_in_a_short_title_from_the_beginnings_of_others(text, first):
    begin = [
        f"{word} {end}" for word in ("All", "Ing", "Outsider") for end in ("About", "Along", "Day", "Night", "One")
    ]
    index = index_of(*begin, "The Fall", "The Ring", "The Outsiders", quality=[*[0.9] * 15, 1, 1, 1])
    assert found(index, text)[0] == first

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

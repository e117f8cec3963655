"""Search over a few titles."""

import numpy as np

from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.search import FilmSearch
from support.small_runs import film_table


def index_of(*titles, quality=None):
    """The search of such titles, or pairs of title and year; by default, the earlier the more popular."""
    pairs = [title if isinstance(title, tuple) else (title, 2000) for title in titles]
    popularity = np.array(range(len(pairs), 0, -1) if quality is None else quality, dtype=float)
    popularity /= popularity.max(initial=1)
    films = film_table({}, *[{"title": title, "year": year} for title, year in pairs])[1:]
    return FilmSearch(FilmTable(movies_meta(films, popularity, [], "none", [])), popularity)


def found(index, text, k=10):
    return [index.label(row) for row in index.search(text, k)]


FAMOUS = (
    ("Rocky", 1976),
    ("Rocky II", 1979),
    ("Rocky III", 1982),
    ("Star Wars: Episode IV - A New Hope", 1977),
    ("Star Wars: Episode V - The Empire Strikes Back", 1980),
    ("E.T. the Extra-Terrestrial", 1982),
    ("The Lord of the Rings: The Two Towers", 2002),
    ("Red Chapel (Røde kapel)", 2006),
    ("Cœur fidèle", 1923),
    ("Fast & Furious", 2009),
    ("Pulp Fiction", 1994),
    ("Primary Colors", 1998),
    ("8 1/2 (8½)", 1963),
    ("M", 1931),
    ("1917", 2019),
    ("ガメラ", 1995),
    ("カメラ", 2001),
    ("The Grand Illusion", 1937),
    ("Forrest Gump", 1994),
    ("Forest Flame", 2003),
    ("One Hundred Steps", 2000),
    ("One Hundred and One Nights", 1995),
    ("2001: A Space Odyssey", 1968),
    ("Twenty-One Grams (a.k.a. 21 Grams)", 2003),
)

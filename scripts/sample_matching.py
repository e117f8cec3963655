"""Matching the films of Wikidata and MovieLens by title and year, where the match is unambiguous."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cinematch_lib.vocabulary.genres import canonical_genres
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import parse_title


@dataclass(frozen=True)
class Film:
    """A film of MovieLens; `year` is None where its title has none."""

    movie_id: int
    title: str
    year: int | None
    genres: str


@dataclass(frozen=True)
class Entry:
    """A film of Wikidata. Its lists are in alphabetical order, so the first is not the foremost."""

    imdb_id: str
    title: str
    year: int
    released: str
    runtime: int | None
    genres: tuple[str, ...]
    directors: tuple[str, ...]
    cast: tuple[str, ...]
    languages: tuple[str, ...]
    countries: tuple[str, ...]


_IN_BRACKETS = re.compile(r"\s*\(([^()]*)\)")
_ONE_SPELLING = {"ii": "2", "iii": "3", "iv": "4", "vol": "volume", "colours": "colors"}


def match_key(title: str) -> str:
    """The `title_key` of a title without its year, with numbers and common variants in one spelling, closed up.

    >>> match_key("Matrix, The") == match_key("The Matrix") == "matrix"
    True
    >>> match_key("Cité des enfants perdus, La"), match_key("Butch Cassidy & the Sundance Kid")
    ('lacitedesenfantsperdus', 'butchcassidyandthesundancekid')
    """
    title, _ = parse_title(title.title())  # a moved article is recognized by its capital
    words = _title_key(title.replace("&", " and ")).split()
    return "".join(_ONE_SPELLING.get(word, word) for word in words)


def _own_keys(title: str) -> set[str]:
    return {match_key(title), match_key(_IN_BRACKETS.sub("", title))}


def _keys_in_brackets(title: str) -> set[str]:
    others = (re.sub(r"^a\.?k\.?a\.?:? ", "", other) for other in _IN_BRACKETS.findall(title))
    return {match_key(other) for other in others}


def _keys_before_subtitle(title: str) -> set[str]:
    main, *subtitle = re.split(r": | - | or: ", _IN_BRACKETS.sub("", title), maxsplit=1)
    return {match_key(main)} if subtitle else set()


# From the strictest to the loosest: the keys to compare, the permitted differences of the years, and whether a
# common genre is required.
_Round = tuple[Callable[[str], set[str]], tuple[int, ...], bool]
_ROUNDS: tuple[_Round, ...] = (
    (_own_keys, (0,), False),
    (_keys_in_brackets, (0,), False),
    (_own_keys, (-1, 1), True),
    (_keys_before_subtitle, (0,), True),
)


def match(films: Iterable[Film], entries: Iterable[Entry]) -> dict[int, Entry]:
    """The Wikidata entry of each film with an unambiguous match, by movie id.

    A film and an entry match if, in some round, each is the other's only candidate. Films with several candidates
    are excluded from later rounds, which are looser and could only guess.
    """
    by_title: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        by_title[match_key(entry.title), entry.year].append(entry)
    waiting = [film for film in films if film.year is not None]
    matches: dict[int, Entry] = {}
    taken: set[str] = set()
    for keys, offsets, share_genre in _ROUNDS:
        found: dict[Film, dict[str, Entry]] = {}
        for film in waiting:
            places = ((key, film.year + offset) for key in keys(film.title) for offset in offsets)
            candidates = (entry for place in places for entry in by_title.get(place, ()))
            found[film] = {
                entry.imdb_id: entry
                for entry in candidates
                if entry.imdb_id not in taken and not (share_genre and _genres_differ(film, entry))
            }
        wanted = Counter(imdb_id for candidates in found.values() for imdb_id in candidates)
        for film, candidates in found.items():
            if len(candidates) == 1 and wanted[only := next(iter(candidates))] == 1:
                matches[film.movie_id] = candidates[only]
        waiting = [film for film, candidates in found.items() if not candidates]
        taken |= wanted.keys()
    return matches


def _genres_differ(film: Film, entry: Entry) -> bool:
    genres = set(canonical_genres(entry.genres))
    return bool(genres) and genres.isdisjoint(canonical_genres(film.genres.split(LIST_SEPARATOR)))


def _title_key(title: str) -> str:
    """The title folded, without a leading English article."""
    folded = fold(title)
    first, _, rest = folded.partition(" ")
    return rest if rest and first in ("the", "a", "an") else folded

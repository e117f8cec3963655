"""The films that cleaning left out of a run: found by id and title, with the reason and the remedy."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rapidfuzz import fuzz, process

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.errors import CineMatchError, LeftOutError
from cinematch_lib.storage.paths import REJECTS
from cinematch_lib.vocabulary.search_words import search_words, usual_words
from cinematch_lib.vocabulary.titles import parse_title, title_names

_SIMILAR = 85  # in percent, the least similarity of a slip
_YEAR_AT_END = re.compile(r"(.*\S)\s+((?:18|19|20)\d\d)")
_NUMBER = re.compile(r"\d+")
# The beginning of a reason, and the parameter that lets the film in.
_PARAMETERS = {
    "before": "min_year null",
    "after": "max_year null",
    "no TMDb metadata": "require_tmdb false",
    "fewer than": "min_ratings 0",
    "none of the genres": "genres_keep []",
    "one of the genres": "genres_drop []",
    "shorter than": "min_runtime null",
    "longer than": "max_runtime null",
    "no running time known": "min_runtime null -p max_runtime null",
    "on none of the services": "services_keep []",
}


@dataclass(frozen=True)
class LeftOutFilm:
    """A film of the data set that a run lacks; `title` has the year, if known; unknown ids of IMDb and TMDb are ""."""

    movie_id: int
    title: str
    reason: str
    imdb_id: str = ""
    tmdb_id: str = ""

    @property
    def remedy(self) -> str:
        """How to bring the film in."""
        for beginning, parameter in _PARAMETERS.items():
            if self.reason.startswith(beginning):
                return f"to bring it in, make a run without this filter: cinematch run -p {parameter}"
        return "to bring it in, add what is missing to the data set, or fetch it from TMDb, and make a new run"

    def error(self) -> LeftOutError:
        """The error for a request that needs the film."""
        return LeftOutError(self.title, self.reason, self.remedy)


class RejectedFilms:
    """The films of the data set that a run left out, read when they are first asked for."""

    def __init__(self, run: Run | None = None) -> None:
        self._run = run

    def __getstate__(self) -> dict[str, Any]:
        """The films alone: a run holds mapped files, which cannot be pickled."""
        return {"_run": None, "_films": self._films}

    @cached_property
    def _films(self) -> dict[int, LeftOutFilm]:
        if self._run is None or REJECTS not in self._run.info.files:
            return {}
        try:
            text = self._run.read_bytes(REJECTS).decode("utf-8")
        except CineMatchError:  # the run was removed since it was loaded; the film is unknown all the same
            return {}
        films = (
            LeftOutFilm(int(row["id"]), row["title"], row["reason"], row.get("imdb_id") or "", row.get("tmdb_id") or "")
            for row in csv.DictReader(io.StringIO(text))  # of earlier versions without the ids of IMDb and TMDb
            if row["file"] == "movies.csv" and row["id"].isdecimal()
        )
        return {film.movie_id: film for film in films}

    @cached_property
    def _names(self) -> list[tuple[str, int | None, LeftOutFilm]]:
        """The reduced names of the films, each with the film's year."""
        found = []
        for film in self._films.values():
            title, year = parse_title(film.title)
            found += [(name, year, film) for name in _reduced_names(title)]
        return found

    def film(self, movie_id: int) -> LeftOutFilm | None:
        """The film with this id, if it was left out."""
        return self._films.get(movie_id)

    @cached_property
    def _linked(self) -> dict[tuple[str, str], LeftOutFilm]:
        films = self._films.values()
        pairs = [*((("imdb", one.imdb_id), one) for one in films), *((("tmdb", one.tmdb_id), one) for one in films)]
        return {key: film for key, film in pairs if key[1]}

    def linked(self, *, imdb: str = "", tmdb: int | None = None) -> LeftOutFilm | None:
        """The film with this id of IMDb's, in digits, or else of TMDb's, if it was left out."""
        return self._linked.get(("imdb", imdb)) or self._linked.get(("tmdb", str(tmdb)))

    def __bool__(self) -> bool:
        """Whether the run keeps an account of any film that it left out."""
        return bool(self._films)

    def search(self, text: str, k: int = 3, *, exact: bool = False) -> list[LeftOutFilm]:
        """Up to `k` films of this title, the most similar first; misspelt too, unless `exact`. It may have a year."""
        if not self:
            return []
        lowest = 100 if exact else _SIMILAR
        best: dict[int, float] = {}
        names = [name for name, _, _ in self._names]
        for title, year in _readings(text):
            for _, similarity, at in process.extract(title, names, scorer=fuzz.ratio, score_cutoff=lowest, limit=20):
                name, of_film, film = self._names[at]
                if _NUMBER.findall(name) != _NUMBER.findall(title):
                    continue
                if year is None or _may_be_of(year, of_film, film.reason):
                    best[film.movie_id] = max(similarity, best.get(film.movie_id, 0))
        order = sorted(best, key=lambda movie_id: (-best[movie_id], movie_id))
        return [self._films[movie_id] for movie_id in order[:k]]

    def check_id(self, movie_id: int) -> None:
        """Raise LeftOutError if the film with this id was left out."""
        if (film := self.film(movie_id)) is not None:
            raise film.error() from None

    def check_title(self, title: str, similar: Iterable[str] = ()) -> None:
        """Raise LeftOutError if a film of this title was left out, and none of the titles `similar` is as much like it.

        A title with its year goes before titles that are as similar.
        """
        for film in self.search(title, 1):
            likeness = _similarity(title, _reduced_names(parse_title(film.title)[0]))
            nearest = max(
                (_similarity(title, map(_reduced, title_names(parse_title(one)[0]))) for one in similar), default=0
            )
            of_year = parse_title(title)[1] is not None
            if likeness > nearest or (of_year and likeness == nearest):
                raise film.error() from None


def _similarity(title: str, names: Iterable[str]) -> float:
    """The similarity of a title to the most similar of some reduced names, 0 to 100."""
    readings = [name for name, _ in _readings(title)]
    return max(fuzz.ratio(one, name) for name in names for one in readings)


def _reduced_names(title: str) -> list[str]:
    """The reduced names of a title: those in brackets too, and the parts of each around a colon or a dash.

    The last part of a name counts if it has two words that tell something: "Part II" is no name.
    """
    names = title_names(title)
    split = [name.rpartition(mark) for name in names for mark in (": ", " - ") if mark in name]
    parts = [part for before, _, after in split for part in (before, after) if part == before or _n_words(after) > 1]
    return list(dict.fromkeys(_reduced(name) for name in [*names, *parts]))


def _n_words(name: str) -> int:
    return len(search_words(name))


def _reduced(name: str) -> str:
    """A name as titles are compared: "The Godfather: Part II" is "godfather2"."""
    return "".join(usual_words(search_words(name)))


def _readings(text: str) -> Iterator[tuple[str, int | None]]:
    """What a text may mean: a title and a year. A number at the end may be either."""
    title, year = parse_title(text)
    yield _reduced(title), year
    if year is None and (match := _YEAR_AT_END.fullmatch(title)):
        yield _reduced(match[1]), int(match[2])


def _may_be_of(year: int, of_film: int | None, reason: str) -> bool:
    """Whether a film of the year `of_film`, left out for this reason, can be of the year that somebody asks for."""
    bound = re.fullmatch(r"(before|after) (\d+)", reason)
    if of_film is not None or bound is None:
        return of_film in (None, year)
    return year < int(bound[2]) if bound[1] == "before" else year > int(bound[2])

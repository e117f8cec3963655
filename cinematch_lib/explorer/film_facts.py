"""What is known of a film, and which file each fact comes from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.data.genre_fields import judge_genres
from cinematch_lib.data.layouts import source_of
from cinematch_lib.data.movielens import film_rows
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.explorer.counts import AllFilms
from cinematch_lib.recommender.films import Movie
from cinematch_lib.vocabulary.languages import language_name
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from cinematch_lib.vocabulary.titles import parse_title

_SERVICES = {"demo": "invented for demonstration", "tmdb": "JustWatch, through TMDb", "file": "your own file"}


@dataclass(frozen=True)
class Fact:
    """A fact in words, and its source."""

    name: str
    value: str
    source: str


@dataclass(frozen=True)
class FilmFacts:
    """The facts of a data set's films: `folder` holds its tables, `metadata` is TMDb's, None without it."""

    dataset: str
    folder: Path
    metadata: Path | None

    def of(self, films: AllFilms, row: int, services: str) -> list[Fact]:
        """The facts of the film in a row that are known; `services` names the source of the streaming services."""
        film = films.films.iloc[row]
        given_year, given_genres = self._given(int(film["line"]))
        ratings = films.columns.ratings
        votes = (
            "" if pd.isna(film["vote_count"]) else f"{film['vote_average']:.1f} of 10, {film['vote_count']:,.0f} votes"
        )
        facts = [
            Fact("year", _whole(film["year"]), self._movies if given_year else self._details),
            Fact("genres", _words(film["genres"]), self._movies if given_genres else self._details),
            Fact("running time", "" if pd.isna(film["runtime"]) else f"{film['runtime']} minutes", self._details),
            Fact("director", _words(film["director"]), self._details),
            Fact("cast", _words(film["cast_top"]), self._details),
            Fact("language", language_name(film["original_language"]), self._details),
            Fact("keywords", _words(film["keywords"]), self._details),
            Fact("TMDb's votes", votes, self._details),
            Fact("services", _words(film["services"]), _SERVICES.get(services, services)),
            Fact("ratings", "" if ratings is None else f"{int(ratings[row]):,}", self._file("ratings")),
            Fact("ids", _ids(film), f"{self._file('links')}"),
        ]
        return [fact for fact in facts if fact.value]

    def overview(self, films: AllFilms, row: int) -> Fact | None:
        """What the film is about; None where that is unknown."""
        film = films.films.iloc[row]
        known = film["overview"] and film["overview"] != film["title"]
        return Fact("overview", film["overview"], self._details) if known else None

    @cached_property
    def _rows(self) -> tuple[pd.DataFrame, np.ndarray]:
        return film_rows(self.folder, RejectLog())

    def _given(self, line: int) -> tuple[bool, bool]:
        """Whether the table of films itself names the year and the genres of the film on a line."""
        rows, lines = self._rows
        at = int(np.flatnonzero(lines == line)[0])
        given = rows.iloc[[at]]
        genres = judge_genres(given["genres"], "movies.csv", RejectLog()).iloc[0]
        has_column = "year" in given and bool(str(given["year"].iloc[0]).strip())
        return has_column or parse_title(given["title"].iloc[0])[1] is not None, bool(genres)

    @property
    def _movies(self) -> str:
        return self._file("movies")

    @property
    def _details(self) -> str:
        if self.metadata is None:
            return ""
        return f"{'Wikidata' if self.dataset == 'sample' else 'TMDb'}, {self.metadata.name}"

    def _file(self, table: str) -> str:
        source = source_of(self.folder, table)
        return "" if source is None else f"MovieLens, {source.path.name}"


def movie_of(films: AllFilms, row: int) -> Movie:
    """The film in a row, whether or not a run has it."""
    film = films.films.iloc[row]
    return Movie(
        movie_id=int(film["movieId"]),
        title=film["title"],
        year=None if pd.isna(film["year"]) else int(film["year"]),
        runtime=None if pd.isna(film["runtime"]) else int(film["runtime"]),
        genres=tuple(filter(None, film["genres"].split(LIST_SEPARATOR))),
        services=tuple(filter(None, film["services"].split(LIST_SEPARATOR))),
        overview=film["overview"],
        poster_path=film["poster_path"],
    )


def _words(joined: str) -> str:
    return joined.replace(LIST_SEPARATOR, ", ")


def _whole(value: object) -> str:
    return "" if pd.isna(value) else str(value)


def _ids(film: pd.Series) -> str:
    names = [f"MovieLens {film['movieId']}"]
    if film["imdbId"]:
        names.append(f"IMDb tt{film['imdbId']}")
    return ", ".join([*names, *([] if pd.isna(film["tmdbId"]) else [f"TMDb {film['tmdbId']}"])])

"""The films of a run: looked up by id or title, searched, and listed page by page."""

import contextlib
import re
from collections.abc import Collection
from functools import cached_property
from typing import Any

import numpy as np

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.search_index import SearchIndex
from cinematch_lib.errors import UnknownNameError
from cinematch_lib.recommender.browsing import Browser, CatalogPage
from cinematch_lib.recommender.films import FilmTable, Movie
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.ranking import check_k
from cinematch_lib.recommender.rejected import LeftOutFilm, RejectedFilms
from cinematch_lib.recommender.search import FIELDS, FilmSearch
from cinematch_lib.vocabulary.checks import check_text
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import split_year

_IMDB = re.compile(r"tt([0-9]{7,8})")


class FilmCatalog:
    """What can be asked of the films of a run without recommending; the base of `Recommender`."""

    def __init__(
        self, films: FilmTable, rejected: RejectedFilms, index: SearchIndex | None, item_weights: ItemWeights | None
    ) -> None:
        """From the parts of a run; without an `index`, it is built when it is first needed."""
        self._films, self._rejected, self._index = films, rejected, index
        self._popularity = films.popularity if item_weights is None else item_weights.popularity
        self._votes = films.votes if item_weights is None else item_weights.like_counts

    def __len__(self) -> int:
        return len(self._films)

    def __contains__(self, movie_id: object) -> bool:
        """Whether a film with this MovieLens id is here."""
        return movie_id in self._films

    @property
    def movie_ids(self) -> np.ndarray:
        """The MovieLens ids of all films, int64 (films,), ascending; read-only."""
        return self._films.ids

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of the films, in alphabetical order."""
        return self._films.genres

    @property
    def most_votes(self) -> int:
        """The largest `min_votes` of `browse` that a film fits."""
        return int(self._votes.max(initial=0))

    @property
    def services(self) -> tuple[str, ...]:
        """The streaming services of the films, in alphabetical order."""
        return self._films.services

    @property
    def services_source(self) -> str:
        """The source of the streaming services: ``tmdb``, ``file``, ``demo`` or ``none``."""
        return self._films.services_source

    @property
    def original_languages(self) -> tuple[str, ...]:
        """The codes of the films' original languages, in alphabetical order."""
        return self._films.original_languages

    @property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year of release; None where no film's is known."""
        return self._films.year_range

    @property
    def runtimes(self) -> tuple[int, int] | None:
        """The shortest and the longest known running time in minutes; None where none is known."""
        return self._films.runtime_range

    @property
    def median_runtime(self) -> int | None:
        """The median of the known runtimes in minutes; None where none is known."""
        return self._films.median_runtime

    def genre(self, name: str) -> str:
        """The genre that `name` means in any usual spelling. Raises UnknownNameError."""
        return self._films.genre(name)

    def service(self, name: str) -> str:
        """The streaming service that `name` means in any usual spelling. Raises UnknownNameError."""
        return self._films.service(name)

    def language(self, name: str) -> str:
        """The code of the original language that `name` means: a code, maybe with a region, or its English name.

        Case does not matter. Raises UnknownNameError.
        """
        return self._films.language(name)

    def movie(self, movie_id: int) -> Movie:
        """One film. Raises UnknownNameError for an unknown id, with the reason where cleaning left the film out."""
        return self._films.movie(self._row(movie_id))

    def id_of(self, *, movie: int | None = None, imdb: str = "", tmdb: int | None = None) -> int | None:
        """The MovieLens id of the film with this one, or else this id of IMDb's, in digits, or else of TMDb's.

        None if none is here. Raises LeftOutError where cleaning left the film out.
        """
        if movie in self:
            return movie
        columns = self._films.columns
        if imdb and imdb in columns.imdb_ids:
            return int(self._films.ids[columns.imdb_ids.index(imdb)])
        if tmdb and len(rows := np.flatnonzero(columns.tmdb_ids == tmdb)):
            return int(self._films.ids[rows[0]])
        if movie is not None:
            self._rejected.check_id(movie)
        if (film := self._rejected.linked(imdb=imdb, tmdb=tmdb)) is not None:
            raise film.error()
        return None

    def id_titled(self, title: str, year: int | None) -> int | None:
        """The id of the most popular film of exactly this title and year, in any case; None if there is none.

        Many titles are found faster than by `find`, which also knows other titles of a film.
        """
        return self._id_titled.get((fold(title), year))

    @cached_property
    def _id_titled(self) -> dict[tuple[str, int | None], int]:
        films, order = self._films, np.argsort(self._popularity, kind="stable")  # the most popular comes last
        return {(fold(films.titles[row]), films.year(row)): int(films.ids[row]) for row in order.tolist()}

    def find(self, title: str) -> Movie:
        """The one film that `title` names, as "Heat (1995)", "Heat, 1995", "Heat", or by IMDb's id, as "tt0113277".

        Raises UnknownNameError for an unknown or ambiguous title, with the reason where cleaning left the film out.
        """
        check_text("title", title)
        if linked := _IMDB.fullmatch(title.strip()):
            if (movie_id := self.id_of(imdb=linked[1])) is None:
                raise UnknownNameError(f"no film here has the IMDb id {linked[0]}")
            return self.movie(movie_id)
        try:
            return self._films.movie(self._search.resolve(title))
        except UnknownNameError as error:
            name, year = split_year(title)
            if year is not None:
                return self.find(f"{name} ({year})")
            self._rejected.check_title(title, error.suggestions)
            raise

    def search(self, text: str, k: int = 10, fields: Collection[str] = FIELDS) -> list[Movie]:
        """Up to `k` films by title, exact or misspelt, then by director and cast, then by all words of the plot.

        The text may be an id of IMDb's, such as ``tt0113277``.
        `fields` are those that are searched. A year at the end of the text prefers films of that year. An empty list
        where nothing is found. Raises CineMatchError where k is below 1 (it may exceed the number of films), and for
        unknown fields.
        """
        check_k(k)
        check_text("text", text)
        if _IMDB.fullmatch(text.strip()):
            with contextlib.suppress(UnknownNameError):
                return [self.find(text)]
            return []
        return [self._films.movie(row) for row in self._search.search(text, k, fields)]

    def left_out(self, text: str, k: int = 3) -> list[LeftOutFilm]:
        """Up to `k` films of this title, or IMDb id, that cleaning left out of the run, each with the reason.

        The title may be misspelt, unless a film here has exactly this title. An empty list where the run keeps no
        account of what it left out.
        """
        check_k(k)
        check_text("text", text)
        if linked := _IMDB.fullmatch(text.strip()):
            film = self._rejected.linked(imdb=linked[1])
            return [film] if film is not None else []
        return self._rejected.search(text, k, exact=bool(self._search.equal(text))) if self._rejected else []

    def browse(
        self,
        genre: str | None = None,
        service: str | None = None,
        year: int | None = None,
        language: str | None = None,
        *,
        sort: str = "popularity",
        min_votes: int = 0,
        offset: int = 0,
        limit: int = 20,
    ) -> CatalogPage:
        """A page of the films that fit, and the number of all that do.

        `sort` is ``popularity``, ``rating`` (the Bayesian average), ``year`` (the newest first) or ``title``;
        `min_votes` counts likes where the run has ratings, else TMDb's votes; `language` is the original language, as
        a code or its English name. Raises CineMatchError for other values, UnknownNameError for unknown genres,
        services and languages.
        """
        names = {"preferred_genres": genre, "services": service, "original_languages": language}
        chosen: dict[str, Any] = {field: [name] for field, name in names.items() if name}
        wanted = Preferences(year_min=year, year_max=year, **chosen)
        return self._browser.page(wanted, sort, min_votes, offset, limit)

    @cached_property
    def _browser(self) -> Browser:
        return Browser(self._films, self._popularity, self._votes)

    @cached_property
    def _search(self) -> FilmSearch:
        return FilmSearch(self._films, self._popularity, self._index)

    def _row(self, movie_id: int) -> int:
        try:
            return self._films.row(movie_id)
        except UnknownNameError:
            self._rejected.check_id(movie_id)
            raise

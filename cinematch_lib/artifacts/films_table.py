"""What the recommender knows of the films: a table by columns, in ``films.npz``, and what holds for all of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import numpy as np

from cinematch_lib.artifacts.array_file import UNREADABLE, flatten, read_arrays, unflatten, write_arrays
from cinematch_lib.artifacts.texts import Categories, Texts
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import Content

if TYPE_CHECKING:
    import pandas as pd

FILMS = "films.npz"


class FilmColumns(NamedTuple):
    """The films column by column, in the order of the feature rows.

    Attributes
    ----------
    movie_ids : int64 (films,), MovieLens ids, ascending.
    years, runtimes : float32 (films,), year of release and minutes; NaN where unknown.
    titles, overviews : an unknown overview is the title.
    genres, services, directors, casts : lists joined by ``|``; "" where nothing is known.
    original_languages : codes; "" where unknown.
    tmdb_ids, vote_counts : int64 (films,), 0 where unknown.
    imdb_ids, poster_paths : "" where unknown.
    quality : float32 (films,), the Bayesian average rating less the mean, on a scale of −1 to 1.

    """

    movie_ids: np.ndarray
    years: np.ndarray
    runtimes: np.ndarray
    titles: Texts
    overviews: Texts
    genres: Categories
    services: Categories
    original_languages: Categories
    directors: Texts
    casts: Texts
    tmdb_ids: np.ndarray
    imdb_ids: Texts
    poster_paths: Texts
    vote_counts: np.ndarray
    quality: np.ndarray

    def joined(self, others: "FilmColumns") -> "FilmColumns":
        """These films and others, by ascending id. Raises CineMatchError if they share an id."""
        order = np.argsort(np.concatenate([self.movie_ids, others.movie_ids]))
        columns = FilmColumns(*(_joined(one, other, order) for one, other in zip(self, others, strict=True)))
        columns._check()
        return columns

    def write(self, to: BinaryIO) -> None:
        """Write as uncompressed npz; the same films give the same bytes."""
        write_arrays(to, dict(flatten(self)))

    @classmethod
    def read(cls, content: Content) -> "FilmColumns":
        """From the content of a file that `write` wrote, never a pickle. Raises CineMatchError for any other file."""
        try:
            columns = cast(FilmColumns, unflatten(cls, read_arrays(content)))
            columns._check()
        except (*UNREADABLE, CineMatchError) as error:
            raise CineMatchError(f"it holds no table of films ({error})") from None
        return columns

    def _check(self) -> None:
        columns = self._asdict().items()
        lengths = {name: len(one.codes if isinstance(one, Categories) else one) for name, one in columns}
        if wrong := [name for name, length in lengths.items() if length != len(self.movie_ids)]:
            raise CineMatchError(f"{wrong[0]} has {lengths[wrong[0]]:,} rows, movie_ids {len(self.movie_ids):,}")
        if not (np.diff(self.movie_ids) > 0).all():
            raise CineMatchError("movie ids must be ascending without repeats")


def _joined(one: Any, other: Any, order: np.ndarray) -> Any:
    if isinstance(one, np.ndarray):
        return np.concatenate([one, other])[order]
    return one.joined(other).take(order)


class MoviesMeta(NamedTuple):
    """The films of a run, and what holds for all of them, which ``movies_meta.json`` holds.

    `features` are the names of the feature columns; `services_source` is ``tmdb``, ``file``, ``demo`` or ``none``;
    `attributions` are the lines to show with the films.
    """

    columns: FilmColumns
    features: Sequence[str]
    services_source: str
    attributions: Sequence[str]

    def facts(self) -> dict[str, object]:
        """The value of ``movies_meta.json``."""
        return {name: value for name, value in self._asdict().items() if name != "columns"}


def movies_meta(
    films: "pd.DataFrame",
    quality: np.ndarray,
    feature_names: Sequence[str],
    services_source: str,
    attributions: Sequence[str],
) -> MoviesMeta:
    """The films as a run holds them, from the catalog.

    `films` has the columns of `tables.MERGED`, in the order of movieId; `quality` is float (films,), from
    `features.build_features`. Raises CineMatchError where the ids are not ascending.
    """
    texts = {name: films[name].fillna("").astype(str).tolist() for name in _TEXTS}
    columns = FilmColumns(
        movie_ids=films["movieId"].to_numpy(dtype=np.int64),
        years=films["year"].to_numpy(dtype=np.float32, na_value=np.nan),
        runtimes=films["runtime"].to_numpy(dtype=np.float32, na_value=np.nan),
        titles=Texts.of(texts["title"]),
        overviews=Texts.of(texts["overview"]),
        genres=Categories.of(texts["genres"]),
        services=Categories.of(texts["services"]),
        original_languages=Categories.of(texts["original_language"]),
        directors=Texts.of(texts["director"]),
        casts=Texts.of(texts["cast_top"]),
        tmdb_ids=films["tmdbId"].to_numpy(dtype=np.int64, na_value=0),
        imdb_ids=Texts.of(texts["imdbId"]),
        poster_paths=Texts.of(texts["poster_path"]),
        vote_counts=films["vote_count"].to_numpy(dtype=np.int64, na_value=0),
        quality=np.asarray(quality, dtype=np.float32),
    )
    columns._check()
    return MoviesMeta(columns, list(feature_names), services_source, list(attributions))


_TEXTS = (
    *("title", "overview", "genres", "services", "original_language"),
    *("director", "cast_top", "imdbId", "poster_path"),
)

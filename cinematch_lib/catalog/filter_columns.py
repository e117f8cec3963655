"""What filters ask of films, column by column: each made when it is first asked for, then kept."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.vocabulary.genres import MOVIELENS_GENRES, TMDB_ONLY_GENRES
from cinematch_lib.vocabulary.lists import multi_hot
from cinematch_lib.vocabulary.services import resolve_service, service_keys


class FilterColumns:
    """Columns of the films of `catalog.merge_films`, by row; unknown numbers are NaN.

    A comparison with NaN is false, so what is unknown breaks no bound by itself.
    """

    def __init__(self, films: pd.DataFrame, rating_counts: pd.Series | None = None) -> None:
        """`rating_counts` maps movieId to its number of ratings; None where the data set has no ratings."""
        self._films = films
        self._rating_counts = rating_counts

    def __len__(self) -> int:
        return len(self._films)

    @cached_property
    def year(self) -> np.ndarray:
        """The year of release, float32 (films,)."""
        return self._films["year"].to_numpy(dtype="float32", na_value=np.nan)

    @cached_property
    def runtime(self) -> np.ndarray:
        """The running time in minutes, float32 (films,)."""
        return self._films["runtime"].to_numpy(dtype="float32", na_value=np.nan)

    @cached_property
    def has_tmdb(self) -> np.ndarray:
        """Whether there is a row of TMDb metadata, bool (films,)."""
        return self._films["has_tmdb"].to_numpy(dtype=bool)

    @cached_property
    def genreless(self) -> np.ndarray:
        """Whether no genre is known, bool (films,)."""
        return (self._films["genres"] == "").to_numpy(dtype=bool)

    @cached_property
    def has_genre(self) -> Mapping[str, np.ndarray]:
        """For each genre that a film has, which films have it, bool (films,)."""
        return multi_hot(self._films["genres"].to_list())

    @cached_property
    def has_service(self) -> Mapping[str, np.ndarray]:
        """For each service that has a film, which films it has, bool (films,)."""
        return multi_hot(self._films["services"].to_list())

    @cached_property
    def ratings(self) -> np.ndarray | None:
        """The number of MovieLens ratings, int64 (films,); None where the data set has no ratings."""
        if self._rating_counts is None:
            return None
        return self._films["movieId"].map(self._rating_counts).fillna(0).to_numpy(dtype="int64")

    def with_any_genre(self, genres: tuple[str, ...]) -> np.ndarray:
        """Which films have one of these genres or more, bool (films,). Raises UnknownNameError."""
        for genre in genres:
            if genre not in self.has_genre and genre not in MOVIELENS_GENRES + TMDB_ONLY_GENRES:
                raise UnknownNameError(
                    f"no film here has the genre {genre!r}; there are {', '.join(sorted(self.has_genre))}",
                    close_names(genre, self.has_genre),
                )
        return self._any(self.has_genre, genres)

    def on_any_service(self, services: tuple[str, ...]) -> np.ndarray:
        """Which films are on one of these services or more, bool (films,). Raises CineMatchError.

        Services may be named in any usual way, with the demo mark or without.
        """
        return self._any(self.has_service, self.services_named(services))

    def services_named(self, services: tuple[str, ...]) -> tuple[str, ...]:
        """The services that these names mean, as they are called here, each once. Raises CineMatchError."""
        if services and not self.has_service:
            raise CineMatchError(
                f"services_keep={list(services)} needs services, and none is known of any film here; "
                "choose services demo, file or tmdb, or leave services_keep empty"
            )
        keys, found = service_keys(self.has_service), []
        for name in services:
            service = resolve_service(name, keys)
            if service is None:
                raise UnknownNameError(
                    f"no film here is on {name!r}; the services are {', '.join(sorted(self.has_service))}",
                    close_names(name, self.has_service),
                )
            found.append(service)
        return tuple(dict.fromkeys(found))

    def _any(self, has: Mapping[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
        found = np.zeros(len(self), dtype=bool)
        for name in names:
            if name in has:
                found |= has[name]
        return found

"""All films of a data set in memory, and the counts that any filters would leave, without cleaning again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.catalog.availability import ServicesSource, film_services
from cinematch_lib.catalog.cleaning import known_fields
from cinematch_lib.catalog.filters import FilterColumns, Filters, first_failed_rule
from cinematch_lib.catalog.merge import merge_films
from cinematch_lib.data.movielens import read_ratings
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.errors import CineMatchError


@dataclass(frozen=True)
class Count:
    """The films that filters keep, with the counts of `cleaning.CleaningReport`.

    `rules` are the active rules; `failed_rule`, int16 (films,), is the index of the first rule that each film fails,
    -1 for a film that is kept.
    """

    read: int
    dropped: Mapping[str, int]
    coverage: Mapping[str, int]
    by_year: np.ndarray
    by_genre: Mapping[str, int]
    rules: list[str]
    failed_rule: np.ndarray

    @cached_property
    def keeps(self) -> np.ndarray:
        """Mask of the films that are kept, bool (films,)."""
        return self.failed_rule < 0

    @cached_property
    def kept(self) -> int:
        """The number of films that are kept."""
        return int(np.count_nonzero(self.keeps))

    def drop_reason(self, row: int) -> str:
        """The rule that drops the film in a row; empty for a film that is kept."""
        rule = int(self.failed_rule[row])
        return self.rules[rule] if rule >= 0 else ""


@dataclass(frozen=True)
class AllFilms:
    """All films of a data set as cleaning merges them, before any filter.

    `films` is the table of `catalog.merge_films`; `rejected` counts the invalid rows of movies.csv by reason;
    `rating_counts` maps movieId to its number of ratings, None without ratings.
    """

    films: pd.DataFrame
    rejected: Mapping[str, int] = field(default_factory=dict)
    rating_counts: pd.Series | None = None

    @classmethod
    def load(cls, folder: Path, metadata_path: Path | None, services: ServicesSource) -> "AllFilms":
        """The films of a MovieLens folder. Raises CineMatchError if a table cannot be read."""
        rejects = RejectLog()
        films = merge_films(folder, metadata_path, services, rejects)
        ratings = read_ratings(folder)
        counts = None if ratings is None else ratings["movieId"].value_counts()
        return cls(films, rejects.counts("movies.csv"), counts)

    def with_services(self, services: ServicesSource) -> "AllFilms":
        """The same films with the services of another source. Raises CineMatchError."""
        return replace(self, films=self.films.assign(services=film_services(self.films, services, RejectLog())))

    def __len__(self) -> int:
        return len(self.films)

    @cached_property
    def ids(self) -> np.ndarray:
        """The films' MovieLens ids, int64 (films,), ascending."""
        return self.films["movieId"].to_numpy()

    @cached_property
    def columns(self) -> FilterColumns:
        """The columns that filters read."""
        return FilterColumns(self.films, self.rating_counts)

    @cached_property
    def years(self) -> np.ndarray:
        """Every year from the earliest to the latest of the films, int64; empty if no film has a year."""
        known = self.columns.year[~np.isnan(self.columns.year)]
        return np.arange(known.min(), known.max() + 1).astype(np.int64) if len(known) else np.array([], dtype=np.int64)

    @cached_property
    def genres(self) -> tuple[str, ...]:
        """The genres of the films, the most frequent first."""
        return _by_frequency(self.columns.has_genre)

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The services of the films, the most frequent first."""
        return _by_frequency(self.columns.has_service)

    @cached_property
    def _known(self) -> dict[str, np.ndarray]:
        return {name: has.to_numpy(dtype=bool) for name, has in known_fields(self.films).items()}

    @cached_property
    def _year_index(self) -> np.ndarray:
        """The index of each film's year in `years`, int64 (films,); len(years) for a film without a year."""
        first = self.years[0] if len(self.years) else 0
        return np.where(np.isnan(self.columns.year), len(self.years), np.nan_to_num(self.columns.year) - first).astype(
            np.int64
        )

    def count(self, filters: Filters) -> Count:
        """The counts under `filters`, exactly those of cleaning. Raises CineMatchError as cleaning does."""
        rules, failed_rule = first_failed_rule(self.columns, filters)
        dropped = np.bincount(failed_rule + 1, minlength=len(rules) + 1)[1:]
        return self._counts(rules, failed_rule, dict(zip(rules, dropped.tolist(), strict=True)))

    @cached_property
    def unfiltered(self) -> Count:
        """The counts of all films, before any filter."""
        return self._counts([], np.full(len(self), -1, dtype=np.int16), {})

    def _counts(self, rules: list[str], failed_rule: np.ndarray, dropped: Mapping[str, int]) -> Count:
        keeps = failed_rule < 0
        return Count(
            read=len(self) + sum(self.rejected.values()),
            dropped={**self.rejected, **dropped},
            coverage={name: int(np.count_nonzero(has & keeps)) for name, has in self._known.items()},
            by_year=np.bincount(self._year_index[keeps], minlength=len(self.years) + 1)[:-1],
            by_genre={name: int(np.count_nonzero(self.columns.has_genre[name] & keeps)) for name in self.genres},
            rules=rules,
            failed_rule=failed_rule,
        )


def by_source(all_films: AllFilms, sources: Mapping[str, ServicesSource]) -> tuple[dict[str, AllFilms], list[str]]:
    """The films with the services of each source, by its name, and the errors of the sources that cannot be read."""
    films, errors = {}, []
    for name, source in sources.items():
        try:
            films[name] = all_films.with_services(source)
        except CineMatchError as error:
            errors.append(str(error))
    return films, errors


def _by_frequency(has: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    return tuple(sorted(has, key=lambda name: (-int(has[name].sum()), name)))

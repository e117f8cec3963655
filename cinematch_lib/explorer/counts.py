"""All films of a data set in memory, and the counts that any filters would leave, without cleaning again."""

from collections.abc import Mapping, Sequence
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

RATING_STEPS = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
MAX_SERVICES = 40  # TMDb has hundreds; the most frequent ones are shown


@dataclass(frozen=True)
class Bins:
    """Films by a number: bin b holds the values from `edges[b]` to below `edges[b + 1]`.

    `edges` are int64 (bins + 1,); `index`, int64 (films,), is the bin of each film, and the number of bins for a film
    whose number is unknown.
    """

    edges: np.ndarray
    index: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, edges: np.ndarray) -> "Bins":
        """The bins of `values`, float (films,), NaN where unknown; the last bin takes what is above it."""
        inside = np.searchsorted(edges, np.nan_to_num(values), side="right") - 1
        index = np.where(np.isnan(values), len(edges) - 1, np.clip(inside, 0, max(len(edges) - 2, 0)))
        return cls(edges, index.astype(np.int64))

    def count(self, mask: np.ndarray) -> np.ndarray:
        """The number of films of `mask`, bool (films,), in each bin, int64 (bins,)."""
        return np.bincount(self.index[mask], minlength=len(self.edges))[: len(self.edges) - 1]


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
    by_runtime: np.ndarray
    by_ratings: np.ndarray
    by_genre: Mapping[str, int]
    by_service: Mapping[str, int]
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
    def years(self) -> Bins:
        """Every year from the earliest to the latest of the films; no bins if no film has a year."""
        year = self.columns.year
        known = year[~np.isnan(year)]
        edges = np.arange(known.min(), known.max() + 2) if len(known) else np.zeros(1)
        return Bins.of(year, edges.astype(np.int64))

    @cached_property
    def runtimes(self) -> Bins:
        """Running times in steps of five minutes; the last bin holds all films of four hours or more."""
        return Bins.of(self.columns.runtime, np.arange(0, 250, 5))

    @cached_property
    def rating_numbers(self) -> Bins:
        """Films by their number of ratings, in steps that grow with it; no bins without ratings."""
        if (ratings := self.columns.ratings) is None:
            return Bins.of(np.full(len(self), np.nan), np.zeros(1, dtype=np.int64))
        steps = [*(step for step in RATING_STEPS if step <= ratings.max(initial=0)), ratings.max(initial=0) + 1]
        return Bins.of(ratings.astype(float), np.array(steps, dtype=np.int64))

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

    def count(self, filters: Filters, drop: np.ndarray | None = None, reason: str = "") -> Count:
        """The counts under `filters`, exactly those of cleaning. Raises CineMatchError as cleaning does.

        `drop`, bool (films,), masks films that are dropped too, after the filters, for this reason.
        """
        rules, failed_rule = first_failed_rule(self.columns, filters)
        if drop is not None:
            failed_rule = np.where(drop & (failed_rule < 0), np.int16(len(rules)), failed_rule)
            rules = [*rules, reason]
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
            by_year=self.years.count(keeps),
            by_runtime=self.runtimes.count(keeps),
            by_ratings=self.rating_numbers.count(keeps),
            by_genre=_counts_of(self.columns.has_genre, self.genres, keeps),
            by_service=_counts_of(self.columns.has_service, self.services[:MAX_SERVICES], keeps),
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


def _counts_of(has: Mapping[str, np.ndarray], names: Sequence[str], keeps: np.ndarray) -> dict[str, int]:
    return {name: int(np.count_nonzero(has[name] & keeps)) for name in names}


def _by_frequency(has: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    return tuple(sorted(has, key=lambda name: (-int(has[name].sum()), name)))

"""Filters of the catalog: which films to keep, and for every other film the first rule that it fails."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cinematch_lib.catalog.filter_columns import FilterColumns
from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.genres import canonical_genre
from cinematch_lib.vocabulary.titles import FIRST_YEAR, LAST_YEAR


@dataclass(frozen=True)
class Filters:
    """Which films to keep. Years are inclusive; None means no bound.

    A film is kept with one of `genres_keep` or more (empty: any genre) and none of `genres_drop`;
    genres may be spelled in any usual way. `min_ratings` counts MovieLens ratings. Running times are in
    minutes; a film of unknown length fits no bound on it. `services_keep` keeps films on one of these services
    or more (empty: all films).
    """

    min_year: int | None = None
    max_year: int | None = None
    require_tmdb: bool = False
    min_ratings: int = 0
    genres_keep: Sequence[str] = field(default=())
    genres_drop: Sequence[str] = field(default=())
    min_runtime: int | None = None
    max_runtime: int | None = None
    services_keep: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        for name in ("min_year", "max_year"):
            year = getattr(self, name)
            if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
                raise CineMatchError(f"{name} must be a year from {FIRST_YEAR} to {LAST_YEAR} or none, got {year}")
        for name in ("min_runtime", "max_runtime"):
            minutes = getattr(self, name)
            if minutes is not None and minutes < 0:
                raise CineMatchError(f"{name} must be 0 minutes or more or none, got {minutes}")
        for name in ("year", "runtime"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if low is not None and high is not None and low > high:
                raise CineMatchError(
                    f"min_{name} must not be above max_{name}, got min_{name}={low} and max_{name}={high}"
                )
        if self.min_ratings < 0:
            raise CineMatchError(f"min_ratings must be 0 or more, got {self.min_ratings}")
        for name in ("genres_keep", "genres_drop", "services_keep"):
            names = getattr(self, name)
            if isinstance(names, str):
                what = name.partition("_")[0]
                raise CineMatchError(f"{name} must be a list of {what}, got {names!r}; write [{names!r}]")
        object.__setattr__(self, "services_keep", tuple(dict.fromkeys(self.services_keep)))
        for name in ("genres_keep", "genres_drop"):
            genres = getattr(self, name)
            canonical = dict.fromkeys(canonical_genre(genre) or genre for genre in genres)
            object.__setattr__(self, name, tuple(canonical))
        if both := set(self.genres_keep) & set(self.genres_drop):
            raise CineMatchError(f"genres_keep and genres_drop both name {', '.join(sorted(both))}; choose one")


def drop_reasons(films: pd.DataFrame, filters: Filters, rating_counts: pd.Series | None = None) -> pd.Series:
    """Why each film is dropped: the first rule that it breaks, as a categorical; missing where it is kept.

    `films` has the columns `movieId, year, genres, has_tmdb`, and `runtime` or `services` where a filter asks
    for them; `rating_counts` maps movieId to its number of ratings and is needed when `filters.min_ratings` is
    above 0. The categories are the rules that are in force, in the order in which they are asked. Raises
    CineMatchError for a genre that no film has, or a service.
    """
    rules, broken = first_failed_rule(FilterColumns(films, rating_counts), filters)
    return pd.Series(pd.Categorical.from_codes(broken, categories=rules), index=films.index)


def first_failed_rule(facts: FilterColumns, filters: Filters) -> tuple[list[str], np.ndarray]:
    """The rules in force, and of each film the number of the first one that it breaks, int16 (films,).

    -1 is a film that breaks none and is kept. Raises as `drop_reasons` does.
    """
    rules = _rules(facts, filters)
    first = np.full(len(facts), -1, dtype=np.int16)
    for number, broken in reversed(list(enumerate(rules.values()))):  # the first rule is written last and so wins
        first[broken] = number
    return list(rules), first


def _rules(facts: FilterColumns, filters: Filters) -> dict[str, np.ndarray]:
    """Each rule in force, in words, and the films that break it, bool (films,)."""
    rules = {"no year known": np.isnan(facts.year)}
    if filters.min_year is not None:
        rules[f"before {filters.min_year}"] = facts.year < filters.min_year
    if filters.max_year is not None:
        rules[f"after {filters.max_year}"] = facts.year > filters.max_year
    rules["no genre known"] = facts.genreless
    if filters.require_tmdb:
        rules["no TMDb metadata"] = ~facts.has_tmdb
    if filters.min_ratings:
        if facts.ratings is None:
            raise CineMatchError(
                f"min_ratings={filters.min_ratings} needs ratings.csv, which this data set lacks; set min_ratings=0"
            )
        rules[f"fewer than {filters.min_ratings} ratings"] = facts.ratings < filters.min_ratings
    if filters.genres_keep:
        rules[f"none of the genres {', '.join(filters.genres_keep)}"] = ~facts.with_any_genre(filters.genres_keep)
    if filters.genres_drop:
        rules[f"one of the genres {', '.join(filters.genres_drop)}"] = facts.with_any_genre(filters.genres_drop)
    return rules | _running_time_rules(facts, filters) | _service_rules(facts, filters)


def _running_time_rules(facts: FilterColumns, filters: Filters) -> dict[str, np.ndarray]:
    low, high = filters.min_runtime, filters.max_runtime
    if low is None and high is None:
        return {}
    rules = {"no running time known": np.isnan(facts.runtime)}
    if low is not None:
        rules[f"shorter than {low} minutes"] = facts.runtime < low
    if high is not None:
        rules[f"longer than {high} minutes"] = facts.runtime > high
    return rules


def _service_rules(facts: FilterColumns, filters: Filters) -> dict[str, np.ndarray]:
    if not filters.services_keep:
        return {}
    names = ", ".join(filters.services_keep)
    return {f"on none of the services {names}": ~facts.on_any_service(filters.services_keep)}

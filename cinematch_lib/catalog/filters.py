"""Filters of the catalog: the films to keep, and for every other film the first rule that it fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.checks import check_range, unique_items
from cinematch_lib.vocabulary.choices import ITEM_FACTS, check_choice
from cinematch_lib.vocabulary.genres import MOVIELENS_GENRES, TMDB_ONLY_GENRES, canonical_genre, resolve_genre
from cinematch_lib.vocabulary.lists import any_of, multi_hot
from cinematch_lib.vocabulary.services import resolve_service, service_keys
from cinematch_lib.vocabulary.titles import FIRST_YEAR, LAST_YEAR


@dataclass(frozen=True)
class Filters:
    """The conditions on films to keep. Bounds are inclusive; None means no bound.

    A film is kept if it has at least one of `genres_keep` (empty: any genre) and none of `genres_drop`; genres
    may have any usual spelling. `min_ratings` counts MovieLens ratings. Runtimes are in minutes; a film of
    unknown runtime passes no bound on it. `services_keep` keeps films on at least one of these services (empty:
    all films). `item_facts` is what must be known: ``films``, a year and a genre; ``none``, nothing, for items that are
    no films.

    Raises CineMatchError for values out of range and for contradictory ones.
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
    item_facts: str = "films"

    def __post_init__(self) -> None:
        check_choice("item_facts", self.item_facts, ITEM_FACTS)
        for name in ("min_year", "max_year"):
            year = getattr(self, name)
            if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
                raise CineMatchError(f"{name} must be a year from {FIRST_YEAR} to {LAST_YEAR} or none, got {year}")
        for name in ("min_runtime", "max_runtime"):
            minutes = getattr(self, name)
            if minutes is not None and minutes < 0:
                raise CineMatchError(f"{name} must be 0 minutes or more or none, got {minutes}")
        check_range("min_year", self.min_year, "max_year", self.max_year)
        check_range("min_runtime", self.min_runtime, "max_runtime", self.max_runtime)
        if self.min_ratings < 0:
            raise CineMatchError(f"min_ratings must be 0 or more, got {self.min_ratings}")
        object.__setattr__(self, "services_keep", unique_items("services_keep", self.services_keep))
        for name in ("genres_keep", "genres_drop"):
            genres = unique_items(name, getattr(self, name))
            object.__setattr__(self, name, tuple(dict.fromkeys(canonical_genre(one) or one for one in genres)))
        if both := set(self.genres_keep) & set(self.genres_drop):
            raise CineMatchError(f"genres_keep and genres_drop both name {', '.join(sorted(both))}; choose one")


class FilterColumns:
    """The columns of `catalog.merge_films` that filters read, computed on first use; unknown numbers are NaN."""

    def __init__(self, films: pd.DataFrame, rating_counts: pd.Series | None = None) -> None:
        """`rating_counts` maps movieId to its number of ratings; None without ratings."""
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
        """The runtime in minutes, float32 (films,)."""
        return self._films["runtime"].to_numpy(dtype="float32", na_value=np.nan)

    @cached_property
    def has_tmdb(self) -> np.ndarray:
        """Whether the film has a row of TMDb metadata, bool (films,)."""
        return self._films["has_tmdb"].to_numpy(dtype=bool)

    @cached_property
    def genreless(self) -> np.ndarray:
        """Whether the film has no genre, bool (films,)."""
        return (self._films["genres"] == "").to_numpy(dtype=bool)

    @cached_property
    def has_genre(self) -> Mapping[str, np.ndarray]:
        """For each genre the films that have it, bool (films,)."""
        return multi_hot(self._films["genres"].to_list())

    @cached_property
    def has_service(self) -> Mapping[str, np.ndarray]:
        """For each service the films that are on it, bool (films,)."""
        return multi_hot(self._films["services"].to_list())

    @cached_property
    def ratings(self) -> np.ndarray | None:
        """The number of MovieLens ratings, int64 (films,); None without ratings."""
        if self._rating_counts is None:
            return None
        return self._films["movieId"].map(self._rating_counts).fillna(0).to_numpy(dtype="int64")

    def with_any_genre(self, genres: Sequence[str]) -> np.ndarray:
        """The films that have at least one of these genres, bool (films,). Raises UnknownNameError."""
        for genre in set(genres).difference(MOVIELENS_GENRES, TMDB_ONLY_GENRES):
            resolve_genre(genre, self.has_genre)
        return any_of(self.has_genre, genres, len(self))

    def on_any_service(self, services: Sequence[str]) -> np.ndarray:
        """The films that are on at least one of these services, bool (films,). Raises CineMatchError."""
        return any_of(self.has_service, self.services_named(services), len(self))

    def services_named(self, names: Sequence[str]) -> tuple[str, ...]:
        """The services that `names`, in any usual spelling, mean, without repeats. Raises CineMatchError."""
        if names and not self.has_service:
            raise CineMatchError(
                f"services_keep={list(names)} needs services, and none is known of any film here; "
                "choose services demo, file or tmdb, or leave services_keep empty"
            )
        keys = service_keys(self.has_service)
        return tuple(dict.fromkeys(resolve_service(name, keys) for name in names))


def drop_reasons(films: pd.DataFrame, filters: Filters, rating_counts: pd.Series | None = None) -> pd.Series:
    """The first rule that each film fails, as a categorical; missing for a film that is kept.

    `films` has the columns `movieId, year, genres, has_tmdb`, and `runtime` or `services` if a filter needs
    them; `rating_counts` maps movieId to its number of ratings and is needed if `filters.min_ratings` is above
    0. The categories are the active rules in their order. Raises CineMatchError for an unknown genre or service.
    """
    rules, failed = first_failed_rule(FilterColumns(films, rating_counts), filters)
    return pd.Series(pd.Categorical.from_codes(failed, categories=rules), index=films.index)


def first_failed_rule(columns: FilterColumns, filters: Filters) -> tuple[list[str], np.ndarray]:
    """The active rules, and the index of the first rule that each film fails, int16 (films,); -1 for none.

    Raises like `drop_reasons`.
    """
    rules = _rules(columns, filters)
    first = np.full(len(columns), -1, dtype=np.int16)
    for number, failed in reversed(list(enumerate(rules.values()))):  # later writes win, so the first rule is last
        first[failed] = number
    return list(rules), first


def _rules(columns: FilterColumns, filters: Filters) -> dict[str, np.ndarray]:
    """The active rules, and for each the films that fail it, bool (films,).

    Comparisons with NaN are false, so an unknown number fails only the rules that ask whether it is known.
    """
    complete = filters.item_facts == "films"
    rules = {"no year known": np.isnan(columns.year)} if complete else {}
    if filters.min_year is not None:
        rules[f"before {filters.min_year}"] = columns.year < filters.min_year
    if filters.max_year is not None:
        rules[f"after {filters.max_year}"] = columns.year > filters.max_year
    if complete:
        rules["no genre known"] = columns.genreless
    if filters.require_tmdb:
        rules["no TMDb metadata"] = ~columns.has_tmdb
    if filters.min_ratings:
        if columns.ratings is None:
            raise CineMatchError(
                f"min_ratings={filters.min_ratings} needs ratings.csv, which this data set lacks; set min_ratings=0"
            )
        rules[f"fewer than {filters.min_ratings} ratings"] = columns.ratings < filters.min_ratings
    if filters.genres_keep:
        rules[f"none of the genres {', '.join(filters.genres_keep)}"] = ~columns.with_any_genre(filters.genres_keep)
    if filters.genres_drop:
        rules[f"one of the genres {', '.join(filters.genres_drop)}"] = columns.with_any_genre(filters.genres_drop)
    rules |= _runtime_rules(columns, filters)
    if filters.services_keep:
        names = ", ".join(filters.services_keep)
        rules[f"on none of the services {names}"] = ~columns.on_any_service(filters.services_keep)
    return rules


def _runtime_rules(columns: FilterColumns, filters: Filters) -> dict[str, np.ndarray]:
    low, high = filters.min_runtime, filters.max_runtime
    if low is None and high is None:
        return {}
    rules = {"no running time known": np.isnan(columns.runtime)}
    if low is not None:
        rules[f"shorter than {low} minutes"] = columns.runtime < low
    if high is not None:
        rules[f"longer than {high} minutes"] = columns.runtime > high
    return rules

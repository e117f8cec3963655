"""All films of a data set in memory, and what any filters would leave of them: counted, not cleaned again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.catalog.availability import ServicesSource, film_services
from cinematch_lib.catalog.cleaning import known_fields
from cinematch_lib.catalog.filter_columns import FilterColumns
from cinematch_lib.catalog.filters import Filters, first_failed_rule
from cinematch_lib.catalog.merge import merge_films
from cinematch_lib.data.movielens import read_ratings
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.errors import CineMatchError


@dataclass(frozen=True)
class Count:
    """What filters leave of all films, with the counts of `cleaning.CleaningReport`.

    `rules` are the rules in force, `broken` the number of the first one that each film breaks, int16 (films,),
    -1 where it is kept.
    """

    read: int
    dropped: Mapping[str, int]
    coverage: Mapping[str, int]
    by_year: np.ndarray
    by_genre: Mapping[str, int]
    rules: list[str]
    broken: np.ndarray

    @cached_property
    def keeps(self) -> np.ndarray:
        """Which films are kept, bool (films,)."""
        return self.broken < 0

    @cached_property
    def kept(self) -> int:
        """How many films are kept."""
        return int(np.count_nonzero(self.keeps))

    def why(self, row: int) -> str:
        """Why the film in a row is dropped; empty where it is kept."""
        rule = int(self.broken[row])
        return self.rules[rule] if rule >= 0 else ""


@dataclass(frozen=True)
class AllFilms:
    """All films of a data set as cleaning merges them, before any filter.

    `films` is the table of `catalog.merge_films`; `set_aside` counts the rows of movies.csv that are no films,
    by reason; `rating_counts` maps movieId to its number of ratings, None where there are none.
    """

    films: pd.DataFrame
    set_aside: Mapping[str, int] = field(default_factory=dict)
    rating_counts: pd.Series | None = None

    @classmethod
    def load(cls, folder: Path, metadata_path: Path | None, services: ServicesSource) -> "AllFilms":
        """The films of a MovieLens folder. Raises CineMatchError for tables that cannot be read."""
        rejects = RejectLog()
        films = merge_films(folder, metadata_path, services, rejects)
        ratings = read_ratings(folder)
        counts = None if ratings is None else ratings["movieId"].value_counts()
        return cls(films, rejects.counts("movies.csv"), counts)

    def on(self, services: ServicesSource) -> "AllFilms":
        """The same films with the services that another source gives them. Raises CineMatchError."""
        return replace(self, films=self.films.assign(services=film_services(self.films, services, RejectLog())))

    def __len__(self) -> int:
        return len(self.films)

    @cached_property
    def ids(self) -> np.ndarray:
        """The films' MovieLens ids, int64 (films,), ascending."""
        return self.films["movieId"].to_numpy()

    @cached_property
    def facts(self) -> FilterColumns:
        """What filters ask of the films."""
        return FilterColumns(self.films, self.rating_counts)

    @cached_property
    def years(self) -> np.ndarray:
        """Every year from the first that a film has to the last, int64; empty where no film has one."""
        known = self.facts.year[~np.isnan(self.facts.year)]
        return np.arange(known.min(), known.max() + 1).astype(np.int64) if len(known) else np.array([], dtype=np.int64)

    @cached_property
    def genres(self) -> tuple[str, ...]:
        """The genres that films have, the commonest first."""
        return _commonest_first(self.facts.has_genre)

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The services that films are on, those with most films first."""
        return _commonest_first(self.facts.has_service)

    @cached_property
    def _known(self) -> dict[str, np.ndarray]:
        return {name: has.to_numpy(dtype=bool) for name, has in known_fields(self.films).items()}

    @cached_property
    def _place_of_year(self) -> np.ndarray:
        """Where the year of each film stands in `years`, int64 (films,); one behind the last where it has none."""
        first = self.years[0] if len(self.years) else 0
        return np.where(np.isnan(self.facts.year), len(self.years), np.nan_to_num(self.facts.year) - first).astype(
            np.int64
        )

    def count(self, filters: Filters) -> Count:
        """What `filters` leave, exactly as cleaning would. Raises CineMatchError as cleaning does."""
        rules, broken = first_failed_rule(self.facts, filters)
        of_rule = np.bincount(broken + 1, minlength=len(rules) + 1)[1:]
        return self._counted(rules, broken, {rule: int(of_rule[number]) for number, rule in enumerate(rules)})

    @cached_property
    def whole(self) -> Count:
        """All films, none dropped: how it was before any filter."""
        return self._counted([], np.full(len(self), -1, dtype=np.int16), {})

    def _counted(self, rules: list[str], broken: np.ndarray, dropped: Mapping[str, int]) -> Count:
        keeps = broken < 0
        return Count(
            read=len(self) + sum(self.set_aside.values()),
            dropped={**self.set_aside, **dropped},
            coverage={name: int(np.count_nonzero(has & keeps)) for name, has in self._known.items()},
            by_year=np.bincount(self._place_of_year[keeps], minlength=len(self.years) + 1)[:-1],
            by_genre={name: int(np.count_nonzero(self.facts.has_genre[name] & keeps)) for name in self.genres},
            rules=rules,
            broken=broken,
        )


def under_each(all_films: AllFilms, sources: Mapping[str, ServicesSource]) -> tuple[dict[str, AllFilms], list[str]]:
    """The films with the services of each source, by the source's name; and what is wrong with other sources."""
    found, wrong = {}, []
    for name, source in sources.items():
        try:
            found[name] = all_films.on(source)
        except CineMatchError as error:
            wrong.append(str(error))
    return found, wrong


def _commonest_first(has: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    return tuple(sorted(has, key=lambda name: (-int(has[name].sum()), name)))

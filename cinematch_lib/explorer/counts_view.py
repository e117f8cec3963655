"""The counts as the page shows them: a headline, the waterfall, charts that set filters, and coverage."""

import itertools
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from cinematch_lib.catalog.cleaning import waterfall_steps
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer import charts, markup
from cinematch_lib.explorer.charts import DROP, KEEP, NameChart, RangeChart
from cinematch_lib.explorer.counts import AllFilms, Bins, Count

_SERVICES = 12  # in the chart; the controls have more


class CountsView:
    """The number of films kept, the films dropped by each rule, and coverage; `widget` shows them.

    `on_change` gets the fields of `Filters` that a user changes in a chart.
    """

    def __init__(self, films: AllFilms, on_change: Callable[[dict[str, Any]], None]) -> None:
        self._all, self._on_change, self._filters = films.unfiltered, on_change, Filters()
        self._numbers, self._coverage = widgets.HTML(), widgets.HTML()
        years, runtimes, ratings = films.years, films.runtimes, films.rating_numbers
        year_labels = list(map(str, years.edges[:-1]))
        self._years = RangeChart("Year of release", year_labels, years.edges, self._all.by_year)
        self._runtimes = RangeChart("Running time", _labels(runtimes, " min"), runtimes.edges, self._all.by_runtime)
        self._ratings = RangeChart("Ratings", _labels(ratings, ""), ratings.edges, self._all.by_ratings, open_end=True)
        self._genres, self._services = NameChart("Genres"), NameChart("Services")
        self._years.on_brush(lambda bounds: on_change(dict(zip(("min_year", "max_year"), bounds, strict=True))))
        self._runtimes.on_brush(
            lambda bounds: on_change(dict(zip(("min_runtime", "max_runtime"), bounds, strict=True)))
        )
        self._ratings.on_brush(lambda bounds: on_change({"min_ratings": bounds[0] or 0}))
        self._genres.on_pick(self._pick_genre)
        self._services.on_pick(self._pick_service)
        key = widgets.HTML(markup.block(f"<h3>Films {markup.key()}</h3>" + markup.hint(_HOW)))
        histograms = [chart for chart in (self._years, self._runtimes, self._ratings) if chart.labels]
        self.widget = widgets.VBox([self._numbers, key, *histograms, self._genres, self._services, self._coverage])

    def show(self, count: Count, unfiltered: Count, filters: Filters) -> None:
        """Show the counts under `filters` next to those of all films."""
        self._filters = filters
        steps = waterfall_steps(count.read, count.dropped)
        headline = markup.headline(count.kept, count.read)
        self._numbers.value = markup.block(headline + markup.waterfall(steps, count.read))
        self._years.show(count.by_year, (filters.min_year, filters.max_year))
        self._runtimes.show(count.by_runtime, (filters.min_runtime, filters.max_runtime))
        self._ratings.show(count.by_ratings, (filters.min_ratings or None, None))
        states = dict.fromkeys(filters.genres_keep, KEEP) | dict.fromkeys(filters.genres_drop, DROP)
        self._genres.show(unfiltered.by_genre, count.by_genre, states)
        services = dict(list(unfiltered.by_service.items())[:_SERVICES])
        self._services.show(services, count.by_service, dict.fromkeys(filters.services_keep, KEEP))
        self._services.layout.display = None if services else "none"
        coverage = markup.coverage(count.coverage, count.kept, unfiltered.coverage, count.read)
        self._coverage.value = markup.block(f"<h3>Fields that are known</h3>{coverage}")

    def _pick_genre(self, name: str) -> None:
        keep, drop = list(self._filters.genres_keep), list(self._filters.genres_drop)
        state = charts.following(KEEP if name in keep else DROP if name in drop else charts.EITHER)
        keep, drop = ([one for one in names if one != name] for names in (keep, drop))
        self._on_change(
            {"genres_keep": [*keep, *([name] * (state == KEEP))], "genres_drop": [*drop, *([name] * (state == DROP))]}
        )

    def _pick_service(self, name: str) -> None:
        keep = self._filters.services_keep
        self._on_change({"services_keep": [one for one in keep if one != name] if name in keep else [*keep, name]})


_HOW = (
    "Drag over a chart to keep a range; click the chart to keep all. Click a name to keep its films, more names to "
    "keep theirs too; click a genre again to drop it."
)


def _labels(bins: Bins, unit: str) -> list[str]:
    """The values of each bin as words.

    >>> import numpy as np
    >>> _labels(Bins.of(np.array([3.0, 12.0]), np.array([0, 1, 5, 10])), " min")
    ['0 min', '1 to 4 min', '5 min or more']
    """
    pairs = list(itertools.pairwise(bins.edges.tolist()))
    words = [f"{low:,}{unit}" if high == low + 1 else f"{low:,} to {high - 1:,}{unit}" for low, high in pairs]
    return [*words[:-1], *(f"{low:,}{unit} or more" for low, _ in pairs[-1:])]

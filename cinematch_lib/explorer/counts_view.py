"""The counts as the page shows them: a headline, the waterfall, two charts, and the coverage of each field."""

from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np

from cinematch_lib.catalog.cleaning import waterfall_steps
from cinematch_lib.explorer import charts, markup
from cinematch_lib.explorer.counts import AllFilms, Count


class CountsView:
    """The number of films kept, the films dropped by each rule, and coverage; `widget` shows them."""

    def __init__(self, films: AllFilms) -> None:
        self._all = films.unfiltered
        self._by_year = charts.by_year(films.years, self._all.by_year)
        self._by_genre = charts.by_genre(films.genres, _values(self._all.by_genre))
        self._numbers, self._coverage = widgets.HTML(), widgets.HTML()
        self._years, self._genres = widgets.Image(format="png"), widgets.Image(format="png")
        by_year, by_genre = (
            widgets.HTML(markup.block(f"<h3>Films by {name} {markup.key()}</h3>"))
            for name in ("year of release", "genre")
        )
        self.widget = widgets.VBox([self._numbers, by_year, self._years, by_genre, self._genres, self._coverage])

    def show(self, count: Count, unfiltered: Count) -> None:
        """Show the counts under filters next to those of all films."""
        steps = waterfall_steps(count.read, count.dropped)
        headline = markup.headline(count.kept, count.read)
        self._numbers.value = markup.block(headline + markup.waterfall(steps, count.read))
        self._years.value = self._by_year.png(count.by_year)
        self._genres.value = self._by_genre.png(_values(count.by_genre))
        coverage = markup.coverage(count.coverage, count.kept, unfiltered.coverage, count.read)
        self._coverage.value = markup.block(f"<h3>Fields that are known</h3>{coverage}")


def _values(of: Mapping[str, int]) -> np.ndarray:
    return np.array(list(of.values()), dtype=np.float64)

"""What filters leave, as the page shows it: a headline, the waterfall, two charts, what is known."""

from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np

from cinematch_lib.catalog.cleaning import waterfall_steps
from cinematch_lib.explorer import charts, markup
from cinematch_lib.explorer.counts import AllFilms, Count


class CountsView:
    """How many films, where the others went, and what is known of those kept; `widget` is what to show."""

    def __init__(self, films: AllFilms) -> None:
        self._whole = films.whole
        self._by_year = charts.by_year(films.years, self._whole.by_year)
        self._by_genre = charts.by_genre(films.genres, _values(self._whole.by_genre))
        self._numbers, self._coverage = widgets.HTML(), widgets.HTML()
        self._years, self._genres = widgets.Image(format="png"), widgets.Image(format="png")
        self.widget = widgets.VBox(
            [
                self._numbers,
                widgets.HTML(markup.block(f"<h3>Films by year of release {markup.key()}</h3>")),
                self._years,
                widgets.HTML(markup.block(f"<h3>Films by genre {markup.key()}</h3>")),
                self._genres,
                self._coverage,
            ]
        )

    def show(self, count: Count, whole: Count) -> None:
        """Show what filters leave, beside all films."""
        steps = waterfall_steps(count.read, count.dropped)
        self._numbers.value = markup.block(
            markup.headline(count.kept, count.read) + markup.waterfall(steps, count.read)
        )
        self._years.value = self._by_year.png(count.by_year)
        self._genres.value = self._by_genre.png(_values(count.by_genre))
        known = markup.coverage(count.coverage, count.kept, whole.coverage, count.read)
        self._coverage.value = markup.block(f"<h3>What is known of them</h3>{known}")


def _values(of: Mapping[str, int]) -> np.ndarray:
    return np.array(list(of.values()), dtype=np.float64)

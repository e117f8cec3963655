"""The controls: one for each filter of 02_clean, and one for the source of streaming services."""

from collections.abc import Callable, Iterable, Mapping

import ipywidgets as widgets

from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.charts import DROP, EITHER, KEEP
from cinematch_lib.explorer.chips import Chips
from cinematch_lib.explorer.counts import MAX_SERVICES, RATING_STEPS, AllFilms
from cinematch_lib.explorer.range_slider import RangeSlider
from cinematch_lib.explorer.settings import Settings

_MAX_MINUTES = 300  # minutes; the slider would be coarse with a higher limit, which is rarely needed
_SOURCES = {"demo": "demo (invented)", "tmdb": "TMDb (JustWatch)", "file": "the services file", "none": "none"}


class FilterControls:
    """All controls in a column; `filters` and `services` are their values, valid after the first `set`."""

    def __init__(self, sources: Mapping[str, AllFilms], on_change: Callable[[], None]) -> None:
        self._sources, self._on_change, self._is_setting = sources, on_change, True
        self._years = RangeSlider("Year of release", "", self._changed)
        self._minutes = RangeSlider("Running time", " min", self._changed, "Any limit drops films of unknown length.")
        self._ratings_label = widgets.HTML()
        self._ratings = widgets.SelectionSlider(options=[0], readout=False)
        self._ratings.observe(lambda _: self._changed(), "value")
        self._tmdb = widgets.Checkbox(description="only films with TMDb metadata", indent=False)
        self._tmdb.observe(lambda _: self._changed(), "value")
        self._genres = Chips((EITHER, KEEP, DROP), self._changed)
        self._item_facts = Filters().item_facts
        self._source = widgets.Dropdown(
            options=[(_SOURCES[name], name) for name in sources], tooltip="Source of services"
        )
        self._source.observe(lambda _: self._change_source(), "value")
        self._services = Chips((EITHER, KEEP), self._changed)
        self._services.widget.add_class("cm-many")
        self._set_options()
        self.widget = widgets.VBox(
            [
                self._years.widget,
                self._minutes.widget,
                widgets.VBox([self._ratings_label, self._ratings]).add_class("cm-slider"),
                self._tmdb,
                _label("Genres", "Press once to keep only these (✓), twice to drop them (✕)."),
                self._genres.widget,
                _label("Source of services"),
                self._source,
                self._services.widget,
            ]
        )

    def _set_options(self) -> None:
        films = next(iter(self._sources.values()))
        if (years := films.years.edges).size > 1:
            self._years.set_limits(int(years[0]), int(years[-1]) - 1)
        self._minutes.set_limits(1, _MAX_MINUTES)
        self._set_genres([])
        most = 0 if films.columns.ratings is None else int(films.columns.ratings.max())
        self._ratings.options = [count for count in RATING_STEPS if count <= most] or [0]
        self._ratings.disabled = most == 0

    @property
    def services(self) -> str:
        """The source of streaming services."""
        return self._source.value

    @property
    def filters(self) -> Filters:
        """The filters that the controls show."""
        (min_year, max_year), (min_runtime, max_runtime) = self._years.bounds, self._minutes.bounds
        return Filters(
            min_year=min_year,
            max_year=max_year,
            require_tmdb=self._tmdb.value,
            min_ratings=self._ratings.value,
            genres_keep=self._genres.selected(KEEP),
            genres_drop=self._genres.selected(DROP),
            min_runtime=min_runtime,
            max_runtime=max_runtime,
            services_keep=self._services.selected(KEEP),
            item_facts=self._item_facts,
        )

    def set(self, settings: Settings) -> None:
        """Set all controls to `settings`, without a call of `on_change`."""
        self._is_setting = True
        try:
            self._set_controls(settings.filters, settings.services)
        finally:
            self._is_setting = False
        self._show_ratings()

    def _set_controls(self, filters: Filters, services: str) -> None:
        self._source.value, self._item_facts = services, filters.item_facts
        self._years.bounds = (filters.min_year, filters.max_year)
        self._minutes.bounds = (filters.min_runtime, filters.max_runtime)
        self._tmdb.value = filters.require_tmdb
        if filters.min_ratings not in self._ratings.options:
            self._ratings.options = sorted({*self._ratings.options, filters.min_ratings})
        self._ratings.value = filters.min_ratings
        self._set_genres([*filters.genres_keep, *filters.genres_drop])
        self._genres.select(filters.genres_keep, filters.genres_drop)
        self._set_services(self._sources[services].columns.services_named(filters.services_keep))

    def _change_source(self) -> None:
        films, kept = self._sources[self._source.value], self._services.selected(KEEP)
        self._set_services([name for name in kept if name in films.columns.has_service])
        self._changed()

    def _set_genres(self, selected: Iterable[str]) -> None:
        counts = next(iter(self._sources.values())).unfiltered.by_genre
        names = list(dict.fromkeys([*counts, *selected]))  # a selected genre may be in no film of this data set
        self._genres.set_names(names, [f"{counts.get(name, 0):,} films" for name in names])

    def _set_services(self, keep: Iterable[str]) -> None:
        films = self._sources[self._source.value]
        names = list(dict.fromkeys([*films.services[:MAX_SERVICES], *keep]))
        has_service = films.columns.has_service
        self._services.set_names(names, [f"{int(has_service[name].sum()):,} films" for name in names])
        self._services.select(keep)

    def _changed(self) -> None:
        if not self._is_setting:
            self._show_ratings()
            self._on_change()

    def _show_ratings(self) -> None:
        text = f"at least {self._ratings.value:,}" if self._ratings.value else "any number"
        value = "this data set has none" if self._ratings.disabled else text
        self._ratings_label.value = markup.block(markup.heading("Ratings", value))


def _label(text: str, hint: str = "") -> widgets.HTML:
    return widgets.HTML(markup.block(markup.heading(text, more=hint)))

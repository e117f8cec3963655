"""The controls of the catalog: one for each filter of 02_clean, and for who says which service has a film."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import ipywidgets as widgets

from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.chips import DROP, EITHER, KEEP, Chips
from cinematch_lib.explorer.counts import AllFilms
from cinematch_lib.explorer.settings import Settings

_RATINGS = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_LONG = 300  # minutes; a bound above is seldom wanted, and would make the slider coarse
_MOST_SERVICES = 40  # TMDb knows of hundreds; those with most films are offered
_SOURCES = {"demo": "demo (invented)", "tmdb": "TMDb (JustWatch)", "file": "the services file", "none": "none"}


class Range:
    """A slider with two ends over whole numbers; at either end of it there is no bound."""

    def __init__(self, words: str, unit: str, on_change: Callable[[], None], hint: str = "") -> None:
        self._words, self._unit, self._hint = words, unit, hint
        self._label = widgets.HTML()
        self._slider = widgets.IntRangeSlider(readout=False, description_allow_html=False)
        self._slider.observe(lambda _: self._changed(on_change), "value")
        self.widget = widgets.VBox([self._label, self._slider])

    def span(self, low: int, high: int) -> None:
        """Let the bounds lie from `low` to `high`; one step beyond, there is none."""
        with self._slider.hold_trait_notifications():
            self._slider.min, self._slider.max = low - 1, high + 1

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """The lowest and the highest value to keep; None where there is no bound."""
        low, high = self._slider.value
        return (low if low > self._slider.min else None), (high if high < self._slider.max else None)

    @bounds.setter
    def bounds(self, bounds: tuple[int | None, int | None]) -> None:
        low, high = bounds
        least = min(self._slider.min, *(one - 1 for one in bounds if one is not None), self._slider.max)
        most = max(self._slider.max, *(one + 1 for one in bounds if one is not None), self._slider.min)
        self.span(least + 1, most - 1)
        self._slider.value = (least if low is None else low, most if high is None else high)
        self._say()

    def _changed(self, on_change: Callable[[], None]) -> None:
        self._say()
        on_change()

    def _say(self) -> None:
        low, high = self.bounds
        if low is None and high is None:
            said = "any"
        elif high is None:
            said = f"from {low}{self._unit}"
        elif low is None:
            said = f"up to {high}{self._unit}"
        else:
            said = f"{low} to {high}{self._unit}"
        self._label.value = markup.block(markup.heading(self._words, said, self._hint))


class FilterControls:
    """All controls in a column; `filters` and `services` are what they say once they were first `set`."""

    def __init__(self, sources: Mapping[str, AllFilms], on_change: Callable[[], None]) -> None:
        self._sources, self._on_change, self._quiet = sources, on_change, True
        self._years = Range("Year of release", "", self._changed)
        self._minutes = Range("Running time", " min", self._changed, "A film of unknown length fits no bound.")
        self._ratings_label = widgets.HTML()
        self._ratings = widgets.SelectionSlider(options=[0], readout=False)
        self._ratings.observe(lambda _: self._changed(), "value")
        self._tmdb = widgets.Checkbox(description="only films with TMDb metadata", indent=False)
        self._tmdb.observe(lambda _: self._changed(), "value")
        self._genres = Chips((EITHER, KEEP, DROP), self._changed)
        self._source = widgets.Dropdown(options=[(_SOURCES[name], name) for name in sources])
        self._source.observe(lambda _: self._other_source(), "value")
        self._services = Chips((EITHER, KEEP), self._changed)
        self._services.widget.add_class("cm-many")
        self._offer()
        self.widget = widgets.VBox(
            [
                self._years.widget,
                self._minutes.widget,
                self._ratings_label,
                self._ratings,
                self._tmdb,
                _label("Genres", "Press once to keep only these (✓), twice to drop them (✕)."),
                self._genres.widget,
                _label("Services according to"),
                self._source,
                self._services.widget,
            ]
        )

    def _offer(self) -> None:
        films = next(iter(self._sources.values()))
        if len(films.years):
            self._years.span(int(films.years[0]), int(films.years[-1]))
        self._minutes.span(1, _LONG)
        self._offer_genres([])
        most = 0 if films.facts.ratings is None else int(films.facts.ratings.max())
        self._ratings.options = [count for count in _RATINGS if count <= most] or [0]
        self._ratings.disabled = most == 0

    @property
    def services(self) -> str:
        """Who says which service has a film."""
        return self._source.value

    @property
    def filters(self) -> Filters:
        """The filters that the controls say."""
        (min_year, max_year), (min_runtime, max_runtime) = self._years.bounds, self._minutes.bounds
        return Filters(
            min_year=min_year,
            max_year=max_year,
            require_tmdb=self._tmdb.value,
            min_ratings=self._ratings.value,
            genres_keep=self._genres.chosen(KEEP),
            genres_drop=self._genres.chosen(DROP),
            min_runtime=min_runtime,
            max_runtime=max_runtime,
            services_keep=self._services.chosen(KEEP),
        )

    def set(self, settings: Settings) -> None:
        """Put the controls where `settings` say, then tell of one change."""
        self._quiet = True
        try:
            self._put(settings.filters, settings.services)
        finally:
            self._quiet = False
        self._changed()

    def _put(self, filters: Filters, services: str) -> None:
        self._source.value = services
        self._years.bounds = (filters.min_year, filters.max_year)
        self._minutes.bounds = (filters.min_runtime, filters.max_runtime)
        self._tmdb.value = filters.require_tmdb
        if filters.min_ratings not in self._ratings.options:
            self._ratings.options = sorted({*self._ratings.options, filters.min_ratings})
        self._ratings.value = filters.min_ratings
        self._offer_genres([*filters.genres_keep, *filters.genres_drop])
        self._genres.choose(filters.genres_keep, filters.genres_drop)
        self._offer_services(self._sources[services].facts.services_named(filters.services_keep))

    def _other_source(self) -> None:
        films, kept = self._sources[self._source.value], self._services.chosen(KEEP)
        self._offer_services([name for name in kept if name in films.facts.has_service])
        self._changed()

    def _offer_genres(self, wanted: Iterable[str]) -> None:
        whole = next(iter(self._sources.values())).whole.by_genre
        names = list(dict.fromkeys([*whole, *wanted]))  # a genre may be asked for that no film here has
        self._genres.offer(names, [f"{whole.get(name, 0):,} films" for name in names])

    def _offer_services(self, keep: Iterable[str]) -> None:
        films = self._sources[self._source.value]
        names = list(dict.fromkeys([*films.services[:_MOST_SERVICES], *keep]))
        whole = films.facts.has_service
        self._services.offer(names, [f"{int(whole[name].sum()):,} films" for name in names])
        self._services.choose(keep)

    def _changed(self) -> None:
        if self._quiet:
            return
        count = self._ratings.value
        said = f"at least {count:,}" if count else "any number"
        if self._ratings.disabled:
            said = "this data set has none"
        self._ratings_label.value = markup.block(markup.heading("Ratings", said))
        self._on_change()


def without_filters(settings: Settings) -> Settings:
    """The same settings, with no filter."""
    return replace(settings, filters=Filters())


def _label(words: str, hint: str = "") -> widgets.HTML:
    return widgets.HTML(markup.block(markup.heading(words, more=hint)))

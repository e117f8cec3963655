"""The analyst's page: controls, and the counts and recommendations that follow them."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd
import psutil

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data.attribution import attributions
from cinematch_lib.data.layouts import look
from cinematch_lib.data.tmdb import find_metadata
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.comparison import Comparison, State
from cinematch_lib.explorer.controls import FilterControls
from cinematch_lib.explorer.counts import AllFilms, by_source
from cinematch_lib.explorer.counts_view import CountsView
from cinematch_lib.explorer.current_run import CurrentRun
from cinematch_lib.explorer.evaluation_view import EvaluationView
from cinematch_lib.explorer.file_button import FileButton
from cinematch_lib.explorer.film_facts import FilmFacts
from cinematch_lib.explorer.film_links import FilmLinks
from cinematch_lib.explorer.film_map import OUTSIDE, Area, FilmMapWidget, check_area
from cinematch_lib.explorer.film_view import FilmView
from cinematch_lib.explorer.links import Moment
from cinematch_lib.explorer.lookup import Lookup, TextIndex
from cinematch_lib.explorer.navigation import Navigation
from cinematch_lib.explorer.one_frame import one_frame
from cinematch_lib.explorer.recommendations import RecommendationsView
from cinematch_lib.explorer.report import report
from cinematch_lib.explorer.run_panel import RunPanel
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.explorer.side_by_side import SideBySide
from cinematch_lib.pipeline.folders import Folders
from cinematch_lib.recommender.recommender import Recommender


class Page:
    """The parts of the page, from top to bottom: `status`, `catalog`, `lookup`, `film`, `comparison`, `lists`,
    `evaluation`, `saving`.

    `state` holds the present settings and their counts. If the films or a run are missing, the parts show what to run.
    """

    def __init__(self, folders: Folders, dataset: str, seed: int) -> None:
        self._folders = folders
        self._lock = threading.RLock()  # the end of a pipeline run is handled in another thread
        self._status = widgets.HTML()
        self.status: widgets.Widget = _part(widgets.HTML(markup.style()), self._status)
        self._current = CurrentRun.load(folders.artifacts_dir)
        try:
            self._load(self._current.settings or Settings.default(dataset, seed))
            self._build()
        except CineMatchError as error:
            self._status.value = markup.block(markup.notice(str(error), "bad"))
            nothing = widgets.HTML(markup.block(markup.hint("This part needs the films; see the message above.")))
            self.catalog = self.lookup = self.film = self.comparison = _part(nothing)
            self.lists = self.evaluation = self.saving = self.catalog

    def _load(self, settings: Settings) -> None:
        """Read all films of the data set, with each source of services that exists."""
        raw_dir = self._folders.raw_dir
        folder = raw_dir / settings.dataset
        if look(folder) is None:
            problem = f" {self._current.problem}." if self._current.problem else ""
            raise CineMatchError(
                f"The films of {settings.dataset} are not in {folder}. "
                f"Fetch them and make a run: cinematch run --dataset {settings.dataset}.{problem}"
            )
        metadata = _metadata(settings, raw_dir)
        start = time.perf_counter()
        films = AllFilms.load(folder, metadata, ServicesSource("none"))
        sources, invalid = settings.sources(raw_dir)
        self._sources, unreadable = by_source(films, sources)
        self._notes = [*invalid, *unreadable]
        if settings.services not in self._sources:
            settings = replace(settings, services="none", filters=replace(settings.filters, services_keep=()))
        self._initial = settings
        self._load_seconds = time.perf_counter() - start

    def _build(self) -> None:
        films = self._sources[self._initial.services]
        self._index = TextIndex(films)
        self._index.prepare_later()
        self._counts = CountsView(films, self.narrow)
        self._area: Area | None = None
        self._map = FilmMapWidget()
        self._map.set_films(self._current.film_map, films, self._index.popularity_order)
        self._map.on_brush(self.mark)
        self._recommendations = RecommendationsView(self.redraw)
        self._recommendations.set_run(self._current.run, self._current.recommender, self._current.problem)
        self._lookup = Lookup(self._index, lambda: (self.state.films, self.state.count))
        order, artifacts_dir = self._index.popularity_order, self._folders.artifacts_dir
        self._comparison = Comparison(lambda: self.state, self.set, order, artifacts_dir)
        self._links = FilmLinks()
        self._links.on_open(self.open_film)
        self._film = FilmView(self._facts(), lambda: self.state, lambda: self._recommendations.wanted)
        self._film.set_run(self._current.run, self._current.recommender, self._current.film_map)
        view = self._recommendations
        self._lists = SideBySide(
            lambda: view.side(self.state), lambda: view.picker.person, lambda: self._current.run, artifacts_dir
        )
        self._evaluation = EvaluationView()
        self._evaluation.set_run(self._current.run, self._current.recommender)
        self._run_panel = RunPanel(lambda: self.state.settings, self._folders, self._use_new_run)
        self._controls = FilterControls(self._sources, self.redraw)
        self._credits = widgets.HTML()
        self._navigation = Navigation(
            Moment(self._initial), self.go, self._moment_of_run, self._without_filters, self.selected_films
        )
        self.catalog = _part(self._navigation.widget, self._cards(), self._credits)
        self.lookup = _part(_card(self._lookup.widget, "cm-wide"))
        self.film = _part(_card(self._film.widget, "cm-wide"), self._links)
        self.comparison = _part(_card(self._comparison.widget, "cm-wide"))
        self.lists = _part(_card(self._lists.widget, "cm-wide"))
        self.evaluation = _part(_card(self._evaluation.widget, "cm-wide"))
        saving = widgets.VBox([FileButton("Report (HTML)", self.report), self._run_panel.widget]).add_class("cm-saving")
        self.saving = _part(_card(saving, "cm-wide"))
        self._show_status()
        self.set(self._initial)
        self._lists.update_runs()

    def _facts(self) -> FilmFacts:
        settings, raw_dir = self._initial, self._folders.raw_dir
        return FilmFacts(settings.dataset, raw_dir / settings.dataset, _metadata(settings, raw_dir))

    def _cards(self) -> widgets.Widget:
        cards = {
            "cm-controls": self._controls.widget,
            "cm-counts": self._counts.widget,
            "cm-on-map": self._map,
            "cm-films": self._recommendations.widget,
        }
        return widgets.HBox([_card(widget, kind) for kind, widget in cards.items()]).add_class("cm-row")

    def set(self, settings: Settings, area: Area | None = None) -> None:
        """Set the controls to `settings`, mark an area of the map, None for no area, and redraw."""
        self._area = check_area(area)
        with self._lock, one_frame(self.catalog, self.lookup):
            self._controls.set(settings)
            self._show_films()
        self._show_what_follows()

    def mark(self, area: Area | None) -> None:
        """Keep the films of an area of the map alone, None for the whole map. Raises CineMatchError for no area."""
        self._area = check_area(area)
        self.redraw()

    def go(self, moment: Moment) -> None:
        """Show a moment. Raises CineMatchError, and then nothing changes."""
        settings = moment.settings
        if settings.services not in self._sources:
            known = ", ".join(self._sources)
            raise CineMatchError(f"services must be one of {known} on this page, got {settings.services!r}")
        self._sources[settings.services].count(settings.filters)
        with self._lock:
            self._recommendations.choose(moment.person)
            self.set(settings, moment.area)

    def _moment_of_run(self) -> Moment:
        return Moment(self._run_settings(), None, self._recommendations.choice)

    def _without_filters(self) -> Moment:
        return Moment(replace(self.state.settings, filters=Filters()), None, self._recommendations.choice)

    def selected_films(self) -> pd.DataFrame:
        """The films that are kept: the columns of `tables.MERGED`, and the number of ratings if there are any."""
        films, keeps = self.state.films, self.state.count.keeps
        table, ratings = films.films[keeps], films.columns.ratings
        return table if ratings is None else table.assign(ratings=ratings[keeps].astype("int64"))

    def narrow(self, changes: Mapping[str, Any]) -> None:
        """Change some fields of the filters, named as those of `Filters`."""
        settings = self.state.settings
        self.set(replace(settings, filters=replace(settings.filters, **changes)), self._area)

    def _run_settings(self) -> Settings:
        """The settings of the current run if the page has its data set and services, else the initial ones."""
        settings, initial = self._current.settings, self._initial
        if settings is None or settings.dataset != initial.dataset or settings.services not in self._sources:
            return initial
        return settings

    @property
    def recommender(self) -> Recommender | None:
        """The recommender of the current run; None without one."""
        return self._current.recommender

    def like(self, *movie_ids: int) -> None:
        """Pick these films as liked."""
        self._recommendations.like(movie_ids)

    def open_film(self, movie_id: int | None) -> None:
        """Open a film of the data set, as its name on the page does; None closes it."""
        self._film.open(movie_id)

    def report(self) -> tuple[str, str]:
        """The name and the content of a file with the state of the page: HTML that loads nothing."""
        state, view = self.state, self._recommendations
        text = report(
            state, self._current.run, view.preferences, view.found, self._evaluation.metrics, self._sources_named()
        )
        return f"{state.settings.dataset}_{state.count.kept}_films.html", text

    def _sources_named(self) -> list[str]:
        settings, has_tmdb = self.state.settings, bool(self.state.films.columns.has_tmdb.any())
        return attributions(settings.dataset, settings.services, with_tmdb=has_tmdb)

    def pin(self) -> None:
        """Pin the present settings as A, as the button does."""
        self._comparison.pin()

    def redraw(self) -> None:
        """Show the counts and recommendations under the settings of the controls."""
        with self._lock, one_frame(self.catalog, self.lookup):
            self._show_films()
        self._show_what_follows()

    def _show_films(self) -> None:
        """Show which films are kept: the views of which each selects for all."""
        films = self._sources[self._controls.services]
        settings = replace(self._initial, filters=self._controls.filters, services=self._controls.services)
        count = films.count(settings.filters, self._map.dropped(self._area), OUTSIDE)
        self.state = State(settings, films, count, self._area)
        self._navigation.show(Moment(settings, self._area, self._recommendations.choice), count.kept, count.read)
        self._counts.show(count, films.unfiltered, settings.filters)
        self._lookup.show()
        self._map.show(count.keeps, self._area)

    def _show_what_follows(self) -> None:
        with self._lock, one_frame(self.catalog, self.film, self.comparison, self.lists, self.saving):
            self._recommendations.show(self.state.films.ids[self.state.count.keeps])
            self._film.show()
            self._lists.show()
            self._comparison.show()
            self._run_panel.show()
            self._credits.value = markup.block("".join(map(markup.hint, self._sources_named())))

    def _use_new_run(self) -> str:
        """Use the current run from now on; returns a message that names it."""
        with self._lock:
            self._current = CurrentRun.load(self._folders.artifacts_dir)
            self._recommendations.set_run(self._current.run, self._current.recommender, self._current.problem)
            self._area = None  # the next map has other places
            self._map.set_films(self._current.film_map, self.state.films, self._index.popularity_order)
            self._film.set_run(self._current.run, self._current.recommender, self._current.film_map)
            self._evaluation.set_run(self._current.run, self._current.recommender)
            self._comparison.update_runs()
            self._lists.update_runs()
            self._show_status()
            self.redraw()
        return self._current.problem or f"the page now uses the new current run, {self._current.run.info.run_id}."

    def _show_status(self) -> None:
        films, run, settings = self._sources[self._initial.services], self._current.run, self._initial
        text = (
            f"<b>{markup.escape(settings.dataset)}</b>: {len(films):,} films read from "
            f"{markup.escape(str(self._folders.raw_dir / settings.dataset))} in {self._load_seconds:.1f} s; "
            f"this page takes {psutil.Process().memory_info().rss / 1e6:,.0f} MB of memory. "
        )
        if (recommender := self._current.recommender) is not None:
            text += f"Current run: <b>{markup.escape(run.info.run_id)}</b> with {len(recommender):,} films."
        notes = [markup.notice(one, "bad") for one in (*self._notes, self._current.problem) if one]
        content = f'<div class="cm-hint">{text}</div>{"".join(notes)}'
        self._status.value = markup.block(content)


def explore(raw_dir: Path, data_dir: Path, artifacts_dir: Path, dataset: str = "sample", seed: int = 0) -> Page:
    """The analyst's page for the current run under `artifacts_dir`.

    Films are counted from the raw tables in `raw_dir`; runs started from the page write their catalog to `data_dir`.
    Without a current run, the page starts from the pipeline's defaults for `dataset` and `seed`. Missing or damaged
    files raise no error; the page shows the remedy.
    """
    return Page(Folders(raw_dir, data_dir, artifacts_dir), dataset, seed)


def _metadata(settings: Settings, raw_dir: Path) -> Path | None:
    return find_metadata(raw_dir, settings.dataset) if settings.rest.get("use_tmdb", True) else None


def _card(widget: widgets.Widget, kind: str) -> widgets.Widget:
    return widgets.VBox([widget]).add_class("cm-card").add_class(kind)


def _part(*parts: widgets.Widget) -> widgets.Widget:
    return widgets.VBox(parts).add_class("cm-part")

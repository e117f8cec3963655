"""The analyst's page: controls, counts and recommendations that move together."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import ipywidgets as widgets

from cinematch_lib.catalog.attribution import attributions
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.data.tmdb import find_metadata
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.comparing import Comparison, State
from cinematch_lib.explorer.controls import FilterControls, without_filters
from cinematch_lib.explorer.counts import AllFilms, under_each
from cinematch_lib.explorer.counts_view import CountsView
from cinematch_lib.explorer.current_run import InUse
from cinematch_lib.explorer.lookup import Lookup, TextIndex
from cinematch_lib.explorer.recommendations import Recommendations
from cinematch_lib.explorer.saving import Saving
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.pipeline.runner import Folders
from cinematch_lib.recommender.recommender import Recommender

_NOT_YET = "This part needs the films; see above."


class Page:
    """All parts of the page, to be shown one below the other: `status`, `catalog`, `lookup`, `comparison`, `saving`.

    Where something that they need is missing, they say what to run.
    """

    def __init__(self, folders: Folders, dataset: str, seed: int) -> None:
        self._folders = folders
        self._lock = threading.RLock()  # a run that ends tells so from a thread of its own
        self._status = widgets.HTML()
        self.status: widgets.Widget = _part(widgets.HTML(markup.style()), self._status)
        self._in_use = InUse.find(folders.artifacts_dir)
        try:
            self._load(self._in_use.settings or Settings.by_default(dataset, seed))
            self._build()
        except CineMatchError as error:
            self._status.value = markup.block(markup.notice(str(error), "bad"))
            nothing = widgets.HTML(markup.block(markup.hint(_NOT_YET)))
            self.catalog = self.lookup = self.comparison = self.saving = _part(nothing)

    def _load(self, settings: Settings) -> None:
        """Read all films of the data set, under each source of services that is there."""
        raw_dir = self._folders.raw_dir
        folder = raw_dir / settings.dataset
        if not (folder / "movies.csv").is_file():
            why = f" {self._in_use.problem}." if self._in_use.problem else ""
            raise CineMatchError(
                f"The films of {settings.dataset} are not in {folder}, where the page counts them. "
                f"Fetch them and make a run: cinematch run --dataset {settings.dataset}.{why}"
            )
        metadata = find_metadata(raw_dir, settings.dataset) if settings.rest.get("use_tmdb", True) else None
        began = time.perf_counter()
        films = AllFilms.load(folder, metadata, ServicesSource("none"))
        sources, unknown = _sources(settings, raw_dir)
        self._sources, unreadable = under_each(films, sources)
        self._notes = [*unknown, *unreadable]
        if settings.services not in self._sources:
            settings = replace(settings, services="none", filters=replace(settings.filters, services_keep=()))
        self._start = settings
        self._took = time.perf_counter() - began

    def _build(self) -> None:
        films = self._sources[self._start.services]
        self._index = TextIndex(films)
        self._index.search("warm up", 1)  # its texts are folded with the first search, which would feel slow
        self._counts = CountsView(films)
        self._recommendations = Recommendations(self.redraw)
        self._recommendations.use(self._in_use.recommender, self._in_use.problem)
        self._lookup = Lookup(self._index, lambda: (self._state.films, self._state.count))
        self._comparison = Comparison(lambda: self._state, self.set, self._index.standing, self._folders.artifacts_dir)
        self._saving = Saving(lambda: self._state.settings, self._folders, self._new_run)
        self._controls = FilterControls(self._sources, self.redraw)
        self._credits = widgets.HTML()
        self.catalog = _part(self._three_columns(), self._credits)
        self.lookup = _part(_card(self._lookup.widget, "cm-wide"))
        self.comparison = _part(_card(self._comparison.widget, "cm-wide"))
        self.saving = _part(_card(self._saving.widget, "cm-wide"))
        self._say_status()
        self.set(self._start)

    def _three_columns(self) -> widgets.Widget:
        as_run, none = widgets.Button(description="As the current run"), widgets.Button(description="No filters")
        as_run.on_click(lambda _: self.set(self._of_the_run()))
        none.on_click(lambda _: self.set(without_filters(self._state.settings)))
        buttons = widgets.HBox([as_run, none])
        buttons.add_class("cm-actions")
        row = widgets.HBox(
            [
                _card(widgets.VBox([buttons, self._controls.widget]), "cm-controls"),
                _card(self._counts.widget, "cm-counts"),
                _card(self._recommendations.widget, "cm-films"),
            ]
        )
        row.add_class("cm-row")
        return row

    def set(self, settings: Settings) -> None:
        """Put the controls where `settings` say, and show what comes of it."""
        self._controls.set(settings)

    def _of_the_run(self) -> Settings:
        """The settings of the current run, where the page can show them; else those that it began with."""
        of = self._in_use.settings
        shown = of is not None and of.dataset == self._start.dataset and of.services in self._sources
        return of if shown else self._start

    @property
    def state(self) -> State:
        """The settings in force and what they leave."""
        return self._state

    @property
    def recommender(self) -> Recommender | None:
        """What recommends on the page; None where there is no current run."""
        return self._in_use.recommender

    def like(self, *movie_ids: int) -> None:
        """Count these films as liked, as if they had been picked."""
        self._recommendations.like(movie_ids)

    def pin(self) -> None:
        """Pin the settings in force as A, as the button does."""
        self._comparison.pin()

    def redraw(self) -> None:
        """Show what comes of the settings that the controls say."""
        with self._lock:
            films = self._sources[self._controls.services]
            settings = replace(self._start, filters=self._controls.filters, services=self._controls.services)
            self._state = State(settings, films, films.count(settings.filters))
            count = self._state.count
            self._counts.show(count, films.whole)
            self._recommendations.show(films.ids[count.keeps])
            self._lookup.show()
            self._comparison.show()
            self._saving.show()
            credits = attributions(settings.dataset, settings.services, with_tmdb=bool(films.facts.has_tmdb.any()))
            self._credits.value = markup.block(markup.hint(" ".join(credits)))

    def _new_run(self) -> str:
        """Use the current run; says which."""
        with self._lock:
            self._in_use = InUse.find(self._folders.artifacts_dir)
            self._recommendations.use(self._in_use.recommender, self._in_use.problem)
            self._comparison.find_runs()
            self._say_status()
            self.redraw()
        return self._in_use.problem or f"{self._in_use.run.info.run_id} is the current run now, and the page shows it."

    def _say_status(self) -> None:
        films, run, settings = self._sources[self._start.services], self._in_use.run, self._start
        said = (
            f"<b>{markup.escape(settings.dataset)}</b>: {len(films):,} films read from "
            f"{markup.escape(str(self._folders.raw_dir / settings.dataset))} in {self._took:.1f} s. "
        )
        if self._in_use.recommender is not None:
            recommender = self._in_use.recommender
            said += f"In use: run <b>{markup.escape(run.info.run_id)}</b> with {len(recommender):,} films."
        notes = [*self._notes, *([self._in_use.problem] if self._in_use.problem else [])]
        content = f'<div class="cm-hint">{said}</div>' + "".join(markup.notice(one, "bad") for one in notes)
        self._status.value = markup.block(content)


def explore(raw_dir: Path, data_dir: Path, artifacts_dir: Path, dataset: str = "sample", seed: int = 0) -> Page:
    """The analyst's page about the current run under `artifacts_dir`.

    Films are counted from the raw tables in `raw_dir`; runs started from the page clean to `data_dir`. Without a
    current run, the page begins with the pipeline's defaults for `dataset` and `seed`. Nothing is raised for
    what a person can mend: the page says it.
    """
    return Page(Folders(raw_dir, data_dir, artifacts_dir), dataset, seed)


def _sources(settings: Settings, raw_dir: Path) -> tuple[dict[str, ServicesSource], list[str]]:
    """The sources of services to choose from, by name: the one in force, those that need no file, those whose file
    is there. And what is wrong with others.
    """
    names = [settings.services, "demo", "none"]
    if (raw_dir / "tmdb" / "providers.csv").is_file():
        names.append("tmdb")
    if settings.rest.get("services_file"):
        names.append("file")
    found, wrong = {}, []
    for name in dict.fromkeys(names):
        try:
            found[name] = settings.source(name, raw_dir)
        except CineMatchError as error:
            wrong.append(str(error))
    return found, wrong


def _card(widget: widgets.Widget, kind: str) -> widgets.Widget:
    card = widgets.VBox([widget])
    card.add_class("cm-card")
    card.add_class(kind)
    return card


def _part(*parts: widgets.Widget) -> widgets.Widget:
    part = widgets.VBox(parts)
    part.add_class("cm-part")
    return part

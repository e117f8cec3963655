"""Two settings next to each other: the films added and removed, and the change of the metrics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets
import numpy as np

from cinematch_lib.artifacts.manifest import RunInfo
from cinematch_lib.artifacts.runs import Run, list_runs
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.records import METRICS
from cinematch_lib.evaluation.run_changes import Change, metric_changes
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.counts import AllFilms, Count
from cinematch_lib.explorer.film_facts import movie_of
from cinematch_lib.explorer.film_map import Area
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.plots.style import FIELD_NAMES

_MAX_LISTED = 12


@dataclass(frozen=True)
class State:
    """Settings and an area of the map, and the counts of the films under them."""

    settings: Settings
    films: AllFilms
    count: Count
    area: Area | None = None


def film_changes(a: State, b: State, order: np.ndarray) -> tuple[list[int], list[int]]:
    """The rows of the films that B adds to A, and of those that it removes, in the order of the rows `order`."""
    added = b.count.keeps & ~a.count.keeps
    removed = a.count.keeps & ~b.count.keeps
    return order[added[order]].tolist(), order[removed[order]].tolist()


def evaluated_run(settings: Settings, runs: Sequence[RunInfo]) -> RunInfo | None:
    """The last of `runs` with these settings that was evaluated; None without one."""
    evaluated = (info for info in reversed(runs) if METRICS in info.files)
    return next((info for info in evaluated if settings.matches(info)), None)


class Comparison:
    """Buttons to pin the present settings as A and to restore them, and a table of the changes from A to B."""

    def __init__(
        self,
        state: Callable[[], State],
        restore: Callable[[Settings, Area | None], None],
        order: np.ndarray,
        artifacts_dir: Path,
    ) -> None:
        """`state` returns the present state; `restore` applies settings and an area; `order` sorts the listed films."""
        self._state, self._order, self._artifacts_dir = state, order, artifacts_dir
        self._pinned: State | None = None
        self._runs: list[RunInfo] = []
        self._metrics: dict[tuple[str, str], str] = {}  # tables by the ids of the two runs
        pin = widgets.Button(description="Pin these settings as A")
        pin.on_click(lambda _: self.pin())
        self._back = widgets.Button(description="Back to A", disabled=True)
        self._back.on_click(lambda _: self._restore(restore))
        buttons = widgets.HBox([pin, self._back]).add_class("cm-actions")
        self._table = widgets.HTML()
        self.widget = widgets.VBox([buttons, self._table])

    def _restore(self, restore: Callable[[Settings, Area | None], None]) -> None:
        if self._pinned is not None:
            restore(self._pinned.settings, self._pinned.area)

    def pin(self) -> None:
        """Pin the present settings as A."""
        self._pinned = self._state()
        self._back.disabled = False
        self.update_runs()
        self.show()

    def update_runs(self) -> None:
        """Read the list of runs again."""
        self._runs = list_runs(self._artifacts_dir)

    def show(self) -> None:
        """Show A next to the present settings."""
        if self._pinned is None:
            hint = "Nothing is pinned. Pin the present settings as A, then change them to compare the two."
            self._table.value = markup.block(markup.hint(hint))
            return
        a, b = self._pinned, self._state()
        added, removed = film_changes(a, b, self._order)
        lists = "".join(
            f"<div>{markup.heading(title, f'{len(rows):,} films')}{_film_table(rows, state, name)}</div>"
            for title, rows, state, name in (("Added by B", added, a, "A"), ("Removed by B", removed, b, "B"))
        )
        content = f'{_summary(a, b)}<div class="cm-two">{lists}</div>{self._metrics_table(a, b)}'
        self._table.value = markup.block(content)

    def _metrics_table(self, a: State, b: State) -> str:
        runs = {"A": evaluated_run(a.settings, self._runs), "B": evaluated_run(b.settings, self._runs)}
        if missing := " and ".join(name for name, info in runs.items() if info is None):
            hint = f"No evaluated run has the settings of {missing}; run the pipeline with them to compare."
            return markup.heading("Metrics") + markup.hint(hint)
        pair = runs["A"].run_id, runs["B"].run_id
        if pair not in self._metrics:
            self._metrics[pair] = self._compare_metrics(*pair)
        return markup.heading("Metrics") + self._metrics[pair]

    def _compare_metrics(self, first: str, second: str) -> str:
        try:
            changes = metric_changes(*(Run(self._artifacts_dir / "runs" / run_id) for run_id in (first, second)))
        except CineMatchError as error:
            return markup.hint(str(error))
        rows = [(one.name, f"{one.before:.3f}", f"{one.after:.3f}", _difference(one)) for one in changes]
        return markup.table(
            ("metric", f"A: {first}", f"B: {second}", "B − A, 95 % interval"), rows, "cm-metrics", is_sortable=False
        )


def _difference(change: Change) -> str:
    """The difference with its interval, and whether it is larger than the noise."""
    if not change.differs:
        return "the same for every user"
    interval = change.difference
    size = "larger than the noise" if interval.differs else "within the noise"
    return markup.minus(f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]: {size}")


def _summary(a: State, b: State) -> str:
    """The settings that differ, and the counts of both."""
    rows: list[Sequence[object]] = []
    settings_a, settings_b = a.settings.parameters(), b.settings.parameters()
    for name in settings_b:
        if settings_a.get(name) != settings_b.get(name):
            rows.append((name, _format(settings_a.get(name)), _format(settings_b.get(name)), ""))
    if a.area != b.area:
        rows.append(("area on the map", *(_format(list(one.area or ())) for one in (a, b)), ""))
    rows.append(("films kept", *_with_difference(a.count.kept, b.count.kept)))
    for name, count in b.count.coverage.items():
        label = f"{FIELD_NAMES.get(name, name)} known"
        rows.append((label, *_with_difference(a.count.coverage[name], count)))
    return markup.table(("setting", "A", "B", "B − A"), rows, "cm-compared", is_sortable=False)


def _with_difference(a: int, b: int) -> tuple[str, str, str]:
    return f"{a:,}", f"{b:,}", markup.signed(b - a)


def _format(value: object) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _film_table(rows: Sequence[int], state: State, name: str) -> str:
    """The first of the films in `rows`, each with the rule of the state called `name` that drops it."""
    if not rows:
        return markup.hint("None.")
    labels = [(int(state.films.ids[row]), movie_of(state.films, row).label) for row in rows[:_MAX_LISTED]]
    shown = [
        (markup.film_button(*label), state.count.drop_reason(row)) for label, row in zip(labels, rows, strict=False)
    ]
    more = markup.hint(f"and {len(rows) - _MAX_LISTED:,} more") if len(rows) > _MAX_LISTED else ""
    return markup.table(("film", f"rule of {name} that drops it"), shown) + more

"""Two settings side by side: which films came, which went, and what it did to the metrics."""

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
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.plots.catalog import FIELD_NAMES

_LISTED = 12


@dataclass(frozen=True)
class State:
    """Settings and what they leave of all films."""

    settings: Settings
    films: AllFilms
    count: Count


def changes(a: State, b: State, standing: np.ndarray) -> tuple[list[int], list[int]]:
    """The rows of the films that came from A to B, and of those that went, in the order of `standing`."""
    came = b.count.keeps & ~a.count.keeps
    went = a.count.keeps & ~b.count.keeps
    return standing[came[standing]].tolist(), standing[went[standing]].tolist()


def evaluated_run(settings: Settings, runs: Sequence[RunInfo]) -> RunInfo | None:
    """The last of `runs` that was made with these settings and evaluated; None without one."""
    evaluated = (info for info in reversed(runs) if METRICS in info.files)
    return next((info for info in evaluated if settings.made(info)), None)


class Comparison:
    """Buttons to pin the settings in force and to go back to them, and the table of what changed since."""

    def __init__(
        self,
        get: Callable[[], State],
        restore: Callable[[Settings], None],
        standing: np.ndarray,
        artifacts_dir: Path,
    ) -> None:
        self._get, self._standing, self._artifacts_dir = get, standing, artifacts_dir
        self._pinned: State | None = None
        self._runs: list[RunInfo] = []
        self._metrics: dict[tuple[str, str], str] = {}  # of each two runs that were compared
        pin = widgets.Button(description="Pin these settings as A")
        pin.on_click(lambda _: self.pin())
        self._back = widgets.Button(description="Back to A", disabled=True)
        self._back.on_click(lambda _: restore(self._pinned.settings) if self._pinned else None)
        buttons = widgets.HBox([pin, self._back])
        buttons.add_class("cm-actions")
        self._table = widgets.HTML()
        self.widget = widgets.VBox([buttons, self._table])

    def pin(self) -> None:
        """Hold on to the settings in force as A."""
        self._pinned = self._get()
        self._back.disabled = False
        self.find_runs()
        self.show()

    def find_runs(self) -> None:
        """Look for runs anew: there may be another."""
        self._runs = list_runs(self._artifacts_dir)

    def show(self) -> None:
        """Show A beside what is set now."""
        if self._pinned is None:
            said = "Nothing is pinned yet. Pin the settings you have, then change them: both will stand side by side."
            self._table.value = markup.block(markup.hint(said))
            return
        a, b = self._pinned, self._get()
        came, went = changes(a, b, self._standing)
        lists = "".join(
            f"<div>{markup.heading(words, f'{len(rows):,} films')}{_listed(of.films, of.count, rows)}</div>"
            for words, rows, of in (("Came, from A to B", came, a), ("Went, from A to B", went, b))
        )
        content = f'{_numbers(a, b)}<div class="cm-two">{lists}</div>{self._metrics_table(a, b)}'
        self._table.value = markup.block(content)

    def _metrics_table(self, a: State, b: State) -> str:
        made = {"A": evaluated_run(a.settings, self._runs), "B": evaluated_run(b.settings, self._runs)}
        if lacking := [name for name, info in made.items() if info is None]:
            which = " and ".join(lacking)
            said = f"No evaluated run has the settings of {which}; run the pipeline with them to compare."
            return markup.heading("Metrics") + markup.hint(said)
        pair = made["A"].run_id, made["B"].run_id
        if pair not in self._metrics:
            self._metrics[pair] = self._compared(*pair)
        return markup.heading("Metrics") + self._metrics[pair]

    def _compared(self, first: str, second: str) -> str:
        try:
            runs = [Run(self._artifacts_dir / "runs" / run_id) for run_id in (first, second)]
            found = metric_changes(*runs)
        except CineMatchError as error:
            return markup.hint(str(error))
        rows = [(one.name, f"{one.before:.3f}", f"{one.after:.3f}", _noise(one)) for one in found]
        return markup.table(("metric", f"A: {first}", f"B: {second}", "B − A, 95 % interval"), rows, "cm-metrics")


def _noise(change: Change) -> str:
    """The difference with its interval, and whether it is larger than the noise."""
    if not change.differs:
        return "the same for every user"
    of = change.difference
    size = "larger than the noise" if of.differs else "within the noise"
    return f"{of.mean:+.3f} [{of.low:+.3f}, {of.high:+.3f}]: {size}".replace("-", "−")


def _numbers(a: State, b: State) -> str:
    """What is set differently, and the counts of both."""
    rows: list[Sequence[object]] = []
    of_a, of_b = a.settings.parameters(), b.settings.parameters()
    for name in of_b:
        if of_a.get(name) != of_b.get(name):
            rows.append((name, _plain(of_a.get(name)), _plain(of_b.get(name)), ""))
    rows.append(("films kept", *_with_difference(a.count.kept, b.count.kept)))
    for name, known in b.count.coverage.items():
        words = f"{FIELD_NAMES.get(name, name)} known"
        rows.append((words, *_with_difference(a.count.coverage[name], known)))
    return markup.table(("", "A", "B", "B − A"), rows, "cm-compared")


def _with_difference(a: int, b: int) -> tuple[str, str, str]:
    return f"{a:,}", f"{b:,}", markup.signed(b - a)


def _plain(value: object) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _listed(films: AllFilms, other: Count, rows: Sequence[int]) -> str:
    """The best known of the films, with the reason for which the other setting does not keep them."""
    if not rows:
        return markup.hint("None.")
    titles, years = films.films["title"], films.films["year"]
    shown = [(f"{titles.iloc[row]} ({years.iloc[row]})", other.why(row)) for row in rows[:_LISTED]]
    more = markup.hint(f"and {len(rows) - _LISTED:,} more") if len(rows) > _LISTED else ""
    return markup.table(("film", "left out by the other for"), shown) + more

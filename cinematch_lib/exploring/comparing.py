"""Two settings side by side: which films came, which went, and what it did to the metrics."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from cinematch_lib.artifacts import list_runs
from cinematch_lib.exploring import markup
from cinematch_lib.exploring.counts import AllFilms, Count
from cinematch_lib.exploring.settings import Settings
from cinematch_lib.figures import FIELD_NAMES
from cinematch_lib.files import sha256
from cinematch_lib.manifest import RunInfo

METRICS = "metrics.json"
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


def metrics_of(settings: Settings, artifacts_dir: Path, raw_dir: Path) -> tuple[RunInfo, dict[str, float]] | None:
    """The newest run made with these settings that was evaluated, and its metrics by name; None without one."""
    for info in reversed(list_runs(artifacts_dir)):
        if METRICS in info.files and settings.made(info, raw_dir):
            data = (artifacts_dir / "runs" / info.run_id / METRICS).read_bytes()
            if sha256(data) == info.files[METRICS]["sha256"]:
                return info, numbers_in(json.loads(data))
    return None


def numbers_in(value: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """The numbers of nested mappings, with dotted names.

    >>> numbers_in({"users": 9, "ndcg": {"ease": 0.5, "of": "all"}})
    {'users': 9, 'ndcg.ease': 0.5}
    """
    found: dict[str, float] = {}
    for name, one in value.items():
        if isinstance(one, Mapping):
            found |= numbers_in(one, f"{prefix}{name}.")
        elif isinstance(one, int | float) and not isinstance(one, bool):
            found[f"{prefix}{name}"] = one
    return found


class Comparison:
    """Buttons to pin the settings in force and to go back to them, and the table of what changed since."""

    def __init__(
        self,
        get: Callable[[], State],
        restore: Callable[[Settings], None],
        standing: np.ndarray,
        folders: tuple[Path, Path],
    ) -> None:
        """`folders` are the artifacts folder and the raw folder."""
        self._get, self._standing, self._folders = get, standing, folders
        self._pinned: State | None = None
        self._metrics: dict[str, object] = {}
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
        self.show()

    def forget_metrics(self) -> None:
        """Look for runs anew: there may be another."""
        self._metrics = {}

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
        found = {"A": self._found(a.settings), "B": self._found(b.settings)}
        if lacking := [name for name, one in found.items() if one is None]:
            which = " and ".join(lacking)
            return markup.heading("Metrics") + (
                f'<div class="cm-hint">No evaluated run has the settings of {which}; run the pipeline with them '
                "to compare metrics.</div>"
            )
        (info_a, of_a), (info_b, of_b) = found["A"], found["B"]
        rows = [
            (name, _plain(of_a[name]), _plain(of_b[name]), f"{of_b[name] - of_a[name]:+.4f}".replace("-", "−"))
            for name in of_a
            if name in of_b
        ]
        head = ("metric", f"A: {info_a.run_id}", f"B: {info_b.run_id}", "B − A")
        return markup.heading("Metrics") + markup.table(head, rows, "cm-metrics")

    def _found(self, settings: Settings) -> tuple[RunInfo, dict[str, float]] | None:
        key = repr(settings)
        if key not in self._metrics:
            artifacts_dir, raw_dir = self._folders
            self._metrics[key] = metrics_of(settings, artifacts_dir, raw_dir)
        return self._metrics[key]


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

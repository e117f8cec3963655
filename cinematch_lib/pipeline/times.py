"""How long the steps of a pipeline took in earlier runs like the one to come."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from cinematch_lib.artifacts.manifest import RunInfo
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.storage.files import to_json

_ALL_FILMS = 0.9  # of the films of the largest run; with fewer, a run's filters made it fast


def fastest(
    runs: Sequence[RunInfo], dataset: str, steps: Sequence[str], parameters: Mapping[str, Any] | None = None
) -> float | None:
    """The least seconds that `steps` took in a run of `dataset`, without `fetch`; None where there was none.

    The time of `fetch` depends on what was stored. With the `parameters` of the run to come, those of all steps, only
    runs with the same filters and, if it evaluates, the same models count; without, those that kept nearly all films.
    """
    times: list[tuple[int, float]] = []
    for run in runs:
        facts = run.facts.get("pipeline", {})
        seconds = {one["step"]: one["seconds"] for one in facts.get("steps", ())}
        if facts.get("dataset") != dataset or not set(seconds) >= set(steps):
            continue
        if parameters is None or _is_like(run, steps, parameters):
            films = run.facts.get("features", {}).get("films", 0)
            times.append((films, sum(seconds[step] for step in steps if step != "fetch")))
    most = max((films for films, _ in times), default=0)
    return min((time for films, time in times if films >= _ALL_FILMS * most), default=None)


def _is_like(run: RunInfo, steps: Sequence[str], parameters: Mapping[str, Any]) -> bool:
    filters = Filters(**{one.name: parameters[one.name] for one in fields(Filters)})
    recorded = run.facts.get("clean", {}).get("filters")
    if recorded is None or _plain(filters) != _plain(Filters()) | recorded:  # an earlier run may know fewer filters
        return False
    measured = run.facts.get("evaluate", {}).get("metrics", {})
    return "evaluate" not in steps or set(parameters["models"]) == {n for n in measured if not n.startswith("served")}


def _plain(filters: Filters) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(to_json(asdict(filters)))
    return plain


def duration(seconds: float) -> str:
    """A time, rounded as an estimate is read.

    >>> duration(12.5), duration(100), duration(2187), duration(8040)
    ('13 s', '2 min', '36 min', '2 h 14 min')
    """
    minutes = max(round(seconds / 60), 1)
    if seconds < 90:
        return f"{max(-int(-seconds // 1), 1)} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

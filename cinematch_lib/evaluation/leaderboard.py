"""All evaluated runs of a data set side by side: their main metric, and which are worse than the best one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_rel

from cinematch_lib.artifacts.runs import RunInfo, RunRecord
from cinematch_lib.evaluation.compare import HYBRID, SERVED
from cinematch_lib.evaluation.intervals import Interval, interval
from cinematch_lib.evaluation.records import METRICS, read_by_user
from cinematch_lib.evaluation.report import metric_label, text
from cinematch_lib.vocabulary.wording import counted

_LEVEL = 0.05  # of the whole family of comparisons
# What a person chooses for a run, by the facts of the steps.
_CHOICES = (("clean", "filters"), ("features", "parameters"), ("train", "parameters"), ("train", "model_params"))


@dataclass(frozen=True)
class Standing:
    """A run among those of the same data set that were tested on the same users.

    Attributes
    ----------
    run_id : the run.
    model : what was measured: the recommender, ``served``, or the hybrid where the run has no other.
    value : the mean of the metric over test users with its 95 % interval.
    p : the p-value of the paired t-test against the best run, corrected by Holm's method for the number of runs that
        are compared (Holm 1979); None for the best one.
    choices : the parameters in which the runs differ.

    """

    run_id: str
    model: str
    value: Interval
    p: float | None
    choices: Mapping[str, str]

    @property
    def verdict(self) -> str:
        """Best, worse, or not told apart from the best at the level of 5 %."""
        if self.p is None:
            return "best"
        return "worse" if self.p < _LEVEL else "not told apart"


@dataclass(frozen=True)
class Leaderboard:
    """The standings of comparable runs, the best first."""

    dataset: str
    protocol: str
    metric: str
    standings: Sequence[Standing]

    def to_frame(self) -> pd.DataFrame:
        """A row for each run: `run`, the metric, `p`, `against the best`, and the parameters that differ."""
        rows = [
            {
                "run": one.run_id,
                metric_label(self.metric): str(one.value),
                "p": "" if one.p is None else f"{one.p:.3f}",
                "against the best": one.verdict,
                **one.choices,
            }
            for one in self.standings
        ]
        return pd.DataFrame(rows).fillna("")


def leaderboards(runs: Sequence[RunRecord]) -> Iterator[Leaderboard]:
    """A leaderboard for each data set, protocol and set of test users; runs that were not evaluated are left out.

    Runs are compared by the first main metric of what they serve. To compare with the best is to choose among several,
    so p-values are corrected for their number.
    """
    groups: dict[tuple[str, str, str, str], list[RunRecord]] = {}
    for run in runs:
        if METRICS in run.info.files:
            protocol = run.read_json(METRICS)["protocol"]
            key = (run.info.dataset, protocol["name"], protocol["main"][0], protocol["fingerprint"])
            groups.setdefault(key, []).append(run)
    for (dataset, protocol, metric, _), members in sorted(groups.items()):
        yield Leaderboard(dataset, protocol, metric, _standings(members, metric))


def _standings(runs: Sequence[RunRecord], metric: str) -> list[Standing]:
    measured = [_measured(run, metric) for run in runs]
    order = sorted(range(len(runs)), key=lambda at: (-measured[at][1].mean(), runs[at].info.run_id))
    best = measured[order[0]][1]
    raw = [_paired_p(measured[at][1], best) for at in order[1:]]
    p_values: list[float | None] = [None, *holm(raw)]
    differing = _differing([choices(run.info) for run in runs])
    return [
        Standing(runs[at].info.run_id, measured[at][0], interval(measured[at][1]), p, differing[at])
        for at, p in zip(order, p_values, strict=True)
    ]


def _measured(run: RunRecord, metric: str) -> tuple[str, pd.Series]:
    by_user = read_by_user(run)
    columns = [str(name) for name in by_user if str(name).endswith(f" {metric}")]
    preferred = [f"{one} {metric}" for one in (SERVED, HYBRID)]
    column = next((one for one in preferred if one in columns), columns[0])
    return column.removesuffix(f" {metric}"), by_user[column]


def _paired_p(values: pd.Series, best: pd.Series) -> float:
    """The two-sided p-value of the paired t-test; 1 where no user differs."""
    differences = values - best.reindex(values.index)
    if not differences.any():
        return 1.0
    return float(ttest_rel(values, best.reindex(values.index)).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected by Holm's method, in the same order.

    >>> holm([0.04, 0.01, 0.03])
    [0.06, 0.03, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    corrected = np.asarray(p_values, dtype=np.float64)[order] * (len(p_values) - np.arange(len(p_values)))
    found = np.empty(len(p_values))
    found[order] = np.minimum(np.maximum.accumulate(corrected), 1.0)
    return [float(value) for value in found]


def choices(info: RunInfo) -> dict[str, str]:
    """The parameters that were chosen for a run, as text, by name."""
    train = info.facts.get("train", {})
    found: dict[str, Any] = {"model": train.get("model", HYBRID)}
    if "weights_per_film" in train:
        found["weights_per_film"] = train["weights_per_film"]
    for step, name in _CHOICES:
        found |= info.facts.get(step, {}).get(name, {})
    return {name: text(value) for name, value in found.items()}


def _differing(chosen: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    names = dict.fromkeys(name for one in chosen for name in one)
    differing = [name for name in names if len({one.get(name, "") for one in chosen}) > 1]
    return [{name: one.get(name, "") for name in differing} for one in chosen]


def to_html(boards: Sequence[Leaderboard]) -> str:
    """The leaderboards as a page of its own."""
    tables = [
        f"<h2>{escape(one.dataset)}, protocol {escape(one.protocol)}, {counted(len(one.standings), 'run')}</h2>\n"
        + one.to_frame().to_html(index=False, border=0)
        for one in boards
    ]
    style = "body{font:15px sans-serif;margin:2em}td,th{padding:.3em .8em;text-align:left;border-bottom:1px solid #ddd}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Leaderboard</title><style>{style}</style>'
    note = "<p>p: paired t-test against the best run, corrected by Holm's method.</p>"
    return "\n".join([head, "<h1>Leaderboard</h1>", *tables, note, "</html>"]) + "\n"

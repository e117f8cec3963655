"""Add a run to a history of metrics, and draw it: ``python scripts/metric_history.py RUN_FOLDER HISTORY_FOLDER``.

``metrics.csv`` in the folder of the history has a line for each run, ``metrics.svg`` draws the metric with its
interval. Printed is Markdown for a job's summary: a chart that GitHub draws (it shows no SVG of others), and a table.
The environment variable GITHUB_SHA names the commit.
"""

import os
import sys
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from cinematch_lib.artifacts.runs import RunRecord
from cinematch_lib.errors import CineMatchError
from cinematch_lib.plots.style import KEPT
from cinematch_lib.storage.files import atomic_write, write_text

_SHOWN = 30  # the latest runs that are drawn and listed
COLUMNS = ["run", "created", "commit", "model", "metric", "mean", "low", "high"]


def main() -> None:
    """Add the run, write the two files, and print the summary."""
    if len(sys.argv) != 3:
        raise SystemExit("say: python scripts/metric_history.py RUN_FOLDER HISTORY_FOLDER")
    run, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    try:
        history = with_run(read_history(folder / "metrics.csv"), RunRecord(run))
    except CineMatchError as error:
        raise SystemExit(str(error)) from None
    write_text(folder / "metrics.csv", history.to_csv(index=False, lineterminator="\n"))
    latest = history[history["metric"] == history["metric"].iloc[-1]].tail(_SHOWN)
    with atomic_write(folder / "metrics.svg") as part, rc_context({"svg.hashsalt": "history", "svg.fonttype": "none"}):
        figure(latest).savefig(part, format="svg", metadata={"Date": None})
    print(summary(latest))


def read_history(file: Path) -> pd.DataFrame:
    """The lines of earlier runs, the oldest first; none where there is no file."""
    if not file.is_file():
        return pd.DataFrame(columns=COLUMNS)
    history = pd.read_csv(file, dtype={"commit": "str"}, keep_default_na=False)
    if list(history) != COLUMNS:
        raise CineMatchError(f"{file} must have the columns {', '.join(COLUMNS)}, got {', '.join(history)}; remove it")
    return history


def with_run(history: pd.DataFrame, run: RunRecord) -> pd.DataFrame:
    """The history with the leading metric of what the run serves as its last line; a run stands there once."""
    metrics = run.info.facts.get("evaluate", {}).get("metrics", {})
    model = next((name for name in ("served", "hybrid") if name in metrics), None)
    if model is None:
        raise CineMatchError(f"the run {run.info.run_id} was not evaluated, so it has no metrics to add")
    metric, value = next(iter(metrics[model].items()))
    commit = os.environ.get("GITHUB_SHA", "")[:8]
    numbers = [round(value[name], 4) for name in ("mean", "low", "high")]
    line = pd.DataFrame([[run.info.run_id, run.info.created, commit, model, metric, *numbers]], columns=COLUMNS)
    others = history[history["run"] != run.info.run_id]
    return line if others.empty else pd.concat([others, line], ignore_index=True)


def figure(history: pd.DataFrame) -> Figure:
    """The metric of each run, with its interval."""
    drawn = Figure(figsize=(6, 2), layout="constrained")
    axes = drawn.subplots()
    places = range(len(history))
    axes.fill_between(places, history["low"], history["high"], color=KEPT, alpha=0.2, linewidth=0)
    axes.plot(places, history["mean"], color=KEPT, marker="o", markersize=3)
    axes.set_xticks([0, len(history) - 1], [history["created"].iloc[at][:10] for at in (0, -1)])
    axes.set_title(f"{history['metric'].iloc[-1]} of what is served, 95 % interval", fontsize=9, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return drawn


def summary(history: pd.DataFrame) -> str:
    """Markdown: the chart, and a line for each run, the newest first."""
    metric, low, high = history["metric"].iloc[-1], history["low"].min(), history["high"].max()
    chart = [
        "```mermaid",
        "xychart-beta",
        f'  title "{metric} of the last {len(history)} runs"',
        f'  y-axis "{metric}" {low:.3f} --> {max(high, low + 0.001):.3f}',
        f"  line [{', '.join(f'{value:.4f}' for value in history['mean'])}]",
        "```",
    ]
    rows = [
        f"| {one.created[:10]} | {one.commit} | {one.run} | {one.mean:.3f} [{one.low:.3f}, {one.high:.3f}] |"
        for one in history[::-1].itertuples()
    ]
    return "\n".join([*chart, "", f"| date | commit | run | {metric} [95 %] |", "|---|---|---|---|", *rows])


if __name__ == "__main__":
    main()

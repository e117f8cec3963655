"""Whether one run is better than another: differences of their metrics, and whether they are larger than the noise."""

import io
from dataclasses import dataclass

import pandas as pd

from cinematch_lib.artifacts.runs import RunRecord
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.compare import OURS, SERVED
from cinematch_lib.evaluation.intervals import Interval, difference, difference_of_others
from cinematch_lib.evaluation.records import BY_USER, METRICS
from cinematch_lib.evaluation.report import NAMES, label, percent


@dataclass(frozen=True)
class Change:
    """What became of one metric of one model: its means, and the interval of the second less the first.

    `users` counts the users whom both runs tested in the same way, so that they are compared one by one; None
    where the runs tested others, and only the means can be compared, which is less sure.
    """

    model: str
    metric: str
    before: float
    after: float
    difference: Interval
    users: int | None

    @property
    def name(self) -> str:
        """Whose metric it is, and which."""
        return f"{NAMES[self.model]}, {label(self.metric)}"

    @property
    def differs(self) -> bool:
        """Whether there is any difference, be it noise."""
        return self.before != self.after or self.difference.low != 0 or self.difference.high != 0

    @property
    def is_worse(self) -> bool:
        """Whether it fell by more than the noise."""
        return self.difference.high < 0

    def __str__(self) -> str:
        start = f"{self.name}: {self.before:.3f} → {self.after:.3f}"
        if not self.differs:
            return f"{start}: the same for every user"
        size = "larger than the noise" if self.difference.differs else "within the noise"
        who = f"{self.users:,} users one by one" if self.users else "other users or other films, so less sure"
        return f"{start}, {percent(self.difference, self.before)}: {size} ({who})"


def metric_changes(first: RunRecord, second: RunRecord) -> list[Change]:
    """How the leading metrics of the hybrid, and of what is served, differ between two runs.

    Raises CineMatchError where one of them was not evaluated, or by another protocol.
    """
    for run in (first, second):
        if METRICS not in run.info.files:
            raise CineMatchError(
                f"{run.info.run_id} has no metrics to compare; make a run that has: cinematch run --from evaluate"
            )
    old, new = (run.read_json(METRICS)["protocol"] for run in (first, second))
    main = [metric for metric in old["main"] if metric in new["main"]]
    if old["name"] != new["name"] or not main:
        raise CineMatchError(
            f"the metrics cannot be compared: {first.info.run_id} has {', '.join(old['main'])} by the protocol "
            f"{old['name']}, {second.info.run_id} has {', '.join(new['main'])} by {new['name']}; evaluate both alike"
        )
    before, after = (pd.read_csv(io.BytesIO(run.read_bytes(BY_USER)), index_col="userId") for run in (first, second))
    same = old["fingerprint"] == new["fingerprint"]
    changes = []
    for model in (OURS, SERVED):
        for column in (f"{model} {metric}" for metric in main):
            if column in before and column in after:
                compare = difference if same else difference_of_others
                one = compare(after[column], before[column])
                means = (float(before[column].mean()), float(after[column].mean()))
                changes.append(Change(model, column.split(" ")[1], *means, one, len(before) if same else None))
    return changes

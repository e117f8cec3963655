"""Changes of metrics between two runs, and whether they are statistically significant."""

from dataclasses import dataclass

from cinematch_lib.artifacts.runs import RunRecord
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.compare import HYBRID, SERVED
from cinematch_lib.evaluation.intervals import Interval, difference, unpaired_difference
from cinematch_lib.evaluation.records import METRICS, read_by_user
from cinematch_lib.evaluation.report import metric_label, model_label, percent


@dataclass(frozen=True)
class Change:
    """The change of a metric of a model from one run to another.

    `model` and `metric` are named as in ``metrics.json``; `before` and `after` are means, `difference` is the interval
    of after − before. `users` is the number of users by whom the runs are paired; None if the runs tested different
    users or films, so that only means are compared.
    """

    model: str
    metric: str
    before: float
    after: float
    difference: Interval
    users: int | None

    @property
    def name(self) -> str:
        """The model and the metric as a label."""
        return f"{model_label(self.model)}, {metric_label(self.metric)}"

    @property
    def differs(self) -> bool:
        """Whether the value of any user differs."""
        return self.before != self.after or self.difference.low != 0 or self.difference.high != 0

    @property
    def is_worse(self) -> bool:
        """Whether the metric fell significantly."""
        return self.difference.high < 0

    def __str__(self) -> str:
        start = f"{self.name}: {self.before:.3f} → {self.after:.3f}"
        if not self.differs:
            return f"{start}: the same for every user"
        size = "larger than the noise" if self.difference.differs else "within the noise"
        pairing = f"{self.users:,} users, paired" if self.users else "other users or films, unpaired"
        return f"{start}, {percent(self.difference, self.before)}: {size} ({pairing})"


def metric_changes(first: RunRecord, second: RunRecord) -> list[Change]:
    """The changes of the main metrics of the hybrid, and of what is served, between two runs.

    The runs may be of an older format. Raises CineMatchError if one of them was not evaluated, or if their
    protocols differ.
    """
    for run in (first, second):
        if METRICS not in run.info.files:
            raise CineMatchError(
                f"{run.info.run_id} has no metrics to compare; make a run that has: cinematch run --from evaluate"
            )
    old, new = (run.read_json(METRICS)["protocol"] for run in (first, second))
    metrics = [metric for metric in old["main"] if metric in new["main"]]
    if old["name"] != new["name"] or not metrics:
        raise CineMatchError(
            f"the metrics cannot be compared: {first.info.run_id} has {', '.join(old['main'])} by the protocol "
            f"{old['name']}, {second.info.run_id} has {', '.join(new['main'])} by {new['name']}; evaluate both alike"
        )
    before, after = map(read_by_user, (first, second))
    paired = old["fingerprint"] == new["fingerprint"]
    changes = []
    for model in (HYBRID, SERVED):
        for metric in metrics:
            column = f"{model} {metric}"
            if column in before and column in after:
                compare = difference if paired else unpaired_difference
                means = float(before[column].mean()), float(after[column].mean())
                interval = compare(after[column], before[column])
                changes.append(Change(model, metric, *means, interval, len(before) if paired else None))
    return changes

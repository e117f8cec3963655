"""Small runs with given metrics of each user."""

import numpy as np

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.runs import FEATURES, FILMS, META, Run
from support.run_files import MATRIX


def evaluated(artifacts, values, *, fingerprint="f", protocol="users", metric="ndcg@10", seconds=1.0, **facts):
    """A run whose hybrid has these values of the metric, one for each user."""
    draft = Draft.create(artifacts)
    draft.write_matrix(FEATURES, MATRIX)
    draft.write_json(META, {})
    draft.path(FILMS).write_bytes(b"films")
    draft.write_json(
        "metrics.json", {"protocol": {"name": protocol, "fingerprint": fingerprint, "main": [metric]}, "models": {}}
    )
    rows = [f"userId,popular {metric},hybrid {metric}", *(f"{user},0.1,{one:.6f}" for user, one in enumerate(values))]
    draft.path("metrics_by_user.csv").write_text("\n".join(rows) + "\n")
    mean = round(float(np.mean(values)), 6)
    of = {metric: {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}}
    draft.record("clean", dataset="tiny")
    for step, of_step in facts.items():
        draft.record(step, dataset="tiny", **of_step)
    draft.record("evaluate", dataset="tiny", metrics={"hybrid": of}, cost={"hybrid": {"fit s": seconds}})
    return Run(artifacts / "runs" / draft.publish().run_id)

"""Resuming from the current run: a new run that holds what that one holds, and the results of a later step.

Runs never change. Results of the step itself and of the steps after it are not copied: they are about to be replaced,
or would belong to other weights.
"""

import json
import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.manifest import ADDED
from cinematch_lib.artifacts.runs import Run, RunRecord
from cinematch_lib.catalog.cleaning import REPORT, CleaningReport, learned_from
from cinematch_lib.errors import CineMatchError

# The files that each step writes to the run, as patterns; the steps in order.
STEP_FILES = {
    "train": ("item_weights.npz", "embeddings.npz", "figures/train_*", "notebooks/04_train.ipynb"),
    "evaluate": (
        "metrics.json",
        "metrics_by_user.csv",
        "held_out*",
        "figures/evaluate_*",
        "notebooks/05_evaluate.ipynb",
    ),
}


def resume_draft(step: str, report: CleaningReport, artifacts_dir: Path, run_dir: str = "") -> Draft:
    """The draft that `step` (``train`` or ``evaluate``) writes to.

    `run_dir` is the folder of the pipeline's draft. If it is empty, a new draft is made with the files of the current
    run from the steps before `step`. Raises CineMatchError if there is no current run, or if it was made from another
    catalog than the one of `report`.
    """
    if run_dir:
        return Draft.open(artifacts_dir, run_dir)
    run = Run.current(artifacts_dir)
    _check_same_films(run, report)
    draft = Draft.create(artifacts_dir)
    replaced = list(STEP_FILES)[list(STEP_FILES).index(step) :]
    patterns = [pattern for name in replaced for pattern in STEP_FILES[name]]
    for file in run.info.files:
        if not any(fnmatch(file, pattern) for pattern in patterns):
            shutil.copyfile(run.folder / file, draft.path(file))
    for name, facts in run.info.facts.items():
        if name not in replaced:
            draft.record(name, **facts)
    return draft


def share_results(step: str, draft: Draft, run: RunRecord) -> bool:
    """Give `draft` the results of `step` (``train`` or ``evaluate``) of `run` if they would be the same.

    Returns whether it did. They are the same if films, features, ratings and tags are, whatever services offer the
    films. That the parameters of the step are the same is up to the caller.
    """
    if step not in run.info.facts or ADDED in run.info.facts or REPORT not in run.info.files:
        return False
    present = learned_from(json.loads((draft.folder / REPORT).read_text(encoding="utf-8")))
    is_same = present["facts_md5"] and present == learned_from(run.read_json(REPORT))
    if not is_same or draft.facts()["features"] != run.info.facts["features"]:
        return False
    for file in run.info.files:
        if any(fnmatch(file, pattern) for pattern in STEP_FILES[step]):
            draft.share(run, file)
    draft.record(step, **run.info.facts[step])
    return True


def _check_same_films(run: Run, report: CleaningReport) -> None:
    recorded = run.read_json(REPORT) if REPORT in run.info.files else {}
    remedy = "make the features first: cinematch run --from features"
    if run.info.dataset != report.dataset:
        raise CineMatchError(
            f"the current run ({run.info.run_id}) is of {run.info.dataset or 'another data set'}, and the catalog is "
            f"of {report.dataset}; {remedy}"
        )
    if ADDED in run.info.facts:
        raise CineMatchError(f"the current run ({run.info.run_id}) has films that were added since; {remedy}")
    if (recorded.get("catalog_md5"), recorded.get("inputs")) != (report.catalog_md5, report.inputs):
        raise CineMatchError(
            f"the current run ({run.info.run_id}) was made from another catalog of {report.dataset} than the one that "
            f"lies there now; {remedy}"
        )


def training_facts(draft: Draft) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts that the steps `features` and `train` recorded in `draft`.

    Raises CineMatchError if the draft holds no trained weights.
    """
    facts = draft.facts()
    if "train" not in facts:
        raise CineMatchError(
            "the current run learned nothing from ratings, so there is nothing to evaluate; train first: "
            "cinematch run --from train"
        )
    return facts["features"], facts["train"]

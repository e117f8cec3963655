"""Going on from the current run: a new run that holds what that one holds, and what a later step adds.

Runs are never changed. What the step, or one after it, left in the current run is not taken over, since it is about
to be made anew or would be about something else.
"""

import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.catalog.cleaning import REPORT, CleaningReport
from cinematch_lib.errors import CineMatchError

# The files that each step leaves beside its executed notebook; the steps in their order.
FILES_OF = {
    "train": ("item_weights.npz", "figures/train_*", "notebooks/04_train.ipynb"),
    "evaluate": ("metrics.json", "metrics_by_user.csv", "figures/evaluate_*", "notebooks/05_evaluate.ipynb"),
}


def resume_draft(step: str, report: CleaningReport, artifacts_dir: Path, run_dir: str = "") -> Draft:
    """The draft that `step` (``train`` or ``evaluate``) writes to: the pipeline's, or one of its own.

    `run_dir` is the draft that a pipeline made; where that is empty, a new draft holds what the current run
    holds. Raises CineMatchError where there is no current run, or one of other films than those `report` tells of.
    """
    if run_dir:
        return Draft.open(artifacts_dir, run_dir)
    run = Run.current(artifacts_dir)
    _check_same_films(run, report)
    draft = Draft.create(artifacts_dir)
    later = list(FILES_OF)[list(FILES_OF).index(step) :]
    anew = [pattern for one in later for pattern in FILES_OF[one]]
    for name in run.info.files:
        if not any(fnmatch(name, pattern) for pattern in anew):
            shutil.copyfile(run.folder / name, draft.path(name))
    for one, facts in run.info.facts.items():
        if one not in later:
            draft.record(one, **facts)
    return draft


def _check_same_films(run: Run, report: CleaningReport) -> None:
    has = run.read_json(REPORT) if REPORT in run.info.files else {}
    remedy = "make the features first: cinematch run --from features"
    if run.info.dataset != report.dataset:
        raise CineMatchError(
            f"the current run ({run.info.run_id}) is of {run.info.dataset or 'another data set'}, and the catalog is "
            f"of {report.dataset}; {remedy}"
        )
    if (has.get("catalog_md5"), has.get("inputs")) != (report.catalog_md5, report.inputs):
        raise CineMatchError(
            f"the current run ({run.info.run_id}) was made from another catalog of {report.dataset} than the one that "
            f"lies there now; {remedy}"
        )


def trained_with(draft: Draft) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the steps `features` and `train` noted of the run that the draft becomes.

    Raises CineMatchError where it holds nothing that was learned from ratings.
    """
    facts = draft.facts()
    if "train" not in facts:
        raise CineMatchError(
            "the current run learned nothing from ratings, so there is nothing to evaluate; train first: "
            "cinematch run --from train"
        )
    return facts["features"], facts["train"]

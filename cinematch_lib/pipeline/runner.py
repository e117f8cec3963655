"""The pipeline: the notebooks in order, whose results are published as one run or not at all."""

import contextlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.item_weights import ITEM_WEIGHTS
from cinematch_lib.artifacts.runs import RunInfo, RunRecord, current_run_id, list_runs
from cinematch_lib.catalog.cleaning import CleaningReport
from cinematch_lib.data.datasets import check_name
from cinematch_lib.errors import CineMatchError, NothingToDoError
from cinematch_lib.pipeline.drift import record_drift
from cinematch_lib.pipeline.folders import Folders, print_line
from cinematch_lib.pipeline.kernel import StepFailedError, execute_notebook, reported
from cinematch_lib.pipeline.notebooks import FOLDERS, IN_CHECKOUT, NOTEBOOKS, STEPS, step_parameters
from cinematch_lib.pipeline.parameters import notebook_parameters
from cinematch_lib.pipeline.resume import STEP_FILES, resume_draft, share_results
from cinematch_lib.storage.locks import folder_lock


@dataclass(frozen=True)
class StepTime:
    """The wall-clock seconds of a step, and the peak memory of its kernel in megabytes (10^6 bytes)."""

    step: str
    seconds: float
    peak_mb: float


def run_pipeline(
    folders: Folders,
    parameters: Mapping[str, Any],
    steps: Sequence[str],
    message: Callable[[str], None] = print_line,
    *,
    use: bool = False,
    promote: bool = True,
    earlier: RunRecord | None = None,
) -> tuple[RunInfo, list[StepTime]]:
    """Run the notebooks of `steps` and publish their results as a run; returns it with the time of each step.

    The run becomes the current one, unless `promote` is false. If it holds less than the run that is in use
    (see `lost`), it does so only with `use`. What cells tagged ``report`` print is told with `message`.

    The results of `train` and `evaluate` are those of the run `earlier`, which had the same parameters, if they were
    learned from the same films, ratings and tags (see `share_results`).

    `parameters` are checked values; each notebook gets those that it has. From `train` or `evaluate` on, the new run
    also holds what the current run holds. A step without input (no ratings to learn from) is skipped with a message;
    NothingToDoError if all are.

    Before any notebook starts, raises CineMatchError if the catalog is missing or of another data set, or if a
    notebook lacks a parameter that the runner sets. Raises StepFailedError for the first notebook that fails; its copy
    is then kept in ``artifacts_dir/failed``. After any failure or Ctrl-C, the current run is the one of before.
    """
    dataset = resolve_dataset(folders.data_dir, parameters.get("dataset"), steps)
    check_name(dataset)
    folders.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with folder_lock(folders.data_dir):  # two pipelines at once would read one another's catalog
            return _run_steps(folders, parameters, steps, dataset, message, use, promote, earlier)
    finally:
        with contextlib.suppress(OSError):  # it is rarely empty
            folders.data_dir.rmdir()


def _run_steps(
    folders: Folders,
    parameters: Mapping[str, Any],
    steps: Sequence[str],
    dataset: str,
    message: Callable[[str], None],
    use: bool,
    promote: bool,
    earlier: RunRecord | None,
) -> tuple[RunInfo, list[StepTime]]:
    if steps[0] in STEP_FILES:  # the results of the steps before come from the current run
        draft = resume_draft(steps[0], CleaningReport.load(folders.data_dir), folders.artifacts_dir)
    else:
        draft = Draft.create(folders.artifacts_dir)
    times: list[StepTime] = []
    try:
        for number, step in enumerate(steps, start=1):
            progress = f"[{number}/{len(steps)}] {step}"
            if earlier is not None and step in STEP_FILES and share_results(step, draft, earlier):
                message(f"{progress}: as in {earlier.info.run_id}, which has the same films, ratings and tags")
                continue
            message(f"{progress} …")
            try:
                times.append(_run_step(step, draft, folders, parameters))
            except NothingToDoError as reason:
                draft.path(f"notebooks/{STEPS[step]}").unlink()
                if step == steps[-1] and not times:
                    raise
                message(f"{progress}: nothing to do; {reason}")
            else:
                message(f"{progress}: {times[-1].seconds:.1f} s, {times[-1].peak_mb:,.0f} MB")
                for line in reported(draft.path(f"notebooks/{STEPS[step]}")):
                    message(f"  {line}")
        resumed = [one for one in draft.facts().get("pipeline", {}).get("steps", []) if one["step"] not in steps]
        draft.record("pipeline", dataset=dataset, steps=[*resumed, *(vars(one) for one in times)])
        record_drift(draft, folders.artifacts_dir)
        if not promote:
            return draft.publish(use=False), times
        missing = lost(draft, folders.artifacts_dir)
        for what in missing if not use else ():
            message(f"This run {what}; the current run stays in use.")
        return draft.publish(use=use or not missing), times
    except StepFailedError:
        failed = folders.artifacts_dir / "failed"
        shutil.rmtree(failed, ignore_errors=True)
        shutil.move(draft.folder / "notebooks", failed)
        raise
    finally:
        if draft.folder.name.startswith("."):
            draft.discard()


def lost(draft: Draft, artifacts_dir: Path) -> list[str]:
    """What the current run holds and the draft lacks: weights from ratings, or half of the films; as predicates."""
    run_id = current_run_id(artifacts_dir)
    current = next((run for run in list_runs(artifacts_dir) if run.run_id == run_id), None)
    if current is None or "features" not in draft.facts():
        return []
    missing = []
    if ITEM_WEIGHTS in current.files and not (draft.folder / ITEM_WEIGHTS).exists():
        missing.append(f"has no weights from ratings, which {run_id} has")
    films, had = (facts.get("features", {}).get("films", 0) for facts in (draft.facts(), current.facts))
    if 2 * films < had:
        missing.append(f"has {films:,} films, fewer than half of the {had:,} of {run_id}")
    return missing


def resolve_dataset(data_dir: Path, requested: str | None, steps: Sequence[str]) -> str:
    """The data set to run on: the requested one, or the catalog's if cleaning is not among the steps.

    Raises CineMatchError if the catalog is missing or of another data set than the requested one.
    """
    default = step_parameters(steps)["dataset"].default
    if list(STEPS).index(steps[0]) <= list(STEPS).index("clean"):
        return requested or default
    found = CleaningReport.load(data_dir).dataset
    if requested not in (None, found):
        raise CineMatchError(
            f"the catalog in {data_dir} is of {found}, not of {requested}; clean it first: --from clean"
        )
    return found


def _run_step(step: str, draft: Draft, folders: Folders, parameters: Mapping[str, Any]) -> StepTime:
    source = NOTEBOOKS / STEPS[step]
    paths = {name: str(getattr(folders, name).resolve()) for name in FOLDERS}
    given = {**parameters, **paths, "run_dir": str(draft.folder.resolve())}
    values = {name: given[name] for name in notebook_parameters(source) if name in given}
    target = draft.path(f"notebooks/{source.name}")
    # Not in the caller's folder: a module or a matplotlibrc that lies there would take the place of another.
    cwd = NOTEBOOKS if IN_CHECKOUT else target.parent
    try:
        seconds, peak_mb = execute_notebook(source, target, values, cwd)
    except StepFailedError as error:
        kept = folders.artifacts_dir / "failed" / source.name
        raise StepFailedError(f"step {step} failed{error}\nThe notebook as far as it came: {kept}") from None
    return StepTime(step, seconds, peak_mb)

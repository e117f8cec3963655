"""Making a run again from what its manifest and notebooks record, and comparing the two file by file."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cinematch_lib.artifacts.diff import differences
from cinematch_lib.artifacts.manifest import ADDED, RECORDS
from cinematch_lib.artifacts.runs import RunRecord
from cinematch_lib.catalog.additions import ADDITIONS
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.due import due, state, with_defaults
from cinematch_lib.pipeline.folders import Folders, print_line
from cinematch_lib.pipeline.notebooks import STEPS
from cinematch_lib.pipeline.recorded import recorded_parameters
from cinematch_lib.pipeline.runner import run_pipeline


@dataclass(frozen=True)
class Reproduction:
    """A run that was made again: its id, the files that are equal, and those that are not, by name.

    `reasons` are sentences about what is not as it was when the first run was made: inputs, packages, the format.
    """

    run_id: str
    equal: list[str]
    differing: list[str]
    reasons: list[str]


def reproduce(run: RunRecord, folders: Folders, message: Callable[[str], None] = print_line) -> Reproduction:
    """Run the pipeline again with the parameters of `run`, into a new run that does not become the current one.

    The data set is read where it lies and fetched only if it is not there; TMDb is not asked. The catalog is cleaned in
    a folder that is removed afterwards, so that `folders.data_dir` stays as it is. Executed notebooks are not compared,
    because they hold times. Raises CineMatchError for a run that does not record its parameters or to which films were
    added, and as `run_pipeline` does.
    """
    values = _parameters(run)
    recorded = [name for name, notebook in STEPS.items() if f"{RECORDS}{notebook}" in run.info.files]
    is_there = (folders.raw_dir / values["dataset"]).is_dir()
    steps = [step for step in recorded if step != "fetch"] if is_there else recorded
    folders.artifacts_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".reproduce-", dir=folders.artifacts_dir) as work:
        if ADDITIONS in run.info.facts["clean"]["inputs"] and (folders.data_dir / ADDITIONS).is_file():
            shutil.copyfile(folders.data_dir / ADDITIONS, Path(work) / ADDITIONS)
        elsewhere = replace(folders, data_dir=Path(work))
        made, _ = run_pipeline(elsewhere, values, steps, message, promote=False)
        now = state(values, folders.raw_dir, elsewhere.data_dir)
    before, after = (
        {name: file["sha256"] for name, file in one.files.items() if not name.startswith(RECORDS)}
        for one in (run.info, made)
    )
    equal = [name for name in before if before[name] == after.get(name)]
    differing = [name for name in dict.fromkeys([*before, *after]) if name not in equal]
    return Reproduction(made.run_id, equal, differing, [*due(run, now), *differences(run.info, made).packages])


def _parameters(run: RunRecord) -> dict[str, Any]:
    """The values of all parameters, without a download of what is there."""
    recorded: Mapping[str, Any] = recorded_parameters(run)
    if not recorded or "inputs" not in run.info.facts.get("clean", {}):
        raise CineMatchError(
            f"the run {run.info.run_id} does not record the parameters and data that it was made with, so it cannot be "
            "made again; reproduce one that does: cinematch runs"
        )
    if ADDED in run.info.facts:
        raise CineMatchError(
            f"films were added to the run {run.info.run_id} after it was made, so it cannot be made again; reproduce "
            "the one before: cinematch runs"
        )
    fixed = {"dataset": run.info.dataset, "refresh": False}
    return with_defaults({**recorded, **fixed})

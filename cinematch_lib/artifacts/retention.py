"""Which old runs are kept: the current one and the newest, and whatever else still needs its run."""

import shutil
from pathlib import Path

from cinematch_lib.artifacts.draft import DRAFT
from cinematch_lib.artifacts.manifest import OLDEST_RECORD_VERSION
from cinematch_lib.artifacts.runs import current_run_id, list_runs, promoted_runs
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.locks import folder_lock


def protected_runs(artifacts_dir: Path) -> dict[str, str]:
    """The runs that are never removed: run id to the reason. Whatever comes to rely on runs adds its own here."""
    current = current_run_id(artifacts_dir)
    return {current: "it is the current run"} if current else {}


def prune_runs(artifacts_dir: Path, keep: int) -> list[str]:
    """Remove all runs but `keep` and return the ids of those removed, oldest first.

    Kept are, in this order until there are `keep`: the protected runs (all of them), the newest run, those that were
    current, latest first, and the others, newest first. Runs whose manifest cannot be read are neither counted nor
    removed. A process that has a run open can go on reading it. Raises CineMatchError for `keep` below 1.
    """
    if keep < 1:
        raise CineMatchError(f"keep must be 1 or more, since the current run is never removed, got {keep}")
    runs = artifacts_dir / "runs"
    if not runs.is_dir():
        return []
    with folder_lock(runs):
        oldest_first = [info.run_id for info in list_runs(artifacts_dir, OLDEST_RECORD_VERSION)]
        newest_first = oldest_first[::-1]
        protected = protected_runs(artifacts_dir)
        promoted = reversed(promoted_runs(artifacts_dir))
        by_rank = dict.fromkeys([*protected, *newest_first[:1], *promoted, *newest_first])
        ranked = [run_id for run_id in by_rank if run_id in newest_first]
        kept = set(ranked[: max(keep, len(protected))])
        removed = [run_id for run_id in oldest_first if run_id not in kept]
        for run_id in removed:  # as a draft that nobody works on, which the next process removes if this one is killed
            gone = (runs / run_id).rename(runs / f"{DRAFT}{run_id}")
            shutil.rmtree(gone)
    return removed

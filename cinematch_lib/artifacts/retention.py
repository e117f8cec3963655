"""Which old runs are kept: the current one and the newest, and whatever else still needs its run."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from cinematch_lib.artifacts.draft import DRAFT
from cinematch_lib.artifacts.manifest import OLDEST_RECORD_VERSION
from cinematch_lib.artifacts.runs import current_run_id, list_runs, promoted_runs
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import write_text
from cinematch_lib.storage.locks import folder_lock

PINS = "pins"  # the folder of the names of those that rely on runs, in the artifacts folder


def protected_runs(artifacts_dir: Path) -> dict[str, str]:
    """The runs that are never removed: run id to the reason."""
    current = current_run_id(artifacts_dir)
    protected = {current: "it is the current run"} if current else {}
    for path in sorted((artifacts_dir / PINS).glob("[!.]*")):
        for run_id in path.read_text(encoding="utf-8").split():
            protected.setdefault(run_id, f"{path.name} needs it")
    return protected


def pin_runs(artifacts_dir: Path, name: str, run_ids: Iterable[str]) -> None:
    """Protect runs, for what is called `name` and relies on them, until `unpin_runs`."""
    write_text(artifacts_dir / PINS / name, "".join(f"{run_id}\n" for run_id in run_ids))


def unpin_runs(artifacts_dir: Path, name: str) -> None:
    """Let the runs go that were protected for `name`."""
    (artifacts_dir / PINS / name).unlink(missing_ok=True)


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

"""What a pipeline that failed leaves."""

from cinematch_lib.artifacts.runs import Run, current_run_id, list_runs
from support.movielens_files import names


def untouched(project, sample_run):
    """The last good run is current and whole, and nothing half-made lies about."""
    assert current_run_id(project / "artifacts") == current_run_id(sample_run.artifacts)
    Run.current(project / "artifacts")
    runs = [run.run_id for run in list_runs(project / "artifacts")]
    assert names(project / "artifacts/runs") == sorted(runs)
    return len(runs) == 1

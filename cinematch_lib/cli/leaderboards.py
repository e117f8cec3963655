"""Leaderboards of runs, printed, as a page, and in MLflow."""

import argparse
from pathlib import Path

from cinematch_lib.cli.output import print_table, print_text
from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.wording import counted


def add_mlflow_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag ``--mlflow``."""
    parser.add_argument(
        "--mlflow",
        metavar="URI",
        help="write parameters, metrics and figures of evaluated runs to an MLflow server or folder (extra mlflow)",
    )


def print_leaderboards(artifacts_dir: Path, html: Path | None = None, mlflow: str | None = None) -> None:
    """Print the leaderboards of the runs under `artifacts_dir`; write them as a page, and the runs to MLflow.

    Raises CineMatchError.
    """
    from cinematch_lib.artifacts.manifest import OLDEST_RECORD_VERSION
    from cinematch_lib.artifacts.runs import RunRecord, list_runs, run_folder
    from cinematch_lib.evaluation.leaderboard import leaderboards, to_html
    from cinematch_lib.storage.files import write_text

    runs = list_runs(artifacts_dir, OLDEST_RECORD_VERSION)
    records = [RunRecord(run_folder(artifacts_dir, info.run_id)) for info in runs]
    boards = list(leaderboards(records))
    if not boards:
        raise CineMatchError(f"{artifacts_dir} has no evaluated runs yet; make one: cinematch run")
    for board in boards:
        table = board.to_frame()
        print(f"{board.dataset}, protocol {board.protocol}, {counted(len(table), 'run')}")
        print_table(tuple(table), [tuple(map(str, row)) for row in table.itertuples(index=False)])
        print()
    print_text("p: paired t-test against the best run over test users, corrected by Holm's method.")
    if html is not None:
        write_text(html, to_html(boards))
    if mlflow is not None:
        from cinematch_lib.evaluation.mlflow_runs import log_runs

        written = log_runs(records, mlflow)
        n_evaluated = sum(len(board.standings) for board in boards)
        had = "" if len(written) == n_evaluated else f", which had the other {n_evaluated - len(written):,}"
        print(f"{counted(len(written), 'run')} written to MLflow{had}")

"""The command ``cinematch reproduce``: make a run again, and say which files are equal."""

import argparse
import os
from pathlib import Path

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.cli.output import print_text
from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.choices import MODULES_DIR


def add_reproduce(commands: Commands) -> None:
    """Add the command ``reproduce``."""
    reproduce = add_command(
        commands,
        "reproduce",
        _reproduce,
        "make a run again, and say which files are equal",
        description="Run the pipeline again with the parameters, seeds and data of a run, and compare the files by "
        "their checksums. The new run does not become the current one. The exit code is 0 if all files are equal, and "
        "1 if not; then what has changed since is told: data, packages, parameters.",
        examples=("cinematch reproduce", "cinematch reproduce 20261126T065519Z-f588ef5a"),
        folders=("raw", "data", "artifacts"),
    )
    reproduce.add_argument("run", nargs="?", metavar="RUN", help="the name of the run (default: the current one)")


def _reproduce(options: argparse.Namespace) -> None:
    from cinematch_lib.artifacts.runs import Run, RunRecord, run_folder
    from cinematch_lib.pipeline.folders import Folders
    from cinematch_lib.pipeline.reproduce import reproduce

    os.environ.setdefault(MODULES_DIR, str(Path.cwd()))
    artifacts = options.artifacts_dir
    run = Run.current(artifacts) if options.run is None else RunRecord(run_folder(artifacts, options.run))
    made = reproduce(run, Folders(options.raw_dir, options.data_dir, artifacts))
    print()
    for name in made.equal:
        print(f"equal    {name}")
    for name in made.differing:
        print(f"differs  {name}")
    for reason in made.reasons:
        print_text(f"changed since: {reason}")
    if made.differing:
        unknown = "; nothing that the manifest records has changed, but the machine may be another"
        raise CineMatchError(
            f"{made.run_id} is not equal to {run.info.run_id}: {len(made.differing)} of "
            f"{len(made.equal) + len(made.differing)} files differ{'' if made.reasons else unknown}"
        )
    print(f"\n{made.run_id} is equal to {run.info.run_id}: all {len(made.equal)} files are the same.")

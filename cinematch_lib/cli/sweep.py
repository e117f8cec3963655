"""The command ``cinematch sweep``: the pipeline over a grid of parameters."""

import argparse
import os
from pathlib import Path

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.cli.leaderboards import add_mlflow_flag, print_leaderboards
from cinematch_lib.cli.run import read_yaml
from cinematch_lib.errors import CineMatchError, require_extra
from cinematch_lib.vocabulary.choices import MODULES_DIR


def add_sweep(commands: Commands) -> None:
    """Add the command ``sweep``."""
    sweep = add_command(
        commands,
        "sweep",
        _sweep,
        "run the pipeline over a grid of parameters",
        description="Run the pipeline for every combination of some values of parameters, or for a random sample of "
        "these, and print a leaderboard. Steps that are the same for all run once; the command goes on where it was "
        "interrupted; the current run stays what it is.",
        examples=("cinematch sweep -f examples/sweep.yaml --jobs 2",),
        folders=("raw", "artifacts"),
    )
    sweep.add_argument(
        "-f", type=Path, required=True, metavar="FILE", help="YAML with grid, dataset, parameters, sample and seed"
    )
    sweep.add_argument("--name", metavar="NAME", help="name of its folder in artifacts/sweeps (default: that of FILE)")
    sweep.add_argument("--jobs", type=int, default=1, metavar="N", help="settings at once, as far as memory allows")
    add_mlflow_flag(sweep)
    sweep.add_argument("--to", dest="last", default="evaluate", metavar="STEP", help="last step (default: evaluate)")


def _sweep(options: argparse.Namespace) -> None:
    from cinematch_lib.pipeline.notebooks import steps_between
    from cinematch_lib.pipeline.sweep import SweepSpec, run_sweep

    if options.mlflow:
        require_extra("mlflow", "mlflow")
        if options.last != "evaluate":
            raise CineMatchError(
                f"--mlflow takes evaluated runs, and this sweep ends with {options.last}; leave out --to"
            )
    os.environ.setdefault(MODULES_DIR, str(Path.cwd()))
    spec = SweepSpec.from_mapping(read_yaml(options.f))
    steps_between(spec.first_step, options.last)
    folder = options.artifacts_dir / "sweeps" / (options.name or options.f.stem)
    folder.mkdir(parents=True, exist_ok=True)
    failures = run_sweep(spec, folder, options.raw_dir, jobs=options.jobs, last_step=options.last)
    print()
    if options.last == "evaluate":
        print_leaderboards(folder, mlflow=options.mlflow)
    if failures:
        raise CineMatchError(
            f"{len(failures)} settings failed; run the command again for these:\n" + "\n".join(failures)
        )

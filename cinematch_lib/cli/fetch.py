"""The command ``cinematch fetch``: a data set without the rest of the pipeline, and what a folder holds."""

import argparse
from pathlib import Path

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.errors import require_extra


def add_fetch(commands: Commands) -> None:
    """Add the command ``fetch``."""
    fetch = add_command(
        commands,
        "fetch",
        _fetch,
        "download a data set, or tell what a folder holds",
        description="Make sure that a data set is in the raw folder: downloaded, verified and unpacked. With --look, "
        "nothing is changed: what a folder holds, as which data set it can be read, and what is missing.",
        examples=(
            "cinematch fetch --dataset ml-latest-small",
            "cinematch fetch --look ~/Downloads/the-movies-dataset",
        ),
        folders=("raw",),
    )
    fetch.add_argument("--dataset", metavar="NAME", default="sample", help="the data set, as for cinematch run")
    fetch.add_argument("--look", type=Path, metavar="FOLDER", help="tell what this folder holds, and do nothing else")


def _fetch(options: argparse.Namespace) -> None:
    require_extra("pipeline", "pandas", "pyarrow")
    from cinematch_lib.data import fetch
    from cinematch_lib.data.layouts import describe

    folder = options.look or fetch(options.dataset, options.raw_dir)
    for line in describe(folder):
        print(line)

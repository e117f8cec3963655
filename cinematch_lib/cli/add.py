"""The command ``cinematch add``: new films without training."""

import argparse
from pathlib import Path

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.errors import require_extra


def add_add(commands: Commands) -> None:
    """Add the command ``add``."""
    add = add_command(
        commands,
        "add",
        _add,
        "add films to the current run, without training",
        description="Add the films of a CSV file to the current run, in seconds: they are found, filtered, recommended "
        "and explained at once. Columns are those of data/movies_merged.csv; needed are title, year, genres, and "
        "movieId or tmdbId. Later runs hold the films too.",
        examples=("cinematch add new_films.csv",),
        folders=("data", "artifacts"),
    )
    add.add_argument("file", type=Path, metavar="FILE", help="a CSV file, one film a row")


def _add(options: argparse.Namespace) -> None:
    require_extra("pipeline", "pandas", "pyarrow", "sklearn")
    from cinematch_lib.catalog.additions import read_films_to_add
    from cinematch_lib.pipeline.addition import add_films

    films = read_films_to_add(options.file)
    info, new = add_films(films, options.artifacts_dir, options.data_dir)
    if len(new) < len(films):
        print(f"{len(films) - len(new):,} of {len(films):,} films were there already.")
    print(f"{info.run_id} is the current run now: {len(new):,} films more.")

"""The command ``cinematch add``: new films without training."""

import argparse
from pathlib import Path

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.cli.environment import load_dotenv_file
from cinematch_lib.cli.output import print_text
from cinematch_lib.errors import CineMatchError, require_extra


def add_add(commands: Commands) -> None:
    """Add the command ``add``."""
    add = add_command(
        commands,
        "add",
        _add,
        "add films to the current run, without training",
        description="Add the films of a CSV file to the current run, in seconds: they are found, filtered, recommended "
        "and explained at once. Columns are those of data/movies_merged.csv; needed are title, year, genres, and "
        "movieId or tmdbId. A file of ids alone, of TMDb or IMDb, one a line or as columns tmdbId and imdbId, will do "
        "too: the facts come from what TMDb told before, or, with a token, are asked for. Later runs hold the films "
        "too.",
        examples=("cinematch add new_films.csv", "cinematch add ids.txt"),
        folders=("raw", "data", "artifacts"),
    )
    add.add_argument("file", type=Path, metavar="FILE", help="a CSV file, one film a row, or ids, one a line")


def _add(options: argparse.Namespace) -> None:
    require_extra("pipeline", "pandas", "pyarrow", "sklearn")
    load_dotenv_file("pipeline")
    from cinematch_lib.artifacts.runs import Run
    from cinematch_lib.catalog.additions import read_films_to_add
    from cinematch_lib.catalog.films_by_id import films_by_id, read_ids
    from cinematch_lib.pipeline.addition import add_films

    if (ids := read_ids(options.file)) is None:
        films = read_films_to_add(options.file)
    else:
        films, missing = films_by_id(ids, options.raw_dir, Run.current(options.artifacts_dir).info.dataset)
        if missing:
            print_text("\n".join(f"Not added: {line}." for line in missing))
        if films.empty:
            raise CineMatchError(f"none of the {len(ids):,} films in {options.file} can be added")
    info, new = add_films(films, options.artifacts_dir, options.data_dir)
    if len(new) < len(films):
        print(f"{len(films) - len(new):,} of {len(films):,} films were there already.")
    print(f"{info.run_id} is the current run now: {len(new):,} films more.")

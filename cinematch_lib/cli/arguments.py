"""The form that all commands share: summary, examples, and the flags for folders."""

import argparse
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

# What `ArgumentParser.add_subparsers` returns; argparse has no public name for it.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

_WIDTH = 78  # columns of a description, as argparse has them on a terminal of 80

_FOLDERS = {"raw": "the data sets", "data": "the cleaned catalog", "artifacts": "the runs"}


def add_command(
    commands: Commands,
    name: str,
    function: Callable[[argparse.Namespace], None],
    summary: str,
    *,
    examples: Iterable[str],
    folders: Iterable[str] = ("artifacts",),
    description: str = "",
) -> argparse.ArgumentParser:
    """Add a command that calls `function` with its options; returns its parser, for further flags.

    `summary` begins with a small letter and has no full stop. The help of the command shows `description`, or the
    summary where that is empty, then the flags, and the `examples` at the end.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=textwrap.fill(description or f"{summary[0].upper()}{summary[1:]}.", _WIDTH),
        epilog="\n  ".join(["examples:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=function)
    group = parser.add_argument_group("folders")
    for folder in folders:
        group.add_argument(
            f"--{folder}-dir",
            type=Path,
            default=Path(folder),
            metavar="DIR",
            help=f"folder of {_FOLDERS[folder]} (default: {folder})",
        )
    return parser


def add_state_flag(parser: argparse.ArgumentParser, meaning: str, *former_names: str) -> None:
    """Add the flag ``--state``, whose help begins with `meaning`; see `state_of`."""
    parser.add_argument(
        "--state",
        *former_names,
        metavar="PLACE",
        help=f"{meaning}: a folder, or the address of a PostgreSQL database, postgresql://user@host:5432/database "
        "(default: the folder state, in the one that holds the artifacts folder)",
    )


def state_of(options: argparse.Namespace) -> str | Path:
    """The place of the server's state that the options name."""
    place: str | Path = options.state or options.artifacts_dir.parent / "state"
    return place


def resolve_paths(values: dict[str, Any]) -> None:
    """Make the paths among the values of parameters absolute: a typed one is relative to the current folder."""
    for name in ("services_file", "embeddings"):
        if values.get(name):
            values[name] = str(Path(values[name]).expanduser().resolve())


def add_parameter_flag(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Add the flag ``-p NAME VALUE``; `more` ends its help."""
    meaning = f"a parameter of a notebook, such as: -p min_year 1990; may be repeated{more}"
    parser.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help=meaning)

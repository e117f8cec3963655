"""The form that all commands share: summary, examples, and the flags for folders."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

Commands = (
    argparse._SubParsersAction
)  # what `ArgumentParser.add_subparsers` returns; argparse has no public name for it

_FOLDERS = {
    "raw": "the data sets",
    "data": "the cleaned catalog",
    "artifacts": "the runs",
}


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
    parser = commands.add_parser(
        name,
        help=summary,
        description=description or f"{summary[0].upper()}{summary[1:]}.",
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

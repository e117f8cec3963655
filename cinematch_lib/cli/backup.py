"""The command ``cinematch backup``: a copy of what people stored on the server."""

import argparse
from pathlib import Path

from cinematch_lib.cli.arguments import Commands, add_command, add_state_flag, state_of


def add_backup(commands: Commands) -> None:
    """Add the command ``backup``."""
    backup = add_command(
        commands,
        "backup",
        _backup,
        "copy the watchlists and feedback of the server, while it runs",
        description="Copy the watchlists, feedback and accounts of the server to a file, while it runs. To restore: "
        "stop the server, remove cinematch.sqlite and the files beside it that begin with its name, and put the copy "
        "in its place.",
        examples=("cinematch backup state-2026-11-27.sqlite",),
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="the file to write; it is replaced")
    add_state_flag(backup, "the state, as for cinematch serve", "--state-dir")


def _backup(options: argparse.Namespace) -> None:
    from cinematch_lib.serving.backup import back_up

    print(f"{options.file}: {back_up(state_of(options), options.file):,} bytes")

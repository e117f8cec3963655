"""The command ``cinematch``: its parser, exit codes and signals. What a command needs is imported when it runs."""

import argparse
import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from cinematch_lib.cli.fetch import add_fetch
from cinematch_lib.cli.recommend import add_recommend, add_search
from cinematch_lib.cli.run import add_run
from cinematch_lib.cli.runs import add_runs, add_use
from cinematch_lib.cli.serve import add_serve
from cinematch_lib.cli.setup import add_setup
from cinematch_lib.errors import CineMatchError, want_of_memory

_EXIT_CODES = "exit codes: 0 success, 1 an error that is explained, 2 wrong usage, 130 interrupted"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    0 after success, 1 after an error that was explained, 130 after Ctrl-C or SIGTERM, 141 when the reader of the
    output is gone; argparse exits with 2 for wrong usage.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack characters that titles have
        sys.stdout.reconfigure(errors="replace")
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        options.command(options)
        sys.stdout.flush()
    except CineMatchError as error:
        print(f"cinematch: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        print(f"cinematch: {str(stop) or _interrupted(options.artifacts_dir)}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at exit
        return 141
    except (MemoryError, ImportError) as error:
        if not want_of_memory(type(error).__name__, error):
            raise
        print(
            "cinematch: memory does not suffice; close other programs, or raise the limit (ulimit -v)", file=sys.stderr
        )
        return 1
    except OSError as error:
        which = error.filename or "a file or the output"
        print(f"cinematch: {which} could not be read or written: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; parsed options hold the function of the command as ``command``."""
    whole = argparse.ArgumentParser(
        prog="cinematch",
        description="Film recommendations from MovieLens data, with exact filters and explanations.",
        epilog=f"cinematch COMMAND --help describes a command and shows examples.\n{_EXIT_CODES}",
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = whole.add_subparsers(required=True, metavar="COMMAND", title="commands")
    add_setup(commands, _run_command)
    for add in (add_run, add_fetch, add_recommend, add_search, add_runs, add_use, add_serve):
        add(commands)
    return whole


def _run_command(words: Sequence[str]) -> None:
    options = parser().parse_args(words)
    options.command(options)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Counts the indentation of commands in the width of their column, which argparse forgets."""

    def add_argument(self, action: argparse.Action) -> None:
        """Add an action to the help."""
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length += self._indent_increment


class _Version(argparse.Action):
    """Prints the version, which is looked up for nobody else."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(f"cinematch {metadata.version('cinematch-lib')}")
        parser.exit()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _interrupted(artifacts_dir: Path) -> str:
    from cinematch_lib.artifacts.runs import current_run_id

    return f"interrupted; the current run is {current_run_id(artifacts_dir) or 'none yet'}"

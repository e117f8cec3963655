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

from cinematch_lib.cli.add import add_add
from cinematch_lib.cli.backup import add_backup
from cinematch_lib.cli.experiment import add_experiment
from cinematch_lib.cli.explore import add_explore
from cinematch_lib.cli.fetch import add_fetch
from cinematch_lib.cli.recommend import add_recommend, add_search
from cinematch_lib.cli.refresh import add_refresh
from cinematch_lib.cli.reproduce import add_reproduce
from cinematch_lib.cli.run import add_run
from cinematch_lib.cli.runs import add_runs, add_use
from cinematch_lib.cli.serve import add_serve
from cinematch_lib.cli.setup import add_setup
from cinematch_lib.cli.sweep import add_sweep
from cinematch_lib.errors import CineMatchError, want_of_memory

_EXIT_CODES = (
    "exit codes: 0 success, 1 an error that is explained, 2 wrong usage, 3 a new run was held back, 130 interrupted"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    0 after success, 1 after an error that was explained, 3 where a refresh held a run back, 130 after Ctrl-C or
    SIGTERM, 141 when the reader of the output is gone; argparse exits with 2 for wrong usage.
    """
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack characters that titles have
            stream.reconfigure(errors="replace")
    stopped: list[int] = []

    def interrupt(number: int, _: object) -> None:
        stopped.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    options = argparse.Namespace(artifacts_dir=Path("artifacts"))
    try:
        parser().parse_args(arguments, options)
        options.command(options)
        sys.stdout.flush()
    except (KeyboardInterrupt, Exception) as error:
        if stopped or isinstance(error, KeyboardInterrupt):  # what stopped meanwhile, such as a kernel, is no error
            words = "" if stopped else str(error)
            print(f"cinematch: {words or _interrupted(options.artifacts_dir)}", file=sys.stderr)
            return 130
        return _explain(error)
    return 0


def _explain(error: Exception) -> int:
    """Print an error in a line; returns the exit code. An error that is nobody's but ours is raised."""
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at exit
        return 141
    if isinstance(error, CineMatchError):
        words = str(error)
    elif want_of_memory(type(error).__name__, error):
        words = "memory does not suffice; close other programs, or raise the limit (ulimit -v)"
    elif isinstance(error, OSError):
        is_gone = isinstance(error, FileNotFoundError) and not _has_working_folder()
        which = "the working folder, which was deleted," if is_gone else error.filename or "a file or the output"
        words = f"{which} could not be read or written: {error.strerror}"
    else:
        raise error
    print(f"cinematch: {words}", file=sys.stderr)
    return error.exit_code if isinstance(error, CineMatchError) else 1


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
    for add in (
        add_run,
        add_sweep,
        add_refresh,
        add_add,
        add_fetch,
        add_recommend,
        add_search,
        add_runs,
        add_use,
        add_reproduce,
        add_serve,
        add_explore,
        add_backup,
        add_experiment,
    ):
        add(commands)
    return whole


def _open_closed_streams() -> None:
    """Let standard streams that were closed lead nowhere, or the next file that is opened takes their place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, number)
            os.set_inheritable(number, True)  # for kernels
            if nowhere != number:
                os.close(nowhere)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115


def _has_working_folder() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


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


def _interrupted(artifacts_dir: Path) -> str:
    from cinematch_lib.artifacts.runs import current_run_id

    return f"interrupted; the current run is {current_run_id(artifacts_dir) or 'none yet'}"

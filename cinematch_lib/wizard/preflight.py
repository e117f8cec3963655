"""The first check of the set-up, before anything heavy is imported: whether questions can be asked."""

import argparse
import os
import sys

from cinematch_lib.errors import CineMatchError
from cinematch_lib.wizard import terminal

MODES = {
    "quick": "MovieLens alone: nothing to sign up for",
    "full": "TMDb's overviews, casts and streaming offers too; needs a free token",
    "custom": "filters and features of your choice",
}


def preflight(options: argparse.Namespace) -> None:
    """Greet. Raises CineMatchError, which names the flags to give, where no questions can be asked."""
    if not options.yes and (problem := _no_terminal()) is not None:
        missing = [] if options.mode else [f"--mode {'|'.join(MODES)}"]
        missing += [] if options.dataset else ["--dataset NAME"]
        missing += ["--tmdb-limit N|all"] if options.mode == "full" and "tmdb_limit" not in dict(options.p) else []
        missing += ["--serve or --no-serve"] if options.serve is None else []
        raise CineMatchError(
            f"{problem}; give the answers as flags: {', '.join([*missing, '--yes'])}. With --yes alone the rest has "
            "its default, such as: cinematch setup --mode quick --yes"
        )
    terminal.heading("CineMatch: guided set-up")
    terminal.say("Nothing is written before you confirm it at the end; Ctrl-C leaves at any question.")


def _no_terminal() -> str | None:
    """Why no questions can be asked; None where they can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "there is no terminal to ask at"
    return "the terminal cannot show menus (TERM=dumb)" if os.environ.get("TERM") == "dumb" else None

"""How the set-up begins: what can be checked and said before anything heavy is imported."""

import argparse
import re
import sys
from importlib import metadata

from cinematch_lib.errors import CineMatchError
from cinematch_lib.wizard import terminal as page
from cinematch_lib.wizard.options import MODES


def begin(options: argparse.Namespace) -> int:
    """Check that somebody or the flags will answer, and greet; returns how many packages the library needs.

    Raises CineMatchError that says which flags to give, or which packages are not there.
    """
    _check_answers(options)
    packages = _check_packages()
    print(page.strong("CineMatch: guided set-up"))
    page.say(
        "Enter takes the answer in [brackets]. Nothing is written before you say so at the end; Ctrl-C leaves at any "
        "question."
    )
    return packages


def _check_answers(options: argparse.Namespace) -> None:
    """Without anybody to ask, the flags must say everything."""
    if options.yes or sys.stdin.isatty():
        return
    left = [] if options.mode else [f"--mode {'|'.join(MODES)}"]
    left += [] if options.dataset else ["--dataset NAME"]
    left += ["--tmdb-limit N|all"] if options.mode == "full" and "tmdb_limit" not in dict(options.p) else []
    left += ["--serve or --no-serve"] if options.serve is None else []
    raise CineMatchError(
        f"there is no terminal to ask at; give the answers as flags: {', '.join([*left, '--yes'])}. With --yes "
        "alone the rest has its default, such as: cinematch setup --mode quick --yes"
    )


def _check_packages() -> int:
    """How many packages the library needs. Raises CineMatchError that names those that are not there."""
    needed = [one for one in metadata.requires("cinematch-lib") or () if "extra ==" not in one]
    names = [re.match(r"[\w.-]+", one)[0] for one in needed]
    if missing := [name for name in names if not _is_there(name)]:
        raise CineMatchError(
            f"packages that CineMatch needs are missing: {', '.join(missing)}; build the environment anew, "
            "as make run does where there is none"
        )
    return len(names)


def _is_there(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True

"""The command ``cinematch setup``: the guided set-up, with a flag for every answer."""

import argparse
from collections.abc import Callable, Sequence

from cinematch_lib.cli.arguments import Commands, add_command, add_parameter_flag
from cinematch_lib.cli.environment import load_dotenv_file


def add_setup(commands: Commands, run_command: Callable[[Sequence[str]], None]) -> None:
    """Add the command ``setup``; `run_command` executes another command of ``cinematch``, given its words."""
    setup = add_command(
        commands,
        "setup",
        _setup,
        "guided set-up: asks, runs the pipeline, checks, serves",
        description="Asks for the set-up, data set, filters and features, shows the time and the command that result "
        "from the answers, runs it, checks the result, and offers to start the server. A flag "
        "answers its question in advance.",
        examples=(
            "cinematch setup",
            "cinematch setup --mode quick --yes",
            "cinematch setup --mode full --dataset ml-latest-small --tmdb-limit 500",
        ),
        folders=("raw", "data", "artifacts"),
    )
    setup.set_defaults(run_command=run_command)
    setup.add_argument(
        "--mode",
        metavar="MODE",
        help="quick (MovieLens alone), full (with TMDb's data; needs a free token), or custom (filters and features)",
    )
    setup.add_argument("--dataset", metavar="NAME", help="the data set, as for cinematch run")
    setup.add_argument(
        "--tmdb-limit",
        dest="p",
        action="append",
        default=[],
        type=_limit,
        metavar="N",
        help="request TMDb's data for the N most rated films only, or 'all'",
    )
    add_parameter_flag(setup)
    setup.add_argument("--to", metavar="STEP", help="last step to run (default: evaluate)")
    setup.add_argument(
        "--save-token", action=argparse.BooleanOptionalAction, help="store a token that you type in the file .env"
    )
    setup.add_argument("--serve", action=argparse.BooleanOptionalAction, help="start the server afterwards")
    setup.add_argument(
        "--yes",
        action="store_true",
        help="ask no questions: answers without a flag get their defaults, and no server is started",
    )


def _limit(text: str) -> list[str]:
    return ["tmdb_limit", "null" if text == "all" else text]


def _setup(options: argparse.Namespace) -> None:
    from cinematch_lib.wizard.preflight import preflight

    load_dotenv_file("pipeline")
    preflight(options)  # before the imports that take a moment
    from cinematch_lib.wizard.wizard import guided_setup

    guided_setup(options, options.run_command)

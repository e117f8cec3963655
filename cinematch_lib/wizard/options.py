"""The flags of ``cinematch setup``: one for every answer, so that it also runs unattended."""

import argparse

MODES = {
    "quick": "MovieLens alone: nothing to sign up for",
    "full": "TMDb's overviews, casts and streaming offers too; needs a free token",
    "custom": "filters and features of your choice",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give the parser of the command its flags; those for the folders are the caller's."""
    parser.description = (
        "Asks which set-up, data set, filters and features, shows what that takes and the command that comes of it, "
        "runs it, checks the result, and offers to start the server. Each answer that a flag gives is not asked for."
    )
    parser.add_argument("--mode", metavar="MODE", help=f"the set-up: {', '.join(MODES)}")
    parser.add_argument("--dataset", metavar="NAME", help="the data set, as for cinematch run")
    parser.add_argument(
        "--tmdb-limit",
        dest="p",
        action="append",
        default=[],
        type=_limit,
        metavar="N",
        help="ask TMDb about only so many films, the most rated ones; all for every one",
    )
    parser.add_argument(
        "-p",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a notebook's parameter, such as: -p min_year 1990; repeatable",
    )
    parser.add_argument("--to", metavar="STEP", help="the last step to run")
    parser.add_argument(
        "--save-token",
        action=argparse.BooleanOptionalAction,
        help="whether a token typed in is kept in .env",
    )
    parser.add_argument(
        "--serve", action=argparse.BooleanOptionalAction, help="whether the server is started afterwards"
    )
    parser.add_argument(
        "--yes", action="store_true", help="run without asking: the default for what no flag says, and no server"
    )


def _limit(text: str) -> list[str]:
    return ["tmdb_limit", "null" if text == "all" else text]

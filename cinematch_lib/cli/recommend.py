"""The commands ``cinematch recommend`` and ``cinematch search``."""

import argparse
import textwrap
from collections.abc import Mapping
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.cli.output import WIDTH, print_json, print_text, terminal
from cinematch_lib.cli.preferences import preferences_of_options
from cinematch_lib.errors import CineMatchError

if TYPE_CHECKING:
    from cinematch_lib.recommender.exports import MatchedRatings
    from cinematch_lib.recommender.films import Movie
    from cinematch_lib.recommender.recommender import Recommender

DEFAULT_K = 10
_MOST_MISSING = 10  # films of a file that were not found, named at most


def add_recommend(commands: Commands) -> None:
    """Add the command ``recommend``."""
    recommend = add_command(
        commands,
        "recommend",
        _recommend,
        "recommend films, with the reasons for each",
        description="Recommend films from the current run, with the reasons for each. Titles may be given without "
        "the year where only one film has the title.",
        examples=(
            'cinematch recommend --like "Heat (1995)" --like "Toy Story"',
            'cinematch recommend --rate "Heat (1995)=4.5" --rate "Casino=3" --seen Fargo',
            "cinematch recommend --ratings letterboxd/ratings.csv",
            "cinematch recommend --genre crime --year-min 1990 --runtime-max 120",
            "cinematch recommend --like Heat --service Netflix -k 5 --json",
            "cinematch recommend --users raw/sample/ratings.csv --out recs.parquet -k 100",
        ),
    )
    recommend.add_argument("titles", nargs="*", help=argparse.SUPPRESS)
    for name, kind, meaning in (
        ("like", "TITLE", "a film that you like"),
        ("dislike", "TITLE", "a film that you dislike"),
        ("rate", "TITLE=STARS", "a film with your rating, 0.5 to 5 stars"),
        ("time", "TITLE=DATE", "when you said so of a film, as 2024-05-31; what is older counts less"),
        ("seen", "TITLE", "a film that you have seen, without an opinion"),
        ("without", "TITLE", "a film to leave out"),
        ("genre", "GENRE", "films with at least one of these genres"),
        ("service", "SERVICE", "films on at least one of these services"),
        ("language", "NAME", "films whose original language is one of these, such as en or English"),
    ):
        meaning = f"{meaning}; may be repeated"
        recommend.add_argument(f"--{name}", action="append", default=[], metavar=kind, help=meaning)
    recommend.add_argument(
        "--ratings",
        type=Path,
        metavar="FILE",
        help="your ratings, as Letterboxd, IMDb or Trakt exports them, or a CSV of imdbId, tmdbId, movieId or title, "
        "and rating",
    )
    for name, meaning in (("year", "year of release"), ("runtime", "running time in minutes")):
        recommend.add_argument(f"--{name}-min", type=int, metavar="N", help=f"lowest {meaning}")
        recommend.add_argument(f"--{name}-max", type=int, metavar="N", help=f"highest {meaning}")
    for name, meaning in (
        ("discovery", "from 0, well-known films, to 1, unknown ones (default: 0.1)"),
        ("diversity", "from 0, the best films, to 1, films that differ from each other"),
        ("recency", "from 0 to 1, how much newer films are preferred (default: 0)"),
        ("unrated-share", "from 0 to 1, the least share of the list for films that nobody has rated (default: 0)"),
    ):
        recommend.add_argument(f"--{name}", type=float, metavar="X", help=meaning)
    recommend.add_argument(
        "--users",
        type=Path,
        metavar="FILE",
        help="ratings of many users (userId, movieId, rating): a list for each, with the same filters, into --out",
    )
    recommend.add_argument(
        "--out", type=Path, metavar="FILE", help="a Parquet file for the lists; continued after an interruption"
    )
    recommend.add_argument(
        "--jobs", type=int, metavar="N", help="processes that make the lists of --users (default: one a processor)"
    )
    recommend.add_argument("-k", type=int, metavar="N", help=f"number of films (default: {DEFAULT_K})")
    recommend.add_argument("--json", action="store_true", help="print JSON, with the parts of each score")


def add_search(commands: Commands) -> None:
    """Add the command ``search``."""
    search = add_command(
        commands,
        "search",
        _search,
        "find films by title, people or plot",
        description="Find films of the current run by title, director, cast or words of the plot. Case, accents and "
        "small misspellings do not matter.",
        examples=(
            'cinematch search "dark knight"',
            "cinematch search amelie -k 3 --json",
            'cinematch search --in people "kathryn bigelow"',
        ),
    )
    search.add_argument("text", nargs="+", metavar="TEXT", help="a title or a part of one, a name, words of a plot")
    search.add_argument(
        "--in",
        dest="fields",
        action="append",
        choices=("title", "people", "plot"),
        help="search only there; may be repeated (default: everywhere)",
    )
    search.add_argument(
        "-k", type=int, default=DEFAULT_K, metavar="N", help=f"number of films at most (default: {DEFAULT_K})"
    )
    search.add_argument("--json", action="store_true", help="print JSON")


def _recommend(options: argparse.Namespace) -> None:
    from cinematch_lib.artifacts.runs import Run
    from cinematch_lib.recommender.recommender import Recommender

    if options.titles:
        title = " ".join(options.titles)
        raise CineMatchError(f'{title!r} stands alone; say whether you like the film: --like "{title}"')
    run = Run.current(options.artifacts_dir)
    recommender = Recommender.from_run(run)
    if options.users or options.out:
        _recommend_to_file(options, recommender, run.read_item_numbers())
        return
    exported = _exported(options.ratings, recommender)
    preferences = preferences_of_options(options, recommender, {} if exported is None else exported.stars)
    k = min(DEFAULT_K, len(recommender)) if options.k is None else options.k
    found = recommender.recommend(preferences, k)
    if options.json:
        print_json(
            recommendations=[one.to_dict() for one in found],
            count=len(found),
            services_source=recommender.services_source,
            attributions=list(recommender.attributions),
            **({} if exported is None else _of_export(exported)),
        )
        return
    for one in found:
        _print_film(f"{one.rank:>3}.", one.movie, f"{one.score:.3f}", one.explanation)
    if len(found) < k:
        only = f"Only {len(found)} film{'s fit' if len(found) > 1 else ' fits'}" if found else "No film fits"
        print(f"{only}; loosen the filters to see more.")
    if recommender.services_source == "demo":
        print("\nServices marked (demo) are invented for demonstration.")
    if exported is not None:
        _print_matched(exported)
    print()
    for attribution in recommender.attributions:
        print_text(attribution)


def _recommend_to_file(
    options: argparse.Namespace, recommender: "Recommender", item_numbers: Mapping[str, int]
) -> None:
    from cinematch_lib.pipeline.batch import recommend_to_file

    if not (options.users and options.out):
        raise CineMatchError("--users FILE and --out FILE belong together")
    if options.like or options.dislike or options.rate or options.seen or options.ratings or options.json:
        raise CineMatchError("--users has the films that people know; with it, give filters only")
    k = min(DEFAULT_K, len(recommender)) if options.k is None else options.k
    filters = preferences_of_options(options, recommender, {})
    jobs = (cpu_count() or 1) if options.jobs is None else options.jobs
    done = recommend_to_file(recommender, options.users, options.out, k, filters, jobs=jobs, item_numbers=item_numbers)
    for reason, count in done.repairs.items():
        print_text(f"Read in the file: {reason} ({count:,}).")
    print(f"{done.rows:,} recommendations for {done.users:,} users in {options.out}")


def _exported(path: Path | None, recommender: "Recommender") -> "MatchedRatings | None":
    """The ratings of a file, matched with the films of the run; None without a file."""
    if path is None:
        return None
    from cinematch_lib.recommender.export_files import read_export
    from cinematch_lib.recommender.exports import match

    return match(read_export(path), recommender)


def _of_export(exported: "MatchedRatings") -> dict[str, list[str]]:
    missing = [str(one) for one in exported.not_found]
    return {"ratings_not_found": missing, "ratings_remarks": list(exported.remarks)}


def _print_matched(exported: "MatchedRatings") -> None:
    print(f"\nRatings that count: {len(exported.stars):,}.", end="")
    missing = [str(one) for one in exported.not_found]
    if missing:
        shown = "; ".join(missing[:_MOST_MISSING])
        more = f"; and {len(missing) - _MOST_MISSING:,} more" if len(missing) > _MOST_MISSING else ""
        print(f" Not found here: {len(missing):,}, namely {shown}{more}.", end="")
    print()
    if exported.remarks:
        print_text(f"Read in the file: {'; '.join(exported.remarks)}.")


def _search(options: argparse.Namespace) -> None:
    from cinematch_lib.recommender.recommender import Recommender
    from cinematch_lib.recommender.search import FIELDS

    recommender, text = Recommender.load(options.artifacts_dir), " ".join(options.text)
    found, missing = recommender.search(text, options.k, options.fields or FIELDS), recommender.left_out(text)
    if options.json:
        left_out = [{"movie_id": one.movie_id, "title": one.title, "reason": one.reason} for one in missing]
        print_json(query=text, results=[movie.to_dict() for movie in found], count=len(found), left_out=left_out)
        return
    if not found:
        print(f"No film here is found by {text!r}.")
    width = max((len(str(movie.movie_id)) for movie in found), default=0)
    for movie in found:
        _print_film(f"{movie.movie_id:>{width}}", movie)
    for one in missing:
        print_text(str(one.error()))


def _print_film(number: str, movie: "Movie", score: str = "", explanation: str = "") -> None:
    """One film with its facts below it, indented past the number."""
    runtime = f"{movie.runtime} min" if movie.runtime else ""
    facts = " · ".join(fact for fact in (runtime, ", ".join(movie.genres), ", ".join(movie.services)) if fact)
    if (console := terminal()) is not None:
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 1))
        grid.add_row(number, Text.assemble((movie.label, "bold"), f"   {score}".rstrip()))
        grid.add_row("", Text(facts, style="dim"))
        if explanation:
            grid.add_row("", Text(explanation))
        console.print(grid, width=min(console.width, WIDTH))
        return
    indent = " " * (len(number) + 1)
    print(f"{number} {movie.label}   {score}".rstrip())
    if facts:
        print(f"{indent}{facts}")
    if explanation:
        print(textwrap.fill(explanation, WIDTH, initial_indent=indent, subsequent_indent=indent))

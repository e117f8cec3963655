"""The command ``cinematch``: run the pipeline, recommend, list and choose runs."""

import argparse
import csv
import io
import os
import signal
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from cinematch_lib.artifacts.runs import Run, current_run_id
from cinematch_lib.cli.runs import add_runs, size
from cinematch_lib.cli.serve import add_serve
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.films import Movie, Preferences
from cinematch_lib.recommender.recommender import Recommendation, Recommender
from cinematch_lib.storage.paths import REJECTS
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import parse_title
from cinematch_lib.wizard.options import add_options

DEFAULT_K = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    0; 1 for an error that was explained; as shells have it, 130 after Ctrl-C, 141 when nobody reads the output.
    """
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        options.command(options)
        sys.stdout.flush()
    except CineMatchError as error:
        print(f"cinematch: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        in_use = current_run_id(options.artifacts_dir) or "none yet"
        print(f"cinematch: {str(stop) or f'interrupted; the current run is {in_use}'}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at exit
        return 141
    except OSError as error:
        which = error.filename or "a file or the output"
        print(f"cinematch: {which} could not be read or written: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cinematch", description="From raw MovieLens data to explained recommendations.", allow_abbrev=False
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser(
        "run", allow_abbrev=False, help="run the pipeline: fetch, clean, features, train, evaluate"
    )
    run.add_argument(
        "--dataset", help="sample (the default), ml-latest-small, ml-32m, …, or a folder in the raw folder"
    )
    run.add_argument(
        "-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a notebook's parameter"
    )
    run.add_argument("-f", type=Path, metavar="PARAMS.yaml", help="parameters from a YAML file; -p goes before it")
    run.add_argument("--from", dest="first", metavar="STEP", help="the first step to run")
    run.add_argument("--to", dest="last", metavar="STEP", help="the last step to run")
    run.add_argument("--no-refresh", action="store_true", help="fetch nothing from TMDb anew; drop what is too old")
    run.set_defaults(command=_run)

    recommend = commands.add_parser("recommend", allow_abbrev=False, help="recommend films from the current run")
    recommend.add_argument(
        "--like", action="append", default=[], metavar="TITLE", help='such as "Heat (1995)"; repeatable'
    )
    recommend.add_argument("--dislike", action="append", default=[], metavar="TITLE")
    recommend.add_argument("--without", action="append", default=[], metavar="TITLE", help="a film not to recommend")
    recommend.add_argument("--genre", action="append", default=[], help="one of these genres; repeatable")
    recommend.add_argument("--service", action="append", default=[], help="on one of these services; repeatable")
    for name in ("year-min", "year-max", "runtime-min", "runtime-max"):
        recommend.add_argument(f"--{name}", type=int, metavar="N")
    recommend.add_argument("-k", type=int, help="how many films (10)")
    recommend.set_defaults(command=_recommend)

    listed = add_runs(commands)
    serve = add_serve(commands)
    setup = commands.add_parser("setup", allow_abbrev=False, help="the guided set-up: asks, runs, checks, serves")
    add_options(setup)
    setup.set_defaults(command=_setup)

    for command in (run, setup):
        command.add_argument("--raw-dir", type=Path, default=Path("raw"), help="where data sets lie (raw)")
        command.add_argument(
            "--data-dir", type=Path, default=Path("data"), help="where the cleaned catalog goes (data)"
        )
    for command in (run, recommend, *listed, setup, serve):
        command.add_argument("--artifacts-dir", type=Path, default=Path("artifacts"), help="where runs lie (artifacts)")
    return parser


def _run(options: argparse.Namespace) -> None:
    # Heavy, and the other commands do without.
    from cinematch_lib.catalog.cleaning import CleaningReport
    from cinematch_lib.cli.environment import load_dotenv_file
    from cinematch_lib.pipeline.parameters import checked
    from cinematch_lib.pipeline.runner import FOLDERS, STEPS, Folders, parameters_of, run_pipeline, steps_between

    load_dotenv_file("pipeline")
    steps = steps_between(options.first, options.last)
    known, everywhere = parameters_of(steps), parameters_of(list(STEPS))
    from_file, typed = _yaml_values(options.f), dict(options.p)
    for name in FOLDERS:
        if name in from_file or name in typed:
            raise CineMatchError(f"{name} is no parameter to give with -p or -f; say --{name.replace('_', '-')} FOLDER")
    values = checked(from_file, known, everywhere) | checked(typed, known, everywhere, typed=True)
    if options.no_refresh:
        values |= checked({"refresh_tmdb": False}, known, everywhere)
    if options.dataset is not None:
        values["dataset"] = options.dataset
    if values.get("services_file"):  # a person's path is from where they are, a notebook's from the project's root
        values["services_file"] = str(Path(values["services_file"]).resolve())
    folders = Folders(options.raw_dir, options.data_dir, options.artifacts_dir)
    info, times = run_pipeline(folders, values, steps)
    print(f"\n{'step':<10} {'seconds':>8} {'peak MB':>8}")
    for one in times:
        print(f"{one.step:<10} {one.seconds:>8.1f} {one.peak_mb:>8,.0f}")
    if "clean" in steps:
        print(f"\n{CleaningReport.load(options.data_dir).summary()}")
    print(f"\nrun {info.run_id}{size(info)}")
    if "evaluate" in steps and "evaluate" in info.facts:
        print(_found(info.facts["evaluate"]["metrics"]))
    if current_run_id(options.artifacts_dir) == info.run_id:
        (best,) = Recommender.load(options.artifacts_dir).recommend(k=1)
        print(f'It is the current run now. Try: cinematch recommend --like "{best.movie.label}"')
    else:
        print("It holds no features, so the current run does not change.")


def _found(metrics: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """The leading metrics of all models as a table, the best by the first of them at the top."""
    lead = list(next(iter(metrics.values())))
    rows = [f"\n{'held-out likes found by':<26}" + "".join(f" {f'{name} [95 %]':<24}" for name in lead).rstrip()]
    for model, of in sorted(metrics.items(), key=lambda one: -one[1][lead[0]]["mean"]):
        words = [f"{of[name]['mean']:.3f} [{of[name]['low']:.3f}, {of[name]['high']:.3f}]" for name in lead]
        who = "hybrid, as it is served" if model == "served" else model
        rows.append(f"{who:<26}" + "".join(f" {one:<24}" for one in words).rstrip())
    return "\n".join(rows) + "\n"


def _yaml_values(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    import yaml

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise CineMatchError(f"{path} could not be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a date that there is not
        raise CineMatchError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise CineMatchError(f"{path} must hold lines such as 'min_year: 1990', got {values!r}")
    return {str(name): value for name, value in values.items()}


def _recommend(options: argparse.Namespace) -> None:
    run = Run.current(options.artifacts_dir)
    recommender = Recommender.of_run(run)
    liked, disliked, without = (
        [_find(title, recommender, run).movie_id for title in titles]
        for titles in (options.like, options.dislike, options.without)
    )
    preferences = Preferences(
        liked_movie_ids=liked,
        disliked_movie_ids=disliked,
        not_interested_ids=without,
        preferred_genres=options.genre,
        services=options.service,
        runtime_min=options.runtime_min,
        runtime_max=options.runtime_max,
        year_min=options.year_min,
        year_max=options.year_max,
    )
    k = min(DEFAULT_K, len(recommender)) if options.k is None else options.k
    found = recommender.recommend(preferences, k)
    for one in found:
        _print_recommendation(one)
    if len(found) < k:
        only = f"Only {len(found)} film{'s fit' if len(found) > 1 else ' fits'}" if found else "No film fits"
        print(f"{only}; loosen the filters to see more.")
    if recommender.services_source == "demo":
        print("\nServices marked (demo) are invented for demonstration.")
    print("\n" + "\n".join(recommender.attributions))


def _find(title: str, recommender: Recommender, run: Run) -> Movie:
    """The film that is called so; for one that cleaning left out, the error says why."""
    try:
        return recommender.find(title)
    except UnknownNameError:
        if REJECTS in run.info.files:
            wanted, _ = parse_title(title)
            rows = csv.DictReader(io.StringIO(run.read_bytes(REJECTS).decode("utf-8")))
            for row in rows:
                if row["file"] == "movies.csv" and fold(row["title"].split(" (")[0]) == fold(wanted):
                    raise CineMatchError(
                        f"{row['title']} was left out of this run ({row['reason']}); "
                        "run the pipeline with other parameters, such as -p min_year null"
                    ) from None
        raise


def _print_recommendation(one: Recommendation) -> None:
    movie = one.movie
    facts = [
        f"{movie.runtime} min" if movie.runtime else "",
        ", ".join(movie.genres),
        ", ".join(movie.services),
    ]
    print(f"{one.rank:>3}. {movie.label}   {one.score:.3f}")
    print(f"     {' · '.join(fact for fact in facts if fact)}")
    print(textwrap.fill(one.explanation, 100, initial_indent="     ", subsequent_indent="     "))


def _setup(options: argparse.Namespace) -> None:
    from cinematch_lib.cli.environment import load_dotenv_file
    from cinematch_lib.wizard.preflight import begin

    load_dotenv_file("pipeline")
    packages = begin(options)  # before what needs them is imported, which takes a moment
    from cinematch_lib.wizard.wizard import guided_setup

    guided_setup(options, _perform, packages)


def _perform(words: Sequence[str]) -> None:
    """Another command, as if it were typed; raises what it raises."""
    options = _parser().parse_args(words)
    options.command(options)

"""The commands ``cinematch experiment …``: start, read and stop experiments."""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.cli.experiment_log import audience_plan, experiment_log, state_dir
from cinematch_lib.cli.output import print_json, print_table, print_text
from cinematch_lib.errors import CineMatchError

if TYPE_CHECKING:
    from cinematch_lib.experiments.definition import Arm, Experiment
    from cinematch_lib.experiments.reading import Reading

_MB = 1e6


def add_experiment(commands: Commands) -> None:
    """Add the command ``experiment`` and its own commands."""
    parser = commands.add_parser(
        "experiment",
        help="find out from what users do which recommendations are better",
        description="Find out from what users do which recommendations are better.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    own: Commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    _add_start(own)
    for name, function, summary in (
        ("status", _status, "print what an experiment tells so far"),
        ("stop", _stop, "stop an experiment"),
        ("export", _export, "write the lists and events of an experiment to a file"),
    ):
        one = _add(own, name, function, summary, f"cinematch experiment {name} covers")
        one.add_argument("name", metavar="NAME", help="the name of the experiment")
        if name == "stop":
            one.add_argument("--promote", metavar="ARM", help="make the run of this arm the current one")
        elif name == "status":
            one.add_argument("--json", action="store_true", help="print JSON")
            one.add_argument("--estimate", metavar="RUN", help="estimate a run that was not shown, from explored lists")
        else:
            one.add_argument("file", type=Path, metavar="FILE", help="file of JSON lines, one for each list")
    _add(own, "list", _list, "list the experiments", "cinematch experiment list")


def _add_start(commands: Commands) -> None:
    start = _add(
        commands,
        "start",
        _start,
        "start an experiment, which a running server takes up at once",
        "cinematch experiment start covers --arm a=current --arm b=20261126T065519Z-f588ef5a",
        "cinematch experiment start bolder --arm a=discovery=0.1 --arm b=discovery=0.4 --method interleave",
    )
    start.add_argument("name", metavar="NAME", help="a name that no experiment had")
    start.add_argument(
        "--arm",
        action="append",
        default=[],
        metavar="NAME=RUN",
        help="an arm: a run, or current, or settings such as b=discovery=0.3,diversity=0.2 or b=embeddings=off, or "
        "both; the first arm is the one that others are compared with",
    )
    start.add_argument("--share", metavar="50/50", help="per cent of the users by arm (default: equal shares)")
    start.add_argument(
        "--method",
        default="split",
        help="split: a user has one arm; interleave: both arms share each list, for few users (default: split)",
    )
    start.add_argument("--metric", default="click", help="click, like or watchlist (default: click)")
    start.add_argument(
        "--mde", type=float, default=0.1, metavar="X", help="the smallest relative effect to find (default: 0.1)"
    )
    start.add_argument(
        "--explore",
        type=float,
        default=0.0,
        metavar="X",
        help="share of lists whose first 50 films are put into a random order, to estimate other runs (default: 0)",
    )


def _add(commands: Commands, name: str, function: Any, summary: str, *examples: str) -> argparse.ArgumentParser:
    parser = add_command(commands, name, function, summary, examples=examples)
    parser.add_argument(
        "--state",
        metavar="PLACE",
        help="where the server stores: a folder, or the address of a PostgreSQL database (default: the folder state, "
        "in the one that holds the artifacts folder)",
    )
    return parser


def _start(options: argparse.Namespace) -> None:
    from cinematch_lib.artifacts.retention import pin_runs
    from cinematch_lib.experiments import definition, files
    from cinematch_lib.storage.clock import now

    state = state_dir(options)
    arms = definition.with_shares([definition.parse_arm(text) for text in options.arm], options.share)
    experiment = definition.Experiment(
        options.name, arms, now(), options.method, options.metric, options.mde, options.explore
    )
    known, _ = files.read_all(state)
    definition.check(experiment, [one for one in known if one.stopped is None])
    arms, runs = files.resolve_arms(options.artifacts_dir, arms)
    words, users = audience_plan(options, experiment)
    experiment = replace(experiment, arms=arms, planned_users=users)
    files.start(state, experiment)
    pin_runs(options.artifacts_dir, f"experiment-{experiment.name}", [arm.run_id for arm in arms if arm.run_id])
    for arm in arms:
        print(f"{arm.name}: {_described(arm)}, {arm.share:.0%} of the users")
    sizes = ", ".join(f"{files.served_bytes(info) / _MB:,.0f} MB" for info in runs)
    print_text(f"Each server process holds the runs of all arms; their files: {sizes}.")
    print_text(words)
    print_text(f"{experiment.name} runs. What it tells: cinematch experiment status {experiment.name}")


def _described(arm: "Arm") -> str:
    settings = [f"{name} {value:g}" for name, value in arm.settings.items()]
    return ", ".join([arm.run_id or "the current run", *settings])


def _stop(options: argparse.Namespace) -> None:
    from cinematch_lib.artifacts.retention import unpin_runs
    from cinematch_lib.artifacts.runs import use_run
    from cinematch_lib.experiments import files

    experiment = files.find(state_dir(options), options.name)
    arm = experiment.arm(options.promote) if options.promote else None
    if arm is not None and (arm.run_id is None or arm.settings):
        raise CineMatchError(
            f"arm {arm.name} is {_described(arm)}: only an arm that is a run can be promoted; stop without "
            "--promote, and let clients send the settings"
        )
    promoted = None
    if arm is not None and arm.run_id is not None and experiment.stopped is None:
        promoted = use_run(options.artifacts_dir, arm.run_id)  # first, since it may be refused
    files.stop(state_dir(options), experiment.name, options.promote)
    unpin_runs(options.artifacts_dir, f"experiment-{experiment.name}")
    print_text(f"{experiment.name} is stopped; lists that were made keep their arm.")
    if promoted is not None:
        print_text(f"{promoted.run_id} is the current run now.")


def _list(options: argparse.Namespace) -> None:
    from cinematch_lib.experiments import files

    known, problems = files.read_all(state_dir(options))
    if not known and not problems:
        raise CineMatchError(f"{state_dir(options)} has no experiments yet; start one: cinematch experiment start")
    rows = [
        (
            one.name,
            f"stopped {one.stopped}" if one.stopped else "runs",
            f"{one.method}, {one.metric}",
            "; ".join(f"{arm.name}: {_described(arm)}" for arm in one.arms),
        )
        for one in known
    ]
    if rows:
        print_table(("name", "state", "method", "arms"), rows)
    for problem in problems.values():
        print_text(f"Not readable: {problem}")


def _status(options: argparse.Namespace) -> None:
    from cinematch_lib.experiments import files
    from cinematch_lib.experiments.log_reading import read_lists
    from cinematch_lib.experiments.reading import read

    experiment = files.find(state_dir(options), options.name)
    if options.estimate:
        _estimate(options, experiment)
        return
    with experiment_log(options) as log:
        reading = read(experiment, read_lists(log, experiment))
    if options.json:
        print_json(experiment=asdict(experiment), **asdict(reading), sentence=reading.sentence)
        return
    _print_reading(experiment, reading)


def _estimate(options: argparse.Namespace, experiment: "Experiment") -> None:
    from cinematch_lib.artifacts.runs import Run, run_folder
    from cinematch_lib.experiments.log_reading import export_rows
    from cinematch_lib.experiments.replay import estimate_run
    from cinematch_lib.recommender.recommender import Recommender

    recommender = Recommender.from_run(Run(run_folder(options.artifacts_dir, options.estimate)))
    with experiment_log(options) as log:
        found = estimate_run(export_rows(log, experiment), recommender, experiment.metric)
    value, low, high = found.rate
    if options.json:
        print_json(run=options.estimate, metric=experiment.metric, **asdict(found))
        return
    print_text(
        f"{options.estimate} would have {experiment.metric} for {value:.2%} [{low:.2%}, {high:.2%}] of the films that "
        f"it shows; the log is worth {found.effective_size:,.0f} samples."
    )


def _print_reading(experiment: "Experiment", reading: "Reading") -> None:
    rows = [
        (
            one.name,
            f"{one.users:,}",
            f"{one.lists:,}",
            f"{one.successes:,}",
            f"{one.rate.value:.2%} [{one.rate.low:.2%}, {one.rate.high:.2%}]",
            f"{one.milliseconds:.1f}",
            f"{one.empty:.1%}",
            f"{one.failed:.1%}",
        )
        for one in reading.arms
    ]
    header = ("arm", "users", "lists", experiment.metric, "rate [95 %]", "ms", "empty", "failed")
    print_table(header, rows, header[1:])
    print()
    for one in reading.comparisons:
        change = one.change
        if one.state != "broken" and change.high < 1e6:
            interval = f"{change.value:+.1%} [{change.low:+.1%}, {change.high:+.1%}]"
            print(f"{one.arm} against {experiment.arms[0].name}: {interval}, always-valid p = {one.p_value:.3g}")
    print(f"shares of users: p = {reading.sample_ratio_p:.3g} (χ²)")
    print(f"lists not reported as seen: {reading.unseen:,}; events of unknown lists: {reading.lost_events:,}")
    print_text(reading.sentence)


def _export(options: argparse.Namespace) -> None:
    import json

    from cinematch_lib.experiments import files
    from cinematch_lib.experiments.log_reading import export_rows
    from cinematch_lib.storage.files import atomic_write

    experiment = files.find(state_dir(options), options.name)
    with experiment_log(options) as log, atomic_write(options.file) as part:
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in export_rows(log, experiment)]
        part.write_text("".join(lines), encoding="utf-8")
    print(f"{options.file}: {len(lines):,} lists")

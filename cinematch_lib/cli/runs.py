"""The commands ``cinematch runs`` and ``cinematch use``: list the runs, compare two, choose one."""

import argparse
from collections.abc import Sequence

from cinematch_lib.artifacts.diff import differences
from cinematch_lib.artifacts.runs import (
    RunInfo,
    RunRecord,
    current_run_id,
    list_runs,
    run_folder,
    unreadable_runs,
    use_run,
)
from cinematch_lib.errors import CineMatchError


def add_runs(commands: argparse._SubParsersAction) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """Add both commands and their options to the commands of ``cinematch``."""
    runs = commands.add_parser("runs", allow_abbrev=False, help="list the runs, or compare two")
    runs.add_argument("pair", nargs="*", metavar="RUN", help="two runs to compare, the older first")
    runs.add_argument(
        "--fail-if-worse", action="store_true", help="exit with 1 where a metric fell by more than the noise"
    )
    runs.set_defaults(command=_runs)

    use = commands.add_parser("use", allow_abbrev=False, help="verify a run and make it the current one")
    use.add_argument("run", metavar="RUN")
    use.set_defaults(command=_use)
    return runs, use


def _runs(options: argparse.Namespace) -> None:
    runs = {info.run_id: info for info in list_runs(options.artifacts_dir)}
    if options.pair or options.fail_if_worse:
        _compare(options.pair, options)
        return
    broken = unreadable_runs(options.artifacts_dir)
    if not runs and not broken:
        raise CineMatchError(f"{options.artifacts_dir} has no runs yet; make one: cinematch run")
    current = current_run_id(options.artifacts_dir)
    print(f"  {'run':<26} {'data set':<18} what")
    for info in runs.values():
        mark = "*" if info.run_id == current else " "
        print(f"{mark} {info.run_id:<26} {info.dataset:<18}{size(info)}{_choices(info)}{_metrics(info)}")
    print("\n* current run. Runs with the same letters after the time hold the same results.")
    for problem in broken.values():
        print(f"Left out: {problem}")


def _compare(pair: Sequence[str], options: argparse.Namespace) -> None:
    if len(pair) != 2:
        raise CineMatchError(f"compare two runs, got {len(pair)}; list them: cinematch runs")
    records = [RunRecord(run_folder(options.artifacts_dir, name)) for name in pair]  # of older formats too
    infos, worse = [record.info for record in records], []
    if options.fail_if_worse or any("evaluate" in info.facts for info in infos):
        worse = _compare_metrics(records, options)
    print("\n".join(differences(*infos)))
    if options.fail_if_worse and worse:
        raise CineMatchError(f"{pair[1]} is worse than {pair[0]} by more than the noise: {'; '.join(worse)}")


def _compare_metrics(records: Sequence[RunRecord], options: argparse.Namespace) -> list[str]:
    """Say how the metrics of two runs differ, unless they are the same; returns what fell by more than the noise."""
    from cinematch_lib.evaluation.run_changes import metric_changes  # heavy

    try:
        changes = metric_changes(*records)
    except CineMatchError as error:
        if options.fail_if_worse:
            raise
        print(error)
        return []
    if any(one.differs for one in changes):
        print("\n".join(map(str, changes)))
    return [one.name for one in changes if one.is_worse]


def size(info: RunInfo) -> str:
    """How many films and features a run has, in words."""
    features = info.facts.get("features", {})
    return f" {features['films']:,} films, {features['features']:,} features" if "films" in features else " no features"


def _metrics(info: RunInfo) -> str:
    """The leading metrics of the recommender that the run serves, where it was evaluated."""
    of = info.facts.get("evaluate", {}).get("metrics", {})
    values = of.get("served") or of.get("hybrid") or {}
    words = [f"{name} {one['mean']:.3f} [{one['low']:.3f}, {one['high']:.3f}]" for name, one in values.items()]
    return f"; {', '.join(words)}" if words else ""


def _choices(info: RunInfo) -> str:
    """What a run's catalog was limited to, and where its services are from."""
    clean = info.facts.get("clean", {})
    chosen = [f"{name}={value}" for name, value in clean.get("filters", {}).items() if value]
    chosen += [f"services={clean['services']['source']}"] if "services" in clean else []
    return f"; {', '.join(chosen)}" if chosen else ""


def _use(options: argparse.Namespace) -> None:
    info = use_run(options.artifacts_dir, options.run)
    print(f"{info.run_id} is the current run now:{size(info)}")

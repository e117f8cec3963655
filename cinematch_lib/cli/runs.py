"""The commands ``cinematch runs`` and ``cinematch use``: list the runs, compare two, choose the current one."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.cli.leaderboards import add_mlflow_flag, print_leaderboards
from cinematch_lib.cli.output import print_json, print_table, print_text, terminal
from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names

if TYPE_CHECKING:
    from cinematch_lib.artifacts.diff import Differences
    from cinematch_lib.artifacts.runs import RunInfo
    from cinematch_lib.evaluation.run_changes import Change


def add_runs(commands: Commands) -> None:
    """Add the command ``runs``."""
    runs = add_command(
        commands,
        "runs",
        _runs,
        "list the runs, or compare two",
        description="List the runs with their metrics, or compare two: metrics, parameters, and a verdict as the last "
        "line. A difference counts where its 95 % interval over the test users does not hold 0.",
        examples=(
            "cinematch runs",
            "cinematch runs OLD NEW",
            "cinematch runs OLD NEW --fail-if-worse    # for a scheduled job",
            "cinematch runs --keep 5                   # remove older ones",
            "cinematch runs --leaderboard --html leaderboard.html",
        ),
    )
    runs.add_argument("pair", nargs="*", metavar="RUN", help="two runs to compare, the older first")
    runs.add_argument(
        "--fail-if-worse", action="store_true", help="exit with 1 where a metric fell by more than the noise"
    )
    runs.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="METRIC",
        help="let this metric fall, such as ndcg@10; may be repeated",
    )
    runs.add_argument(
        "--keep",
        type=int,
        metavar="N",
        help="remove all runs but N: the current one stays, then the newest, those that were current, and newer ones",
    )
    runs.add_argument(
        "--leaderboard",
        action="store_true",
        help="the runs of each data set, the best first, what they differ in, and which are worse than the best",
    )
    runs.add_argument("--html", type=Path, metavar="FILE", help="write the leaderboard as a page")
    add_mlflow_flag(runs)
    runs.add_argument("--verbose", action="store_true", help="compare package versions and checksums of files too")
    runs.add_argument("--json", action="store_true", help="print JSON")


def add_use(commands: Commands) -> None:
    """Add the command ``use``."""
    use = add_command(
        commands,
        "use",
        _use,
        "make a run the current one, after checking its files",
        examples=("cinematch use 20261126T065519Z-f588ef5a", "cinematch use --back"),
    )
    use.add_argument("run", nargs="?", metavar="RUN", help="the name of the run, as cinematch runs lists it")
    use.add_argument("--back", action="store_true", help="take the run that was current before this one")


def _runs(options: argparse.Namespace) -> None:
    from cinematch_lib.artifacts.manifest import OLDEST_RECORD_VERSION
    from cinematch_lib.artifacts.runs import current_run_id, list_runs, unreadable_runs

    if options.pair or options.fail_if_worse:
        _compare(options)
        return
    if options.leaderboard or options.html or options.mlflow:
        print_leaderboards(options.artifacts_dir, options.html, options.mlflow)
        return
    if options.keep is not None:
        _prune(options.artifacts_dir, options.keep)
        return
    runs = list_runs(options.artifacts_dir, OLDEST_RECORD_VERSION)
    broken = unreadable_runs(options.artifacts_dir, OLDEST_RECORD_VERSION)
    current = current_run_id(options.artifacts_dir)
    if options.json:
        print_json(current=current, runs=[_as_dict(info) for info in runs], unreadable=broken)
        return
    if not runs and not broken:
        raise CineMatchError(f"{options.artifacts_dir} has no runs yet; make one: cinematch run")
    _print_list(runs, current)
    print("\n* current run. Runs with the same letters after the time hold the same results.")
    for problem in broken.values():
        print_text(f"Not readable: {problem}")


def _prune(artifacts_dir: Path, keep: int) -> None:
    from cinematch_lib.artifacts.retention import prune_runs

    removed = prune_runs(artifacts_dir, keep)
    print("\n".join(f"removed {run_id}" for run_id in removed) or "nothing to remove")


def _print_list(runs: "Sequence[RunInfo]", current: str | None) -> None:
    """The runs in a table on a terminal, a line each elsewhere."""
    if terminal() is None:
        print(f"  {'run':<26} {'data set':<18} contents")
        for info in runs:
            mark = "*" if info.run_id == current else " "
            metrics = [
                f"{name} {one['mean']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
                for name, one in _metrics(info).items()
            ]
            details = filter(None, (size(info), ", ".join(_choices(info)), ", ".join(metrics)))
            print(f"{mark} {info.run_id:<26} {info.dataset:<18} {'; '.join(details)}")
        return
    means = [{name: f"{one['mean']:.3f}" for name, one in _metrics(info).items()} for info in runs]
    names = list(dict.fromkeys(name for one in means for name in one))
    rows = [
        (
            "*" if info.run_id == current else "",
            "\n".join([info.run_id, *_choices(info)]),
            info.dataset,
            f"{info.facts['features']['films']:,}" if "films" in info.facts.get("features", {}) else "",
            *(one.get(name, "") for name in names),
        )
        for info, one in zip(runs, means, strict=True)
    ]
    print_table(("", "run", "data set", "films", *names), rows, ("films", *names))


def _compare(options: argparse.Namespace) -> None:
    from cinematch_lib.artifacts.diff import differences
    from cinematch_lib.artifacts.runs import RunRecord, run_folder

    if len(options.pair) != 2:
        raise CineMatchError(f"compare two runs, got {len(options.pair)}; list them: cinematch runs")
    records = [RunRecord(run_folder(options.artifacts_dir, name)) for name in options.pair]  # of older formats too
    pair = [record.info for record in records]
    changes: Sequence[Change] = ()
    why_not = ""
    try:
        from cinematch_lib.evaluation.run_changes import metric_changes

        changes = metric_changes(*records)
    except CineMatchError as error:
        if options.fail_if_worse:
            raise
        why_not = str(error)
    found = differences(*pair)
    verdict, reason = _verdict(pair, changes, why_not, same=not any(found))
    if options.json:
        print_json(
            old=pair[0].run_id,
            new=pair[1].run_id,
            verdict=verdict,
            reason=reason,
            metrics=[_change_as_dict(one) for one in changes],
            differences=found._asdict(),
        )
    else:
        _print_changes([one for one in changes if one.differs], pair)
        _print_differences(found, verbose=options.verbose)
        print_text(f"Verdict: {verdict}; {reason}.")
    _check_accepted(options.accept, changes)
    worse = [one.name for one in changes if one.is_worse and one.metric not in options.accept]
    if options.fail_if_worse and worse:
        raise CineMatchError(f"{options.pair[1]} is worse than {options.pair[0]} beyond the noise: {'; '.join(worse)}")


def _check_accepted(accepted: "Sequence[str]", changes: "Sequence[Change]") -> None:
    """Raise UnknownNameError for a metric that is not compared: a drop that is meant must not be misspelt."""
    known = list(dict.fromkeys(one.metric for one in changes))
    for name in accepted:
        if name not in known:
            message = f"--accept names {name!r}, and compared are {', '.join(known) or 'no metrics'}"
            raise UnknownNameError(message, close_names(name, known))


def _verdict(pair: "Sequence[RunInfo]", changes: "Sequence[Change]", why_not: str, *, same: bool) -> tuple[str, str]:
    """Whether the new run is ``better``, ``worse``, ``mixed``, the ``same`` or ``unknown``, and the reason."""
    old, new = (info.run_id for info in pair)
    worse = "; ".join(one.name for one in changes if one.is_worse)
    better = "; ".join(one.name for one in changes if one.difference.low > 0)
    if same:
        return "same", "the two runs hold the same results, from the same inputs and parameters"
    if why_not:
        return "unknown", why_not
    if better and worse:
        return "mixed", f"{new} is better in {better}, and worse in {worse}, beyond the noise"
    if better or worse:
        word = "better" if better else "worse"
        return word, f"{new} is {word} than {old} beyond the noise in {better or worse}"
    return "same", f"no metric of {new} differs from that of {old} beyond the noise"


def _print_changes(changes: "Sequence[Change]", pair: "Sequence[RunInfo]") -> None:
    """The metrics that differ: a table on a terminal, a line each elsewhere."""
    if not changes:
        return
    if terminal() is None:
        print("\n".join(map(str, changes)))
        return
    rows = []
    for one in changes:
        gap = one.difference
        word = "same" if not gap.differs else "better" if gap.low > 0 else "worse"
        interval = f"{gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"
        rows.append((one.name, f"{one.before:.3f}", f"{one.after:.3f}", interval, word))
    print_table(("metric", "old", "new", "change [95 %]", ""), rows, ("old", "new"))
    print()


def _print_differences(found: "Differences", *, verbose: bool) -> None:
    details = [*found.packages, *found.files]
    for line in [*found.facts, *(details if verbose else ())]:
        print(line)
    if details and not verbose:
        print(f"Different versions and checksums: {len(details)} (--verbose lists them)")


def _change_as_dict(change: "Change") -> dict[str, Any]:
    gap = change.difference
    return {
        "model": change.model,
        "metric": change.metric,
        "old": change.before,
        "new": change.after,
        "difference": {"mean": gap.mean, "low": gap.low, "high": gap.high},
        "beyond_noise": gap.differs,
        "paired_users": change.users,
    }


def _as_dict(info: "RunInfo") -> dict[str, Any]:
    features, clean = info.facts.get("features", {}), info.facts.get("clean", {})
    return {
        "run_id": info.run_id,
        "created": info.created,
        "fingerprint": info.fingerprint,
        "dataset": info.dataset,
        "films": features.get("films"),
        "features": features.get("features"),
        "filters": clean.get("filters", {}),
        "services": clean.get("services", {}).get("source"),
        "format_version": info.format_version,
        "drift": info.facts.get("drift"),
        "metrics": _metrics(info),
    }


def size(info: "RunInfo") -> str:
    """The numbers of films and features of a run, in words."""
    features = info.facts.get("features", {})
    return f"{features['films']:,} films, {features['features']:,} features" if "films" in features else "no features"


def _metrics(info: "RunInfo") -> dict[str, dict[str, float]]:
    """The main metrics of the recommender that the run serves; empty where it was not evaluated."""
    metrics = info.facts.get("evaluate", {}).get("metrics", {})
    return metrics.get("served") or metrics.get("hybrid") or {}


def _choices(info: "RunInfo") -> list[str]:
    """A run's filters and source of services, whether it is of an older format, and what changed against the last."""
    from cinematch_lib.artifacts.diff import DRIFT, drift_line
    from cinematch_lib.artifacts.manifest import FORMAT_VERSION

    clean = info.facts.get("clean", {})
    chosen = [f"{name}={value}" for name, value in clean.get("filters", {}).items() if value and value != "films"]
    chosen += [f"services={clean['services']['source']}"] if "services" in clean else []
    chosen += ["older format, to compare with only"] if info.format_version < FORMAT_VERSION else []
    return chosen + ([drift_line(info.facts[DRIFT])] if DRIFT in info.facts else [])


def _use(options: argparse.Namespace) -> None:
    from cinematch_lib.artifacts.runs import use_previous_run, use_run

    if (options.run is None) != options.back:
        raise CineMatchError("name a run (cinematch use RUN), or go back by one (cinematch use --back)")
    info = use_previous_run(options.artifacts_dir) if options.back else use_run(options.artifacts_dir, options.run)
    print(f"{info.run_id} is the current run now: {size(info)}")

"""What a run stores of its evaluation: ``metrics.json``, and the metrics of each user for later comparisons."""

import io
from pathlib import Path
from typing import Any

import pandas as pd

from cinematch_lib.artifacts.runs import RunRecord, run_folder
from cinematch_lib.evaluation.cold_films import ColdFilms
from cinematch_lib.evaluation.compare import HYBRID, Comparison
from cinematch_lib.evaluation.intervals import ACTIVITY, Interval, activity_classes, difference, interval
from cinematch_lib.evaluation.metrics import class_labels
from cinematch_lib.evaluation.report import by_history, by_popularity, catalog_coverage, means

METRICS = "metrics.json"
BY_USER = "metrics_by_user.csv"
_DIGITS = 6


def metrics_record(
    comparison: Comparison, cold_films: ColdFilms | None = None, by_time: Comparison | None = None, **settings: Any
) -> dict[str, Any]:
    """The content of ``metrics.json``: rounded values without times, so that equal inputs give equal files.

    `settings` are parameters to store with the protocol.
    """
    record = _models(comparison) | {"protocol": _protocol(comparison) | settings}
    record["by_history"] = _rows(by_history(comparison, comparison.highlighted))
    record["people"] = _by_people(comparison)
    record["by_popularity"] = _rows(by_popularity(comparison, comparison.highlighted))
    record["cold_users"] = {
        name: {str(number): _interval(interval(values[number])) for number in values}
        for name, values in comparison.cold_users.items()
    }
    if comparison.knobs is not None:
        points = comparison.knobs.points.reset_index().to_dict("records")
        record["knobs"] = [
            {str(name): one if name == "knob" else _round(one) for name, one in point.items() if one == one}
            for point in points  # the mean year is NaN where none is known
        ]
    if cold_films is not None:
        record["cold_films"] = _cold_films(cold_films)
    if by_time is not None:
        record["time"] = _models(by_time) | {"protocol": _protocol(by_time)}
    return record


def values_by_user(comparison: Comparison) -> str:
    """The main metrics of each user by each model as CSV: `userId`, then columns ``model metric``."""
    columns = {
        f"{name} {metric}": result.values[metric]
        for name, result in comparison.results.items()
        for metric in comparison.main_metrics
    }
    return pd.DataFrame(columns).rename_axis("userId").to_csv(float_format=f"%.{_DIGITS}f", lineterminator="\n")


def tested_users(artifacts_dir: Path, run_id: str) -> list[int]:
    """The ids of the users by whom a run was evaluated, ascending; none for an empty `run_id`, or without metrics.

    Raises CineMatchError if there is no such run.
    """
    if not run_id:
        return []
    run = RunRecord(run_folder(artifacts_dir, run_id))
    if BY_USER not in run.info.files:
        return []
    return sorted(read_by_user(run).index.tolist())


def read_by_user(run: RunRecord) -> pd.DataFrame:
    """The main metrics of each user by each model, indexed by userId. Raises CineMatchError where there are none."""
    return pd.read_csv(io.BytesIO(run.read_bytes(BY_USER)), index_col="userId")


def headline(comparison: Comparison) -> dict[str, dict[str, Any]]:
    """The main metrics of each model, for a run's manifest."""
    return {
        name: {metric: _interval(one) for metric, one in intervals.items()}
        for name, intervals in means(comparison, comparison.main_metrics).items()
    }


def _models(comparison: Comparison) -> dict[str, Any]:
    models = {
        name: {metric: _interval(one) for metric, one in intervals.items()}
        | {f"coverage@{comparison.ks[0]}": _round(catalog_coverage(comparison, name))}
        for name, intervals in means(comparison).items()
    }
    differences = {}
    for name in comparison.baselines if HYBRID in comparison.results else []:
        hybrid, baseline = (comparison.results[one].values for one in (HYBRID, name))
        differences[name] = {
            metric: _interval(difference(hybrid[metric], baseline[metric])) for metric in comparison.main_metrics
        }
    params = {name: result.best_params for name, result in comparison.results.items()}
    return {"models": models, "hybrid_minus": differences, "best_params": params}


def _by_people(comparison: Comparison) -> dict[str, Any]:
    """The first main metric of every model with its interval, by the number of ratings in a user's history."""
    values, labels = comparison.values(comparison.main_metrics[0]), class_labels(ACTIVITY)
    classes = activity_classes(values.index, comparison.protocol.histories)
    groups = {label: values[classes == number] for number, label in enumerate(labels)}
    return {
        label: {"users": len(of)} | {str(name): _interval(interval(of[name])) for name in of}
        for label, of in groups.items()
        if len(of)
    }


def _protocol(comparison: Comparison) -> dict[str, Any]:
    protocol = comparison.protocol
    return {
        "name": protocol.name,
        "description": protocol.description,
        "fingerprint": protocol.fingerprint,
        "folds": len(protocol.folds),
        "test_users": len(next(iter(comparison.results.values())).values),
        "films": len(protocol.folds[0].catalog),
        "held_out": len(protocol.held_out),
        "ks": list(comparison.ks),
        "main": comparison.main_metrics,  # its name since format version 2
    }


def _cold_films(measured: ColdFilms) -> dict[str, Any]:
    return {
        "films": measured.n_films,
        "users": measured.n_users,
        "chance_recall": _round(measured.chance_recall),
        **{
            measure: {name: _interval(one) for name, one in getattr(measured, measure).items()}
            for measure in ("auc", "auc_all", "ndcg", "recall")
        },
        "ndcg_hybrid_minus_content": _interval(measured.ndcg_difference),
        "listed_share": _round(measured.listed_share),
        "liked_share": _round(measured.liked_share),
        "listed_share_of_mixed_lists": _round(measured.mixed.listed_share),
        "ndcg@10_gained_by_mixed_lists": _interval(measured.mixed.difference),
        "ndcg@10_of_other_films_gained_by_mixed_lists": _interval(measured.mixed.other_difference),
        "ndcg@10_of_other_films_gained_by_content": _interval(measured.warm_difference),
    }


def _interval(one: Interval) -> dict[str, float]:
    return {"mean": _round(one.mean), "low": _round(one.low), "high": _round(one.high)}


def _round(value: float) -> float:
    return round(float(value), _DIGITS) + 0.0  # no negative zeros


def _rows(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """A table as plain values by row and column, without missing ones."""
    return {
        str(row): {
            str(name): int(value) if name in ("users", "held-out films") else _round(value)
            for name, value in values.items()
            if pd.notna(value)
        }
        for row, values in table.iterrows()
    }

"""What a run keeps of its evaluation: ``metrics.json``, and the values of each user for later comparisons."""

from typing import Any

import pandas as pd

from cinematch_lib.evaluation.cold_start import ColdFilms
from cinematch_lib.evaluation.compare import OURS, Contest
from cinematch_lib.evaluation.intervals import Interval, difference, interval
from cinematch_lib.evaluation.report import by_history, by_popularity, covered, means

METRICS = "metrics.json"
BY_USER = "metrics_by_user.csv"
_DIGITS = 6


def metrics(
    contest: Contest, cold_films: ColdFilms | None = None, by_time: Contest | None = None, **settings: Any
) -> dict[str, Any]:
    """The value of ``metrics.json``: plain values, rounded, without times, so that the same inputs give the same.

    `settings` are parameters to keep beside the protocol.
    """
    made = _of_contest(contest) | {"protocol": _protocol(contest) | settings}
    made["by_history"] = _rows(by_history(contest, contest.leading))
    made["by_popularity"] = _rows(by_popularity(contest, contest.leading))
    cold = {name: entry.cold for name, entry in contest.entries.items() if entry.cold is not None and len(entry.cold)}
    made["cold_users"] = {
        name: {str(likes): _interval(interval(values[likes])) for likes in values} for name, values in cold.items()
    }
    if cold_films is not None:
        made["cold_films"] = {
            "hidden": cold_films.hidden,
            "users": cold_films.users,
            "chance_found": _round(cold_films.chance),
            **{
                part: {name: _interval(one) for name, one in getattr(cold_films, part).items()}
                for part in ("auc", "among_all", "found")
            },
            "auc_ahead_of_content": _interval(cold_films.ahead),
            "ndcg@10_of_the_rest_gained_by_content": _interval(cold_films.rest),
        }
    if by_time is not None:
        made["time"] = _of_contest(by_time) | {"protocol": _protocol(by_time)}
    return made


def values_by_user(contest: Contest) -> str:
    """The leading metrics of each user by each model as CSV: `userId`, then ``model metric``."""
    columns = {
        f"{name} {metric}": entry.values[metric] for name, entry in contest.entries.items() for metric in contest.main
    }
    return pd.DataFrame(columns).rename_axis("userId").to_csv(float_format=f"%.{_DIGITS}f", lineterminator="\n")


def headline(contest: Contest) -> dict[str, dict[str, Any]]:
    """The leading metrics of each model, for a run's manifest."""
    found = means(contest)
    return {name: {metric: _interval(of[metric]) for metric in contest.main} for name, of in found.items()}


def _of_contest(contest: Contest) -> dict[str, Any]:
    models = {
        name: {metric: _interval(one) for metric, one in of.items()}
        | {f"coverage@{contest.ks[0]}": _round(covered(contest, name))}
        for name, of in means(contest).items()
    }
    ahead = {}
    for name in contest.rivals if OURS in contest.entries else []:
        ahead[name] = {
            metric: _interval(difference(contest.entries[OURS].values[metric], contest.entries[name].values[metric]))
            for metric in contest.main
        }
    return {
        "models": models,
        "hybrid_ahead_of": ahead,
        "chosen": {name: entry.chosen for name, entry in contest.entries.items()},
    }


def _protocol(contest: Contest) -> dict[str, Any]:
    plan = contest.plan
    return {
        "name": plan.protocol,
        "says": plan.says,
        "fingerprint": plan.fingerprint,
        "rounds": len(plan.rounds),
        "test_users": len(next(iter(contest.entries.values())).values),
        "films": len(plan.rounds[0].catalog),
        "held_out": len(plan.held_out),
        "ks": list(contest.ks),
        "main": contest.main,
    }


def _interval(one: Interval) -> dict[str, float]:
    return {"mean": _round(one.mean), "low": _round(one.low), "high": _round(one.high)}


def _round(value: float) -> float:
    return round(float(value), _DIGITS) + 0.0  # no negative zeros


def _rows(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """A table as plain values by row and column; what is unknown is left out."""
    return {
        str(row): {
            str(name): int(value) if float(value).is_integer() and name in ("users", "films to find") else _round(value)
            for name, value in of.items()
            if pd.notna(value)
        }
        for row, of in table.iterrows()
    }

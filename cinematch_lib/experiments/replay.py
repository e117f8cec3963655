"""What a run that was never shown would have been worth, by the lists of an experiment that chance reordered."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments.off_policy import OffPolicyEstimate, snips
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender


def estimate_run(rows: Iterable[Mapping[str, Any]], recommender: Recommender, metric: str) -> OffPolicyEstimate:
    """The rate of the event `metric` per film that the recommender would have shown in answer to the same requests.

    `rows` are those of `log_reading.export_rows`; lists that nobody saw are passed over. Raises CineMatchError where
    the experiment did not explore, or has too few lists for this recommender.
    """
    weights: list[float] = []
    successes: list[bool] = []
    lists: list[int] = []
    answers: dict[str, list[int]] = {}  # by request, which people without opinions share
    for at, row in enumerate(rows):
        events = {(event["type"], event["movie_id"]) for event in row["events"]}
        if row["propensities"] is None or ("seen", None) not in events:
            continue
        key = json.dumps(row["request"])
        if key not in answers:
            answers[key] = _recommended(recommender, row["request"])
        for film, best, propensity in zip(row["movie_ids"], answers[key], row["propensities"], strict=False):
            weights.append((film == best) / propensity)
            successes.append((metric, film) in events)
            lists.append(at)
    if not weights:
        raise CineMatchError(
            "no list of this experiment was both explored and seen; start one with --explore, such as 0.05"
        )
    return snips(np.array(weights), np.array(successes), np.array(lists))


def _recommended(recommender: Recommender, request: Mapping[str, Any]) -> list[int]:
    given = dict(request["preferences"])
    if "ratings" in given:  # JSON has no whole numbers as keys
        given["ratings"] = {int(movie_id): stars for movie_id, stars in given["ratings"].items()}
    found = recommender.recommend(Preferences(**given), request["k"], capped=request["capped"])
    return [one.movie_id for one in found]

"""How fast opinions should lose weight: ``python -m benchmarks.half_life ml-2023-subset`` and so on.

At eight dates, lists are made for people who liked a film before and at least a day later, each at one date, from all
that they had rated until then; nDCG@10 by what they liked up to the next date. The data sets are those of `quality`.
"""

import tempfile
from functools import partial
from pathlib import Path
from unittest import mock

import pandas as pd

from benchmarks.quality import named_set, read_tables
from cinematch_lib.evaluation import accuracy, difference, interval
from cinematch_lib.evaluation.protocols import Fold
from cinematch_lib.evaluation.served import Serve, ServedRecommender
from cinematch_lib.evaluation.splits import Split, split_by_times
from cinematch_lib.models import make
from cinematch_lib.models.training import show_progress
from cinematch_lib.recommender.rating_weights import age_weights

SHARES = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)  # of the ratings before each date
HALF_LIVES = (0.1, 0.5, 1, 2, 4, 8)  # years
_DAY = 86_400
FIXED = {
    "regularization": 100.0, "dropout": 0.3, "session_weight": 0.7, "year_weight": 4.0, "feature_weight": 20.0,
    "content_weight": 0.35, "max_films": 4000,
}  # fmt: skip


def main() -> None:
    """Measure on one data set and print a table."""
    with tempfile.TemporaryDirectory() as work:
        ratings, films, _ = read_tables(named_set(), Path(work))
    show_progress()
    values: dict[str, list[pd.Series]] = {}
    for split in split_by_times(ratings, SHARES):
        for half_life, found in _measured(split, films).items():
            values.setdefault(half_life, []).append(found)
    of_all = {half_life: pd.concat(parts) for half_life, parts in values.items()}
    same = of_all.pop("none")
    print(f"\n{len(same):,} people who came back; nDCG@10 without a half-life {interval(same)}\n")
    print("| half-life in years | nDCG@10 | relative to none |\n|---|---|---|")
    for half_life, found in of_all.items():
        by, mean = difference(found, same), same.mean()
        ratio = f"{1 + by.mean / mean:.3f} [{1 + by.low / mean:.3f}, {1 + by.high / mean:.3f}]"
        print(f"| {half_life} | {interval(found)} | {ratio} |")


def _measured(split: Split, films: pd.DataFrame) -> dict[str, pd.Series]:
    """NDCG@10 of each user who came back, by the half-life."""
    latest = split.histories.groupby("userId")["timestamp"].max()
    liked = split.held_out.groupby("userId")["timestamp"].max()
    back = [user for user in latest.index if liked.get(user, 0) - latest[user] >= _DAY]
    histories = split.histories[split.histories["userId"].isin(back)]
    model = make("hybrid", **FIXED).fit(split.train, films)
    recommend = ServedRecommender(Serve({"max_features": 1000}, 240)(Fold(split, films), model), ages=True)
    held_out = split.held_out[split.held_out["userId"].isin(back)]
    found = {"none": accuracy(recommend(histories.drop(columns="timestamp"), back, 10), held_out, [10])["ndcg@10"]}
    for half_life in HALF_LIVES:
        weights = partial(age_weights, half_life=half_life)
        with mock.patch("cinematch_lib.recommender.terms.ratings.age_weights", weights):
            found[str(half_life)] = accuracy(recommend(histories, back, 10), held_out, [10])["ndcg@10"]
    return found


if __name__ == "__main__":
    main()

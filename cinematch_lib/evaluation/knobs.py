"""What discovery, diversity and recency do to lists: accuracy against novelty, diversity and the age of films."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cinematch_lib.evaluation.cold_start import KnownLikes
from cinematch_lib.evaluation.metrics import accuracy, beyond_accuracy, commonest, coverage
from cinematch_lib.evaluation.protocols import Fold
from cinematch_lib.evaluation.served import ServedRecommender
from cinematch_lib.recommender.preferences import KNOBS
from cinematch_lib.recommender.recommender import Recommender

DEFAULT = "default"  # the name of the setting without any knob
KNOWN = 3  # likes of each user that are known
_VALUES = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
_MAX_USERS = 200


@dataclass(frozen=True)
class KnobCurves:
    """Lists at several values of each knob, of the same users.

    `points` has a row for each `knob, value`, and one for the defaults, ``default, 0``; its columns are those of
    `list_quality`. `users` are the ids of the users, int64.
    """

    points: pd.DataFrame
    users: np.ndarray


def knob_curves(fold: Fold, recommender: Recommender, k: int) -> KnobCurves | None:
    """Measure a recommender that knows three likes of each test user of a fold, of 200 users at the most.

    None where too few test users have enough likes.
    """
    known = KnownLikes.choose(fold.split).only(KNOWN, _MAX_USERS)
    if not len(known.users):
        return None
    settings = [(DEFAULT, 0.0), *((knob, value) for knob in KNOBS for value in _VALUES)]
    rows = {}
    for knob, value in settings:
        served = ServedRecommender(recommender, knobs={} if knob == DEFAULT else {knob: value})
        rows[knob, value] = list_quality(known.lists(served.rank, k), fold, k)
    return KnobCurves(pd.DataFrame.from_dict(rows, orient="index").rename_axis(["knob", "value"]), known.users)


def list_quality(lists: pd.DataFrame, fold: Fold, k: int) -> dict[str, float]:
    """Means over the users of `lists` by the training ratings and the catalog of `fold`.

    ``ndcg``, ``novelty``, ``diversity`` and ``rare`` as in `metrics`; ``coverage``, the share of the catalog that is in
    any list; ``commonest``, the share of lists with the commonest film; ``year``, the mean year of release.
    """
    held_out = fold.split.held_out
    held_out = held_out[held_out["userId"].isin(lists["userId"])]
    others = beyond_accuracy(lists, fold.split.train, fold.catalog, k).mean()
    years = fold.catalog.set_index("movieId")["year"].reindex(lists.loc[lists["rank"] <= k, "movieId"])
    return {
        "ndcg": float(accuracy(lists, held_out, [k])[f"ndcg@{k}"].mean()),
        **{name: float(others[f"{name}@{k}"]) for name in ("novelty", "diversity", "rare")},
        "coverage": coverage(lists, fold.catalog, k),
        "commonest": commonest(lists, k),
        "year": float(years.astype(float).mean()),
    }

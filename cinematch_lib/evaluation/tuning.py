"""A search over the parameters that matter, with the same number of trials for every model that has them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cinematch_lib import models
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.metrics import accuracy
from cinematch_lib.evaluation.splits import Split

CANDIDATES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "popular": [{}],
    "content": [{"popularity": value} for value in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)],
    "itemknn": [
        {"weighting": weighting, "neighbours": neighbours}
        for weighting, neighbours in (
            *(("cosine", count) for count in (20, 50, 100, 200)),
            *(("tfidf", count) for count in (50, 200)),
            *(("bm25", count) for count in (50, 200)),
        )
    ],
    "ease": [{"regularization": value} for value in (30.0, 60.0, 100.0, 150.0, 220.0, 330.0, 500.0, 1000.0)],
    "als": [
        {"factors": factors, "regularization": regularization, "alpha": alpha}
        for factors, regularization, alpha in (
            *((32, 10.0, 5.0), (64, 10.0, 2.0), (64, 10.0, 5.0), (64, 30.0, 5.0)),
            *((128, 15.0, 2.0), (128, 30.0, 5.0), (128, 60.0, 5.0), (256, 15.0, 2.0)),
        )
    ],
    "bpr": [
        {"factors": factors, "learning_rate": learning_rate, "regularization": regularization}
        for factors, learning_rate, regularization in (
            *((32, 0.02, 0.01), (32, 0.05, 0.01), (32, 0.05, 0.05), (64, 0.02, 0.01)),
            *((64, 0.05, 0.01), (64, 0.05, 0.05), (64, 0.1, 0.05), (128, 0.05, 0.02)),
        )
    ],
    "hybrid": [{}],  # it holds users out by itself
}


def search(
    name: str,
    split: Split,
    catalog: pd.DataFrame,
    candidates: Sequence[Mapping[str, Any]] | None = None,
    *,
    metric: str = "ndcg@10",
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The candidate with the highest mean `metric` on the split's users, and what every one scored.

    `split` is of training ratings, so that its users are not those that the models are compared on. The first
    of equal candidates is taken; CANDIDATES has eight for each model that has parameters to choose. Raises
    CineMatchError for an empty search.
    """
    candidates = CANDIDATES.get(name, [{}]) if candidates is None else candidates
    if not candidates:
        raise CineMatchError(f"a search needs one candidate or more, got none for {name}")
    if len(candidates) == 1:
        return dict(candidates[0]), pd.DataFrame([dict(candidates[0])])
    k = int(metric.rpartition("@")[2])
    rows = []
    for params in candidates:
        made = models.make(name, **params).fit(split.train, catalog).recommend(split.histories, k)
        rows.append(dict(params) | {metric: accuracy(made, split.held_out, [k])[metric].mean()})
    table = pd.DataFrame(rows)
    return dict(candidates[int(table[metric].argmax())]), table

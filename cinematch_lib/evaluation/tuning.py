"""Hyperparameter search with the same number of candidates for every model."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cinematch_lib import models
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.metrics import accuracy
from cinematch_lib.evaluation.protocols import validation_split
from cinematch_lib.evaluation.splits import Split

_ITEMKNN = [
    *(("cosine", 20), ("cosine", 50), ("cosine", 100), ("cosine", 200)),
    *(("tfidf", 50), ("tfidf", 200), ("bm25", 50), ("bm25", 200)),
]
_ALS = [  # factors, regularization, alpha
    *((32, 10.0, 5.0), (64, 10.0, 2.0), (64, 10.0, 5.0), (64, 30.0, 5.0)),
    *((128, 15.0, 2.0), (128, 30.0, 5.0), (128, 60.0, 5.0), (256, 15.0, 2.0)),
]
_BPR = [  # factors, learning rate, regularization
    *((32, 0.02, 0.01), (32, 0.05, 0.01), (32, 0.05, 0.05), (64, 0.02, 0.01)),
    *((64, 0.05, 0.01), (64, 0.05, 0.05), (64, 0.1, 0.05), (128, 0.05, 0.02)),
]
CANDIDATES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "popular": [{}],
    "content": [{"popularity": value} for value in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)],
    "itemknn": [{"weighting": weighting, "neighbours": neighbours} for weighting, neighbours in _ITEMKNN],
    "userknn": [{"neighbours": value} for value in (25, 50, 100, 200, 300, 400, 600, 800)],
    "puresvd": [{"factors": value} for value in (8, 16, 24, 32, 48, 64, 96, 128)],
    "ease": [{"regularization": value} for value in (30.0, 60.0, 100.0, 150.0, 220.0, 330.0, 500.0, 1000.0)],
    "als": [dict(zip(("factors", "regularization", "alpha"), values, strict=True)) for values in _ALS],
    "bpr": [dict(zip(("factors", "learning_rate", "regularization"), values, strict=True)) for values in _BPR],
    "hybrid": [{}],  # it tunes itself on held-out training users
}


def candidates_of(name: str) -> Sequence[Mapping[str, Any]]:
    """The hyperparameters among which those of a model are chosen, at least one. Raises as `models.model_class`."""
    return CANDIDATES.get(name) or models.model_class(name).candidates or [{}]


def search(
    name: str,
    split: Split,
    catalog: pd.DataFrame,
    candidates: Sequence[Mapping[str, Any]] | None = None,
    *,
    metric: str = "ndcg@10",
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The candidate with the highest mean `metric` on the split's users, and a table of all trials.

    `split` must be made of training ratings, so that the test users of a comparison are not used. Of equal
    candidates the first is taken. CANDIDATES, the default, has eight for each model with hyperparameters; other
    models have their own (`Model.candidates`). Raises
    CineMatchError if there are no candidates.
    """
    candidates = candidates_of(name) if candidates is None else candidates
    if not candidates:
        raise CineMatchError(f"a search needs one candidate or more, got none for {name}")
    if len(candidates) == 1:
        return dict(candidates[0]), pd.DataFrame([dict(candidates[0])])
    k = int(metric.rpartition("@")[2])
    trials = []
    for params in candidates:
        lists = models.make(name, **params).fit(split.train, catalog).recommend(split.histories, k)
        trials.append(dict(params) | {metric: accuracy(lists, split.held_out, [k])[metric].mean()})
    table = pd.DataFrame(trials)
    return dict(candidates[int(table[metric].argmax())]), table


def tuned_params(name: str, ratings: pd.DataFrame, catalog: pd.DataFrame, seed: int = 0) -> dict[str, Any]:
    """The best candidate of a model on some of the users of `ratings`, who are held out for that.

    Raises CineMatchError if too few users have enough likes; a model with one candidate needs none.
    """
    candidates = candidates_of(name)
    if len(candidates) == 1:
        return dict(candidates[0])
    return search(name, validation_split(ratings, seed), catalog, candidates)[0]

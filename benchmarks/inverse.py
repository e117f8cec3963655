"""Measure the approximate inverse of the ratings' Gram matrix against the exact one: a part of ``make bench-scale``.

Real ratings (``CINEMATCH_REAL_DATA``), else those of the embedded sample; 1,000 users are held out, a fifth of their
likes is to be found from the rest. Each inverse is computed in its own process. With ``--drawn``, ratings are drawn
from a model of MovieLens 32M (``ml-32m-factors`` in that folder), which has more films than the real ratings at hand.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.memory import peak_mb
from benchmarks.model_ratings import drawn_ratings
from cinematch_lib.data import fetch
from cinematch_lib.data.movielens import read_ratings
from cinematch_lib.models.ease import most_rated
from cinematch_lib.models.hit_metrics import ndcg
from cinematch_lib.models.interactions import Interactions, hold_out
from cinematch_lib.models.inverse import Inverse, ridge_inverse
from cinematch_lib.models.validation_fold import COLUMN_EXPONENT
from cinematch_lib.recommender.ranking import top_k_per_row
from cinematch_lib.recommender.rating_weights import rating_weight

REGULARIZATION, DROPOUT, USERS, K = 100.0, 0.3, 1_000, 10


def main() -> None:
    """Print a row for the exact inverse, and one for each number of films that are inverted exactly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("heads", nargs="*", type=int, default=[1_000, 2_000, 4_000, 8_000])
    parser.add_argument("--films", type=int, default=20_000, help="so many of the most rated films (20000)")
    parser.add_argument("--drawn", type=int, help="draw the ratings of so many users instead of reading real ones")
    parser.add_argument("--one", type=int, help="measure this number only, and print it as JSON")
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(_measure(_interactions(options.drawn, options.films), options.films, options.one)))
        return
    print("| films | inverted exactly | nDCG@10 | CPU seconds | peak memory more than before |\n|---|---|---|---|---|")
    for head in (options.films, *options.heads):
        command = [sys.executable, "-m", "benchmarks.inverse", "--films", str(options.films), "--one", str(head)]
        if options.drawn:
            command += ["--drawn", str(options.drawn)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        exactly = "all" if row["head"] == row["films"] else f"{row['head']:,}"
        cells = (f"{row['films']:,}", exactly, f"{row['ndcg']:.4f}", f"{row['seconds']:.1f}", f"{row['mb']:,.0f} MB")
        print(f"| {' | '.join(cells)} |", flush=True)


def _measure(whole: Interactions, n_films: int, head: int) -> dict[str, float]:
    rng = np.random.default_rng(0)
    tested = np.sort(rng.permutation(len(whole))[: min(USERS, len(whole) // 5)])
    train, test = whole.take(np.setdiff1d(np.arange(len(whole)), tested)), whole.take(tested)
    likes = test.likes
    chosen = hold_out(np.repeat(np.arange(len(test)), np.diff(likes.indptr)), 0.2, rng)
    found = likes.copy()
    found.data = chosen.astype(np.float32)
    found.eliminate_zeros()
    films = most_rated(train, n_films, 2)
    X = sparse.csr_matrix(train.map_ratings(rating_weight)[:, films])
    penalty = REGULARIZATION + DROPOUT * np.bincount(X.indices, np.square(X.data, dtype=np.float64), X.shape[1])
    before, began = peak_mb(), time.process_time()
    inverse = ridge_inverse(X, penalty, min(head, len(films)))
    seconds, mb = time.process_time() - began, peak_mb() - before
    scores = _scores(inverse, test.drop(found), films, penalty)
    hits = np.take_along_axis(found[:, films].toarray() > 0, top_k_per_row(scores, K), axis=1)
    n_found = np.diff(found.indptr)
    quality = float(ndcg(hits[n_found > 0], n_found[n_found > 0], K).mean())
    return {"films": len(films), "head": min(head, len(films)), "ndcg": quality, "seconds": seconds, "mb": mb}


def _scores(inverse: Inverse, known: Interactions, films: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """The scores of the weights for whole histories, without rated films: float32 (users, films)."""
    X = sparse.csr_matrix(known.map_ratings(rating_weight)[:, films])
    diagonal = inverse.diagonal
    scores = X.multiply(diagonal).toarray() - inverse.product(X)
    scores *= ((diagonal * penalty) ** COLUMN_EXPONENT / diagonal).astype(np.float32)
    scores[known.ratings[:, films].toarray() > 0] = -np.inf
    return np.asarray(scores, dtype=np.float32)


def _interactions(drawn_users: int | None, films: int) -> Interactions:
    real = os.environ.get("CINEMATCH_REAL_DATA")
    if drawn_users:
        if not real:
            raise SystemExit("--drawn needs CINEMATCH_REAL_DATA, a folder that holds ml-32m-factors")
        ratings = drawn_ratings(Path(real) / "ml-32m-factors", films + films // 4, drawn_users)
    elif real:
        ratings = pd.read_parquet(Path(real) / "ml-32m-ratings" / "ratings.parquet")
    else:
        with tempfile.TemporaryDirectory() as raw:
            ratings = read_ratings(fetch("sample", Path(raw)))
    return Interactions.from_ratings(ratings, np.unique(ratings["movieId"]).astype(np.int64))


if __name__ == "__main__":
    main()

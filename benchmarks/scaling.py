"""Measure the Gram matrix of ratings in one process and on 1 and 2 workers: part of ``make bench-scale``.

The rows are those of real users (``CINEMATCH_REAL_DATA``), else of the embedded sample, repeated to the numbers of
ratings asked for: of the right shape for time and memory, and for nothing else.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.cluster import connection
from cinematch_lib.cluster.local import using
from cinematch_lib.data import fetch
from cinematch_lib.data.movielens import read_ratings
from cinematch_lib.models.ease import most_rated
from cinematch_lib.models.gram import gram
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.storage.resources import timer


def main() -> None:
    """Print a table: seconds, and the peak memory of a worker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings", nargs="*", type=int, default=[1_000_000, 4_000_000], help="numbers of ratings")
    parser.add_argument("--films", type=int, default=5_000, help="so many of the most rated films (5000)")
    parser.add_argument("--memory", default="2GB", help="of each worker (2GB)")
    options = parser.parse_args()
    base = _likes(options.films)
    print("| ratings | films | one process | 1 worker | its peak | 2 workers | peak of each |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for ratings in options.ratings:
        X = sparse.vstack([base] * max(1, round(ratings / base.nnz)), format="csr")
        with timer() as alone:
            expected = gram(X)
        cells = [f"{X.nnz:,}", f"{X.shape[1]:,}", f"{alone.seconds:.1f} s"]
        for n_workers in (1, 2):
            cells += _on_workers(X, n_workers, options.memory, expected)
        print(f"| {' | '.join(cells)} |", flush=True)


def _on_workers(X: sparse.csr_matrix, n_workers: int, memory: str, expected: np.ndarray) -> list[str]:
    with using(None, n_workers, memory, lambda _: None):
        client = connection.client()
        client.run(_import_models)
        with timer() as there:
            same = np.array_equal(gram(X), expected)
        assert same, "sums of whole numbers must be equal"
        peak = max(client.run(_peak_memory).values())
        client.close()
    return [f"{there.seconds:.1f} s", f"{peak / 1e6:,.0f} MB"]


def _import_models() -> None:
    import cinematch_lib.models.gram  # noqa: F401 what it takes is not part of the time


def _peak_memory() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _likes(films: int) -> sparse.csr_matrix:
    """One for each rating of the most rated films: CSR float32 (users, films)."""
    real = os.environ.get("CINEMATCH_REAL_DATA")
    with tempfile.TemporaryDirectory() as raw:
        if real:
            ratings = pd.read_parquet(Path(real) / "ml-32m-ratings" / "ratings.parquet")
        else:
            found = read_ratings(fetch("sample", Path(raw)))
            assert found is not None  # the sample has some
            ratings = found
    whole = Interactions.from_ratings(ratings, np.unique(ratings["movieId"]).astype(np.int64))
    ones = whole.map_ratings(np.ones_like)
    return sparse.csr_matrix(ones[:, most_rated(whole, films)])


if __name__ == "__main__":
    main()

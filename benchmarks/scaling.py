"""Measure the Gram matrix of ratings in one process and on 1 and 2 workers: part of ``make bench-scale``.

The rows are those of real users (``CINEMATCH_REAL_DATA``), else of the embedded sample, repeated to the numbers of
ratings asked for: of the right shape for time and memory, and for nothing else. More workers are simulated.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.cluster_simulation import measure, simulate
from benchmarks.memory import peak_mb
from cinematch_lib.cluster import connection
from cinematch_lib.cluster.local import using
from cinematch_lib.data import fetch
from cinematch_lib.data.movielens import read_ratings
from cinematch_lib.models.ease import most_rated
from cinematch_lib.models.gram import gram, tile_bytes
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.storage.resources import timer

SIMULATED = (1, 2, 4, 16, 64)  # workers; those that are measured too tell the error


def main() -> None:
    """Print tables, seconds and peak memory as measured, and seconds as simulated; draw the first one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings", nargs="*", type=int, default=[1_000_000, 4_000_000, 16_000_000, 32_000_000])
    parser.add_argument("--films", type=int, default=5_000, help="so many of the most rated films (5000)")
    parser.add_argument("--memory", default="2GB", help="of each worker (2GB)")
    parser.add_argument("--figure", type=Path, help="a file for the figure, such as docs/scaling.png")
    options = parser.parse_args()
    base, rows = _likes(options.films), []
    print("| ratings | films | one process | 1 worker | its peak | 2 workers | peak of each |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for ratings in options.ratings:
        X = sparse.vstack([base] * max(1, round(ratings / base.nnz)), format="csr")
        with timer() as alone:
            expected = gram(X)
        row = {"ratings": X.nnz, "one process": alone.seconds, **_on_workers(X, options.memory, expected)}
        rows.append(row)
        cells = (
            f"{X.nnz:,} | {X.shape[1]:,} | {row['one process']:.1f} s | {row['1 worker']:.1f} s | "
            f"{row['MB of 1']:,.0f} MB | {row['2 workers']:.1f} s | {row['MB of 2']:,.0f} MB"
        )
        print(f"| {cells} |", flush=True)
    names = [f"{n_workers} worker{'s' * (n_workers > 1)}" for n_workers in SIMULATED]
    print(f"\n| ratings, seconds simulated | {' | '.join(names)} |")
    print(f"|---|{'---|' * len(SIMULATED)}")
    for row in rows:
        seconds = [f"{simulate(row['measured'], n_workers):.1f}" for n_workers in SIMULATED]
        print(f"| {row['ratings']:,} | {' | '.join(seconds)} |")
    if options.figure:
        _draw(pd.DataFrame(rows), options.figure)


def _on_workers(X: sparse.csr_matrix, memory: str, expected: np.ndarray) -> dict[str, Any]:
    """Seconds and peak megabytes with one worker and with two, and what the simulation takes."""
    row: dict[str, Any] = {}
    for n_workers, name in ((1, "1 worker"), (2, "2 workers")):
        with using(None, n_workers, memory, lambda _: None):
            client = connection.client()
            client.run(_import_models)
            with timer() as there:
                same = np.array_equal(gram(X), expected)
            assert same, "sums of whole numbers must be equal"
            row |= {name: there.seconds, f"MB of {n_workers}": max(client.run(peak_mb).values())}
            if n_workers == 1:
                row["measured"] = measure(client, X, tile_bytes())
            client.close()
    return row


def _draw(rows: pd.DataFrame, path: Path) -> None:
    """Seconds and memory against the number of ratings, both axes logarithmic."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for name, style in (("one process", "C0o-"), ("1 worker", "C1s-"), ("2 workers", "C2^-")):
        left.loglog(rows["ratings"], rows[name], style, label=name)
    for name, style in (("1", "C1s-"), ("2", "C2^-")):
        right.semilogx(rows["ratings"], rows[f"MB of {name}"], style, label=f"one of {name}")
    right.set_ylim(bottom=0)
    for axes, title in ((left, "seconds of the Gram matrix"), (right, "peak megabytes of a worker")):
        axes.set(title=title, xlabel="ratings")
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def _import_models() -> None:
    import cinematch_lib.models.gram  # noqa: F401 what it takes is not part of the time


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

"""Time and memory of learning from ratings, each step in its own process: a part of ``make bench``."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.memory import peak_mb
from benchmarks.ratings import write_ratings

MAX_FILMS, MAX_WEIGHTS = 20_000, 200  # films with weights, and weights kept for each
ROWS, FEW_ROWS = 32_000_204, 1_000_000


def read(work: Path) -> float:
    """Reading ratings.csv."""
    from cinematch_lib.data.movielens import read_ratings

    began = time.perf_counter()
    read_ratings(work)
    return time.perf_counter() - began


def rows(work: Path) -> float:
    """Building the training matrix."""
    from cinematch_lib.models.ease import most_rated
    from cinematch_lib.models.training_matrix import TrainingMatrix

    train = _interactions(work)
    began = time.perf_counter()
    made = TrainingMatrix.from_interactions(train).select(most_rated(train, MAX_FILMS))
    X = sparse.vstack([made.histories, made.sessions], format="csr")
    took = time.perf_counter() - began
    sparse.save_npz(work / "rows.npz", X, compressed=False)
    sparse.save_npz(work / "likes.npz", train.likes, compressed=False)
    return took


def gram(work: Path) -> float:
    """Gram matrix."""
    from cinematch_lib.models.gram import gram

    X = sparse.csr_matrix(sparse.load_npz(work / "rows.npz"))
    began = time.perf_counter()
    made = gram(X)
    took = time.perf_counter() - began
    made[np.diag_indices_from(made)] *= 1.3
    made[np.diag_indices_from(made)] += 500
    np.save(work / "gram.npy", made)
    return took


def gram_by_scipy(work: Path) -> float:
    """Gram matrix by ``(X.T @ X).toarray()``."""
    X = sparse.csr_matrix(sparse.load_npz(work / "rows.npz"))
    began = time.perf_counter()
    (X.T @ X).toarray()
    return time.perf_counter() - began


def solve(work: Path) -> float:
    """Inverse."""
    from cinematch_lib.models.positive_definite import inverse

    matrix = np.load(work / "gram.npy")
    began = time.perf_counter()
    inverse(matrix)
    return time.perf_counter() - began


def whole(work: Path) -> tuple[float, float]:
    """The whole hybrid with tuning; pruning to 200 weights a film."""
    from cinematch_lib.data.movielens import read_movies, read_ratings
    from cinematch_lib.models import make

    table, films = read_ratings(work), read_movies(work)
    began = time.perf_counter()
    model = make("hybrid", max_films=MAX_FILMS).fit(table, films)
    fitted = time.perf_counter()
    model.item_weights(MAX_WEIGHTS)
    return fitted - began, time.perf_counter() - fitted


def als_64(work: Path) -> float:
    """ALS of implicit, 64 factors, 15 iterations, likes only."""
    return _als(work, 64)


def als_256(work: Path) -> float:
    """ALS of implicit, 256 factors, 15 iterations, likes only."""
    return _als(work, 256)


def _interactions(work: Path):  # noqa: ANN202 - imported here, so that `read` is measured without it
    from cinematch_lib.data.movielens import read_ratings
    from cinematch_lib.models.interactions import Interactions

    films = np.sort(pd.read_csv(work / "movies.csv")["movieId"].to_numpy())
    return Interactions.from_ratings(read_ratings(work), films)


def _als(work: Path, factors: int) -> float:
    from implicit.als import AlternatingLeastSquares

    likes = sparse.csr_matrix(sparse.load_npz(work / "likes.npz"))
    began = time.perf_counter()
    AlternatingLeastSquares(factors, regularization=30, alpha=5, random_state=0, num_threads=os.cpu_count()).fit(
        likes, show_progress=False
    )
    return time.perf_counter() - began


STEPS: dict[str, Callable[[Path], float | tuple[float, float]]] = {
    one.__name__: one for one in (read, rows, gram, gram_by_scipy, solve, whole, als_64, als_256)
}


def measure(folder: Path, work: Path, *, real: bool) -> None:
    """Generate ratings of the films in `folder`, run each step once and print a table."""
    work.mkdir()
    (work / "movies.csv").write_bytes((folder / "movies.csv").read_bytes())
    (work / "links.csv").write_bytes((folder / "links.csv").read_bytes())
    films = pd.read_csv(folder / "movies.csv")["movieId"].to_numpy()
    write_ratings(work / "ratings.csv", films, ROWS if real else FEW_ROWS)
    with (work / "ratings.csv").open("rb") as file:
        size = sum(1 for _ in file) - 1
    print(f"\nLearning from {size:,} random ratings of the {len(films):,} films of {folder.name},")
    print(f"at most {min(MAX_FILMS, len(films)):,} of them with weights; one run of each step.\n")
    print("| step | time | peak memory |\n|---|---|---|")
    for name, step in STEPS.items():
        took = _in_a_process(name, work)
        for what, seconds in zip(
            step.__doc__.strip().rstrip(".").split("; "), np.atleast_1d(took["seconds"]), strict=True
        ):
            print(f"| {what} | {seconds:.1f} s | {took['peak_mb'] / 1000:.1f} GB |", flush=True)


def _in_a_process(name: str, work: Path) -> dict[str, float]:
    blas = {"OPENBLAS_NUM_THREADS": "1"} if name.startswith("als") else {}
    command = [sys.executable, "-m", "benchmarks.learning", name, str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | blas)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


if __name__ == "__main__":
    print(json.dumps({"seconds": STEPS[sys.argv[1]](Path(sys.argv[2])), "peak_mb": peak_mb()}))

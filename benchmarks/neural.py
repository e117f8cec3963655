"""Neural models, tuned as the others are: ``python -m benchmarks.neural SET``, with the sets of `benchmarks.quality`.

The folds, the test users and the metrics are those of `quality`. Each model has eight candidates, which are compared on
the validation users by nDCG@10, trained for at most 150 epochs and stopped when nothing is gained for 30. Half of the
candidates have the low ratings of a user as a second channel of the input. By the number of known likes, the models
have no popularity prior; a candidate trained with a dropout of 0.8 is the one for one to five likes.

Training needs JAX, which is no dependency of the library: ``pip install --require-hashes -r
benchmarks/neural.lock``. A machine with an accelerator need not have the library: ``--export FILE`` writes the
folds, ``python benchmarks/neural_training.py FILE LISTS`` trains and ranks there, and ``--lists LISTS`` measures.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.quality import METRIC, SEED, SETS, read_tables
from cinematch_lib.evaluation import accuracy, interval, make_protocol
from cinematch_lib.evaluation.cold_start import KnownLikes
from cinematch_lib.evaluation.protocols import Fold, Protocol
from cinematch_lib.models.content import film_features
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.short_histories import reduced

NUMBERS, K = (1, 2, 3, 5, 10, 20), 20
_FEATURES = 128


def main() -> None:
    """Export, train and measure, or one of these."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=SETS)
    parser.add_argument("--export", type=Path, help="write the folds and stop")
    parser.add_argument("--lists", type=Path, nargs="+", help="measure the lists that neural_training made elsewhere")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        protocol = make_protocol(*read_tables(given.dataset, Path(work)), seed=SEED)
        known = [KnownLikes.choose(fold.split, NUMBERS, SEED) for fold in protocol.folds]
        folds, lists = given.export or Path(work) / "folds.npz", given.lists or [Path(work) / "lists.npz"]
        if not given.lists:
            export(protocol, known, folds)
        if given.export:
            return
        if not given.lists:
            training = Path(__file__).with_name("neural_training.py")
            subprocess.run([sys.executable, training, folds, *lists], check=True)
        print_results(protocol, known, lists)


def export(protocol: Protocol, known: list[KnownLikes], path: Path) -> None:
    """Write, for the validation fold and each test fold, training and query matrices as one npz file.

    Matrices are CSR with stars as values; their columns are the films of the fold's catalog by id.
    """
    arrays: dict[str, np.ndarray] = {}
    for number, fold in enumerate([protocol.validation, *protocol.folds]):
        films = np.sort(fold.catalog["movieId"].to_numpy(dtype=np.int64))
        tables = {"train": fold.split.train, "query": fold.split.histories}
        if number == 0:
            tables["held_out"] = fold.split.held_out
        else:
            of = known[number - 1]
            tables |= {f"known_{n}": of.likes[of.likes["position"] < n] for n in of.numbers}
            tables["known_rated"] = of.rated
        users = {"train": None, "known": known[number - 1].users if number else None}
        for name, table in tables.items():
            chosen = users.get(name.partition("_")[0], fold.split.users)
            matrix = Interactions.from_ratings(table, films, chosen).ratings
            arrays |= _entries(f"{number}_{name}", matrix)
        arrays[f"{number}_features"] = _reduced(fold)
    np.savez_compressed(path, **arrays)


def _entries(name: str, matrix: sparse.csr_matrix) -> dict[str, np.ndarray]:
    parts = {"data": matrix.data.astype(np.float16), "indices": matrix.indices.astype(np.int32)}
    parts |= {"indptr": matrix.indptr.astype(np.int64), "shape": np.array(matrix.shape)}
    return {f"{name}_{part}": values for part, values in parts.items()}


def _reduced(fold: Fold) -> np.ndarray:
    """The films' features by truncated singular value decomposition: float32 (films, at most 128)."""
    features = film_features(fold.catalog.sort_values("movieId", ignore_index=True))
    return reduced(features, SEED, _FEATURES).astype(np.float32)


def print_results(protocol: Protocol, known: list[KnownLikes], paths: Sequence[Path]) -> None:
    """Print the chosen candidates, and nDCG@10 and Recall@20 for whole histories and by the number of known likes."""
    arrays: dict[str, np.ndarray] = {}
    chosen: dict[str, Any] = {}
    print(protocol.description)
    for path in paths:
        with np.load(path) as file:
            arrays |= dict(file)
        report = json.loads(str(arrays["report"]))
        chosen |= report["chosen"]
        for name, values in report["chosen"].items():
            print(f"{name}: {values}, {report['seconds']:.0f} s on {report['device']}")
    head = ["model", "nDCG@10", "Recall@20", *(f"{n} known" for n in NUMBERS)]
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for model in chosen:
        whole = pd.concat(
            accuracy(_table(fold, arrays[f"{number}_{model}_query"], fold.split.users), fold.split.held_out, [10, K])
            for number, fold in enumerate(protocol.folds, start=1)
        )
        cells = [str(interval(whole[metric])) for metric in (METRIC, f"recall@{K}")]
        for n in NUMBERS:
            parts = [
                accuracy(_table(fold, arrays[key], of.users), _held_out_of(fold, of), [10])[METRIC]
                for number, (fold, of) in enumerate(zip(protocol.folds, known, strict=True), start=1)
                if (key := f"{number}_{model}_known_{n}") in arrays
            ]
            cells.append(f"{pd.concat(parts).mean():.3f}" if parts else "")
        print(f"| {model} | {' | '.join(cells)} |")


def _held_out_of(fold: Fold, known: KnownLikes) -> pd.DataFrame:
    return fold.split.held_out[fold.split.held_out["userId"].isin(known.users)]


def _table(fold: Fold, columns: np.ndarray, users: np.ndarray) -> pd.DataFrame:
    """Lists as a table `userId, movieId, rank` from the films' columns, int (users, K), −1 where a list ends."""
    films = np.sort(fold.catalog["movieId"].to_numpy(dtype=np.int64))
    row, place = np.nonzero(columns >= 0)
    return pd.DataFrame({"userId": users[row], "movieId": films[columns[row, place]], "rank": place + 1})


if __name__ == "__main__":
    main()

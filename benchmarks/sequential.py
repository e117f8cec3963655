"""The last film of each user, found from all before it: ``python -m benchmarks.sequential SET``, as in `quality`.

All films that the user has not rated before are ranked, whatever the stars, as in Petrov and Macdonald 2022 (doi
10.1145/3523227.3548487). Beside models that ignore the order of a history stand EASE on histories whose last films
count more, and SASRec, a transformer (`benchmarks.sasrec`) with eight candidates, which are compared by the last film
but one. Many people rate a page of films that MovieLens shows them, in its order, which such models learn too.

SASRec needs JAX (``pip install --require-hashes -r benchmarks/neural.lock``). A machine with an accelerator need not
have the library: ``--export FILE`` writes the sequences, ``python benchmarks/sasrec.py FILE LISTS`` trains there, and
``--lists LISTS`` measures.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.published import K, last_films_first
from benchmarks.quality import SETS, read_tables
from cinematch_lib.evaluation import accuracy, interval, leave_last_out
from cinematch_lib.models import make

_PENALTIES = (30, 100, 300)


def main() -> None:
    """Export, train and measure, or one of these."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=SETS)
    parser.add_argument("--export", type=Path, help="write the sequences and stop")
    parser.add_argument("--lists", type=Path, help="measure the lists that sasrec made elsewhere")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        ratings, films, _ = read_tables(given.dataset, Path(work))
        if "timestamp" not in ratings:
            raise SystemExit(f"{given.dataset} has no times")
        train, held_out = split(ratings)
        sequences, lists = given.export or Path(work) / "sequences.npz", given.lists or Path(work) / "lists.npz"
        if not given.lists:
            export(train, sequences)
        if given.export:
            return
        if not given.lists:
            subprocess.run([sys.executable, Path(__file__).with_name("sasrec.py"), sequences, lists], check=True)
        print_results(train, held_out, films, lists)


def split(ratings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ratings in the order of users and times, and the last of each user."""
    table = ratings.rename(columns={"userId": "user", "movieId": "item", "timestamp": "time"})
    parts = leave_last_out(table.sort_values(["user", "time"], kind="stable"))
    names = {"user": "userId", "item": "movieId", "time": "timestamp"}
    return parts.train.rename(columns=names), parts.held_out.rename(columns=names)


def export(train: pd.DataFrame, path: Path) -> None:
    """Write the films of each user in order: their numbers, one user after another, and where each user's end."""
    films, numbers = np.unique(train["movieId"], return_inverse=True)
    ends = train.groupby("userId").size().cumsum().to_numpy()
    np.savez_compressed(path, films=numbers.astype(np.int32), ends=ends, n_films=np.array(len(films)))


def print_results(train: pd.DataFrame, held_out: pd.DataFrame, films: pd.DataFrame, path: Path) -> None:
    """Print nDCG@10 and Recall@10 of each model."""
    with np.load(path) as file:
        of_users, report = file["films"], json.loads(str(file["report"]))
    print(f"{len(held_out):,} users; SASRec: {report['chosen']}, {report['seconds']:.0f} s on {report['device']}")
    implicit = train.assign(rating=5.0)
    lists = {"popular": make("popular").fit(implicit, films).recommend(implicit, K)}
    for penalty in _PENALTIES:
        lists[f"EASE, λ {penalty}"] = make("ease", regularization=penalty).fit(implicit, films).recommend(implicit, K)
        lists[f"EASE, λ {penalty}, the last films count more"] = last_films_first(implicit, penalty)
    lists["hybrid"] = make("hybrid").fit(train, films).recommend(train, K)
    lists["SASRec"] = _table(of_users, train)
    print(f"\n| model | nDCG@{K} | Recall@{K} |\n|---|---|---|")
    for name, table in lists.items():
        found = accuracy(table, held_out, [K])
        print(f"| {name} | {interval(found[f'ndcg@{K}'])} | {interval(found[f'recall@{K}'])} |")


def _table(of_users: np.ndarray, train: pd.DataFrame) -> pd.DataFrame:
    """Lists as a table `userId, movieId, rank` from the numbers of films, int (users, K)."""
    users, films = np.unique(train["userId"]), np.unique(train["movieId"])
    row, place = np.indices(of_users.shape).reshape(2, -1)
    return pd.DataFrame({"userId": users[row], "movieId": films[of_users[row, place]], "rank": place + 1})


if __name__ == "__main__":
    main()

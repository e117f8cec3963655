"""What the caps on genres and series cost: ``python -m benchmarks.caps sample``, or another data set of `quality`.

Printed is nDCG of what is served, in lists of 10 and of 20 films, for whole histories and for three likes, without and
with the caps, and how many films of a list share its commonest genre.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.quality import SEED, read_tables
from cinematch_lib import Recommendations, Recommender
from cinematch_lib.evaluation import accuracy, difference, make_protocol
from cinematch_lib.evaluation.served import Serve, preferences_from
from cinematch_lib.models import make

LENGTHS = (10, 20)
FEW = 3  # likes of the shorter histories
# Values near those that `train` chooses on the sample, so that each fold is one fit.
FIXED = {"regularization": 130.0, "dropout": 0.15, "session_weight": 0.7, "year_weight": 0.0, "content_weight": 0.35}


def main() -> None:
    """Measure on one data set and print a table."""
    name = sys.argv[1] if len(sys.argv) > 1 else "sample"
    with tempfile.TemporaryDirectory() as work:
        ratings, films, tags = read_tables(name, Path(work))
    protocol = make_protocol(ratings, films, tags, seed=SEED)
    print(protocol.description)
    values: dict[tuple[str, int, bool], list[pd.DataFrame]] = {}
    for fold in protocol.folds:
        recommender = Serve({}, weights_per_film=240)(fold, make("hybrid", **FIXED).fit(fold.split.train, fold.catalog))
        for known, histories in (("all", fold.split.histories), (f"{FEW} likes", _few(fold.split.histories))):
            for k in LENGTHS:
                for capped in (False, True):
                    measured = _measure(recommender, histories, fold.split.held_out, k, capped)
                    values.setdefault((known, k, capped), []).append(measured)
    tables = {key: pd.concat(parts) for key, parts in values.items()}
    print("\n| known | films | nDCG | with caps | difference | commonest genre | with caps |")
    print(f"|{'---|' * 7}")
    for known, k, _ in list(tables)[::2]:
        free, capped = tables[known, k, False], tables[known, k, True]
        by = difference(capped["ndcg"], free["ndcg"])
        cells = [f"{free['ndcg'].mean():.4f}", f"{capped['ndcg'].mean():.4f}"]
        cells += [f"{by.mean:+.4f} [{by.low:+.4f}, {by.high:+.4f}]"]
        cells += [f"{free['genre'].mean():.1f}", f"{capped['genre'].mean():.1f}"]
        print(f"| {known} | {k} | {' | '.join(cells)} |")


def _few(histories: pd.DataFrame) -> pd.DataFrame:
    """The last likes of each user, at most FEW."""
    likes = histories[histories["rating"] >= 4]
    return likes.groupby("userId").tail(FEW)


def _measure(
    recommender: Recommender, histories: pd.DataFrame, held_out: pd.DataFrame, k: int, capped: bool
) -> pd.DataFrame:
    """For each user the `ndcg` of a list of `k` films, and its number of films of the commonest genre, `genre`."""
    rows, genres = [], {}
    for user, history in histories[histories["movieId"].isin(recommender.movie_ids)].groupby("userId"):
        found = recommender.recommend(preferences_from(history, "stars"), k, capped=capped)
        rows += [(user, one.movie_id, one.rank, one.score) for one in found]
        genres[user] = _commonest(found)
    lists = pd.DataFrame(rows, columns=["userId", "movieId", "rank", "score"])
    measured = accuracy(lists, held_out, [k])
    return pd.DataFrame(
        {"ndcg": measured[f"ndcg@{k}"], "genre": measured.index.map(genres).astype(np.float64)}, index=measured.index
    )


def _commonest(found: Recommendations) -> int:
    counts = Counter(genre for one in found for genre in one.movie.genres)
    return max(counts.values(), default=0)


if __name__ == "__main__":
    main()

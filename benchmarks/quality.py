"""Compare the hybrid with tuned baselines on three real data sets: ``python -m benchmarks.quality sample`` and so on.

``sample`` is in the package; ``ml-2023-subset`` and ``ml-32m-ratings`` (films from ``ml-32m``) are read from the folder
that ``CINEMATCH_REAL_DATA`` names. Rows "on weighted ratings" are the same models trained on the
hybrid's input, which shows how much of its lead is due to that input.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from cinematch_lib import models
from cinematch_lib.catalog import cleaning
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data import fetch, movielens
from cinematch_lib.data.tmdb import find_metadata
from cinematch_lib.evaluation import accuracy, difference, folds_by_users, interval, search, split_by_users
from cinematch_lib.evaluation.splits import Split
from cinematch_lib.features import with_tags

SEED, VALIDATION_SEED = 20271, 733
METRICS = ("ndcg@10", "recall@20")
# Number of test users; None for five-fold cross-validation.
SETS: Mapping[str, int | None] = {"sample": None, "ml-2023-subset": 500, "ml-32m-ratings": 1000}
_EASE = [{"regularization": value} for value in (30.0, 60.0, 100.0, 150.0, 220.0, 330.0, 500.0, 1000.0)]
# Factors, regularization and alpha: eight for each data set, near the best of earlier searches.
_ALS = {
    "sample": "32 10 5, 64 10 5, 64 30 5, 128 10 5, 128 30 5, 64 30 10, 128 60 10, 64 10 2",
    "ml-2023-subset": "64 30 5, 128 30 5, 128 60 5, 256 30 5, 256 50 5, 128 60 10, 256 15 2, 128 15 2",
    "ml-32m-ratings": "32 30 5, 64 10 5, 64 30 5, 64 60 5, 128 30 5, 128 60 5, 64 100 10, 128 100 10",
}


def main() -> None:
    """Evaluate on one data set and print a table."""
    name = sys.argv[1] if len(sys.argv) > 1 else "sample"
    if name not in SETS:
        raise SystemExit(f"the data sets are {', '.join(SETS)}, got {name}")
    with tempfile.TemporaryDirectory() as work:
        ratings, films = _tables(name, Path(work))
    values: dict[str, list[pd.DataFrame]] = {}
    for split in _splits(name, ratings):
        validation = split_by_users(split.train, min(500, split.train["userId"].nunique() // 5), seed=VALIDATION_SEED)
        for label, model, candidates in _models(name):
            chosen, _ = search(model, validation, films, candidates)
            lists = models.make(model, **chosen).fit(split.train, films).recommend(split.histories, 20)
            values.setdefault(label, []).append(accuracy(lists, split.held_out))
            print(f"{label}: {chosen}", file=sys.stderr)
    _print({label: pd.concat(parts) for label, parts in values.items()})


def _tables(name: str, work: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The ratings, and all films that are rated or in the cleaned catalog."""
    real = os.environ.get("CINEMATCH_REAL_DATA")
    if not real and name != "sample":
        raise SystemExit(f"{name} is read from the folder that CINEMATCH_REAL_DATA names; set it")
    raw = work if name == "sample" else Path(real)
    folder = fetch("ml-32m" if name == "ml-32m-ratings" else name, raw)
    metadata = find_metadata(raw, name) if name == "sample" else None
    cleaning.clean(folder, work / "clean", metadata_path=metadata, filters=Filters())
    films = with_tags(cleaning.read_catalog(work / "clean"), movielens.read_tags(folder))
    if name == "ml-32m-ratings":
        ratings = pd.read_parquet(raw / name / "ratings.parquet")
        films = films[films["movieId"].isin(ratings["movieId"])]
    else:
        ratings = movielens.read_ratings(folder)
    rest = movielens.read_movies(folder)[["movieId", "title"]].astype({"movieId": "int64"})
    rest = rest[rest["movieId"].isin(ratings["movieId"]) & ~rest["movieId"].isin(films["movieId"])]
    films = pd.concat([films, rest], ignore_index=True)
    texts = films.columns[films.dtypes == "str"]
    return ratings, films.fillna(dict.fromkeys(texts, ""))


def _splits(name: str, ratings: pd.DataFrame) -> Iterator[Split]:
    users = SETS[name]
    if users is None:
        yield from folds_by_users(ratings, 5, seed=SEED)
    else:
        yield split_by_users(ratings, users, seed=SEED)


def _models(name: str) -> Iterator[tuple[str, str, Sequence[Mapping[str, object]]]]:
    als = [
        {"factors": int(factors), "regularization": float(regularization), "alpha": float(alpha)}
        for factors, regularization, alpha in (one.split() for one in _ALS[name].split(", "))
    ]
    yield "hybrid", "hybrid", [{}]
    for model, candidates in (("ease", _EASE), ("als", als)):
        yield model, model, candidates
        yield f"{model} on weighted ratings", model, [one | {"weighted_ratings": True} for one in candidates]
    yield "popular", "popular", [{}]


def _print(values: Mapping[str, pd.DataFrame]) -> None:
    hybrid = values["hybrid"]
    print(f"\n{len(hybrid):,} test users; 95 % intervals by bootstrap over users.\n")
    print("| model | nDCG@10 | Recall@20 | hybrid minus model in nDCG@10 | in Recall@20 |\n|---|---|---|---|---|")
    for label in sorted(values, key=lambda one: -values[one][METRICS[0]].mean()):
        of = values[label]
        means = [str(interval(of[metric])) for metric in METRICS]
        differences = ["" if of is hybrid else _relative_difference(hybrid[metric], of[metric]) for metric in METRICS]
        print(f"| {' | '.join([label, *means, *differences])} |")


def _relative_difference(hybrid: pd.Series, other: pd.Series) -> str:
    by, mean = difference(hybrid, other), other.mean()
    return f"{by.mean / mean:+.1%} [{by.low / mean:+.1%}, {by.high / mean:+.1%}]"


if __name__ == "__main__":
    main()

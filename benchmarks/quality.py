"""Compare what is served with tuned models on real data: ``python -m benchmarks.quality sample`` and so on.

``sample`` is in the package; ``ml-2023-subset`` and ``ml-32m-ratings`` (films from ``ml-32m``) are read from the folder
that ``CINEMATCH_REAL_DATA`` names, with its table of TMDb's facts. Printed are nDCG@10 and Recall@20 for whole
histories, and nDCG@10 by the number of known likes, where the other models have the popularity prior that serves them
best on held-out users. EASE "on weighted ratings" is trained on the hybrid's input, which shows how much is due to it.
"""

import os
import sys
import tempfile
from pathlib import Path

import pandas as pd

from cinematch_lib.catalog import cleaning
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data import fetch, movielens
from cinematch_lib.data.tmdb import find_metadata
from cinematch_lib.evaluation import accuracy, compare_models, difference, interval, make_protocol, search
from cinematch_lib.evaluation.compare import HYBRID, SERVED, SERVED_BY_INPUTS, Comparison
from cinematch_lib.evaluation.report import model_label
from cinematch_lib.evaluation.served import Serve
from cinematch_lib.features import with_tags
from cinematch_lib.models import make
from cinematch_lib.models.training import training_ratings

SEED = 20271
SETS = ("sample", "ml-2023-subset", "ml-32m-ratings")
PEERS = ("popular", "itemknn", "userknn", "puresvd", "ease", "als")
METRIC = "ndcg@10"


def main() -> None:
    """Evaluate on one data set and print two tables."""
    name = named_set()
    with tempfile.TemporaryDirectory() as work:
        ratings, films, tags = read_tables(name, Path(work))
    protocol = make_protocol(ratings, films, tags, seed=SEED)
    print(protocol.description)
    serve = Serve({}, weights_per_film=240)
    result = compare_models(protocol, [*PEERS, HYBRID], [10, 20], serve=serve, cold_users=True)
    values = {name: one.values for name, one in result.results.items()}
    values["ease on weighted ratings"] = _weighted_ease(result)
    _print_whole_histories(values, result.baselines[0])
    _print_known_likes(result)


def named_set() -> str:
    """The data set that the command names; the sample if it names none."""
    name = sys.argv[1] if len(sys.argv) > 1 else "sample"
    if name not in SETS:
        raise SystemExit(f"the data sets are {', '.join(SETS)}, got {name}")
    return name


def read_tables(name: str, work: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]:
    """The ratings of films of the cleaned catalog, that catalog, and the tags."""
    real = os.environ.get("CINEMATCH_REAL_DATA")
    if not real and name != "sample":
        raise SystemExit(f"{name} is read from the folder that CINEMATCH_REAL_DATA names; set it")
    raw = work if name == "sample" else Path(real)
    folder = fetch("ml-32m" if name == "ml-32m-ratings" else name, raw)
    cleaning.clean(folder, work / "clean", metadata_path=find_metadata(raw, name), filters=Filters())
    films, tags = cleaning.read_catalog(work / "clean"), None
    if name == "ml-32m-ratings":
        ratings = pd.read_parquet(raw / name / "ratings.parquet")
        films = films[films["movieId"].isin(ratings["movieId"])].reset_index(drop=True)
    else:
        ratings, tags = movielens.read_ratings(folder), movielens.read_tags(folder)
    return training_ratings(ratings, films, name), films if tags is None else with_tags(films, None), tags


def _weighted_ease(result: Comparison) -> pd.DataFrame:
    """The accuracy of EASE on the hybrid's rating weights, tuned as the other models are."""
    protocol, parts = result.protocol, []
    candidates = [
        {"regularization": value, "weighted_ratings": True} for value in (30, 60, 100, 150, 220, 330, 500, 1000)
    ]
    chosen, _ = search("ease", protocol.validation.split, protocol.validation.catalog, candidates)
    for fold in protocol.folds:
        model = make("ease", **chosen).fit(fold.split.train, fold.catalog)
        lists = model.recommend(fold.split.histories, 20, users=fold.split.users)
        parts.append(accuracy(lists, fold.split.held_out, [10, 20]))
    return pd.concat(parts).sort_index()


def _print_whole_histories(values: dict[str, pd.DataFrame], best: str) -> None:
    print(f"\n{len(values[best]):,} test users, whole histories; 95 % intervals by bootstrap over users.\n")
    print(f"| model | nDCG@10 | Recall@20 | nDCG@10 relative to {model_label(best)} |\n|---|---|---|---|")
    for name in sorted(values, key=lambda one: -values[one][METRIC].mean()):
        cells = [model_label(name), *(str(interval(values[name][metric])) for metric in (METRIC, "recall@20"))]
        print(f"| {' | '.join([*cells, _ratio(values[name][METRIC], values[best][METRIC])])} |")


def _print_known_likes(result: Comparison) -> None:
    """nDCG@10 by the number of known likes, and what is served relative to the best of the peers at each."""
    measured = result.cold_users
    numbers = [number for number in measured[SERVED] if number]
    print(f"\n{len(measured[SERVED]):,} users by the number of known likes, {METRIC}.\n")
    print(f"| model | {' | '.join(map(str, numbers))} |\n|{'---|' * (len(numbers) + 1)}")
    for name, values in measured.items():
        print(f"| {model_label(name)} | {' | '.join(f'{values[number].mean():.3f}' for number in numbers)} |")
    peers = [name for name in measured if name not in (HYBRID, *SERVED_BY_INPUTS.values())]
    ratios = []
    for number in numbers:
        best = max(peers, key=lambda name: measured[name][number].mean())
        ratios.append(_ratio(measured[SERVED][number], measured[best][number]))
    print(f"| served, relative to the best other | {' | '.join(ratios)} |")


def _ratio(values: pd.Series, other: pd.Series) -> str:
    by, mean = difference(values, other), other.mean()
    return f"{1 + by.mean / mean:.3f} [{1 + by.low / mean:.3f}, {1 + by.high / mean:.3f}]"


if __name__ == "__main__":
    main()

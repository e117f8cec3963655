"""Our metrics beside those of ranx and pytrec_eval on a million rows: ``python -m benchmarks.trec [ROWS]``.

The lists are drawn by chance, 100 items for each user, and 10 items a user are relevant. Every metric must agree for
every user to 1e-9; the time is that from the tables to the values, and CPU seconds stand beside it. ranx compiles its
functions in a first call, which is not counted. Both are no dependencies of the library: ``pip install --require-hashes
-r benchmarks/trec.lock``, in an environment with the library.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from cinematch_lib.evaluation import evaluate_table

LENGTH, RELEVANT, ITEMS = 100, 10, 20_000
KS = (10, 20, 100)
# By our name: pytrec_eval's. ranx has ours. trec_eval's MAP divides by the number of relevant items, ours by at most k.
METRICS = {f"ndcg@{k}": f"ndcg_cut_{k}" for k in KS} | {f"recall@{k}": f"recall_{k}" for k in KS}
METRICS |= {f"precision@{k}": f"P_{k}" for k in KS} | {f"mrr@{LENGTH}": "recip_rank"}


def main() -> None:
    """Draw tables, measure with all three, compare, and print."""
    lists, held_out = tables(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    print(f"{len(lists):,} rows, {held_out['user'].nunique():,} users, {len(METRICS)} metrics\n")
    with_ranx(*(one[one["user"].isin(held_out["user"].unique()[:10])] for one in (lists, held_out)))
    ours = None
    print("| library | seconds | CPU seconds | greatest difference |\n|---|---|---|---|")
    for name, measure in (("cinematch_lib", with_ours), ("ranx", with_ranx), ("pytrec_eval", with_pytrec_eval)):
        values, wall, cpu = timed(measure, lists, held_out)
        ours = values if ours is None else ours
        difference = float((values.loc[ours.index, list(METRICS)] - ours).abs().to_numpy().max())
        if not difference <= 1e-9:
            raise SystemExit(f"{name} differs by {difference:g}")
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {difference:.1e} |")


def tables(rows: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lists, `user`, `item`, `score`, and relevant items, `user`, `item`; ids are text, as those of TREC are."""
    rng = np.random.default_rng(seed)
    users = np.array([f"u{number:07}" for number in range(rows // LENGTH)])
    # Different items for each user: a random start and a step that shares no factor with the number of items.
    starts, steps = rng.integers(ITEMS, size=len(users)), 2 * rng.integers(1, 500, size=len(users)) * 5 + 1
    items = (starts[:, None] + steps[:, None] * np.arange(LENGTH)) % ITEMS
    scores = -np.sort(-rng.random((len(users), LENGTH)), axis=1)
    lists = pd.DataFrame(
        {"user": np.repeat(users, LENGTH), "item": _names(items.ravel()), "score": scores.ravel()}
    ).drop_duplicates(["user", "item"], ignore_index=True)
    hits = np.stack([row[rng.permutation(LENGTH)[: RELEVANT // 2]] for row in items])
    others = rng.integers(ITEMS, size=(len(users), RELEVANT - RELEVANT // 2))
    relevant = pd.DataFrame({"user": np.repeat(users, RELEVANT), "item": _names(np.hstack([hits, others]).ravel())})
    return lists, relevant.drop_duplicates(ignore_index=True)


def with_ours(lists: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """The values of each user by `evaluate_table`."""
    return evaluate_table(lists, held_out, KS).by_user["model"][list(METRICS)]


def with_ranx(lists: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """The same by ranx."""
    from ranx import Qrels, Run, evaluate

    lists, held_out = lists.astype({"user": object, "item": object}), held_out.astype({"user": object, "item": object})
    run = Run.from_df(lists, q_id_col="user", doc_id_col="item", score_col="score")
    qrels = Qrels.from_df(held_out.assign(score=1), q_id_col="user", doc_id_col="item", score_col="score")
    found = evaluate(qrels, run, list(METRICS), return_mean=False)
    return pd.DataFrame(found, index=sorted(held_out["user"].unique()))


def with_pytrec_eval(lists: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """The same by pytrec_eval."""
    import pytrec_eval

    run = {user: dict(zip(rows["item"], rows["score"], strict=True)) for user, rows in lists.groupby("user")}
    qrels = {user: dict.fromkeys(rows["item"], 1) for user, rows in held_out.groupby("user")}
    found = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut", "recall", "P", "recip_rank"}).evaluate(run)
    named = {name: {user: values[of] for user, values in found.items()} for name, of in METRICS.items()}
    return pd.DataFrame(named)


def timed(
    measure: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame], *given: pd.DataFrame
) -> tuple[pd.DataFrame, float, float]:
    """What a function returns, with its seconds on the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    values = measure(*given)
    return values, time.perf_counter() - wall, time.process_time() - cpu


def _names(items: np.ndarray) -> list[str]:
    return [f"i{item}" for item in items.tolist()]


if __name__ == "__main__":
    main()

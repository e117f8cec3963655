"""Lists and relevant items in the formats of TREC, which trec_eval, pytrec_eval and ranx read and write.

A run has ``user Q0 item rank score tag`` in each line, a qrels file ``user 0 item relevance``
(https://trec.nist.gov/data/qrels_eng/). Ids are text without white space.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.list_tables import check_columns, ranks_by_score
from cinematch_lib.storage.files import write_text

_RUN, _QRELS = ["user", "q0", "item", "rank", "score", "tag"], ["user", "iteration", "item", "relevance"]


def write_run(path: Path, recommendations: pd.DataFrame, tag: str = "cinematch") -> None:
    """Write lists: `user`, `item`, and `rank` from 1 or `score`, or both.

    trec_eval orders by the score alone. Without scores, or where those do not fall with the rank, −rank is written;
    without ranks, equal scores count in the order of the table. Raises CineMatchError for missing columns or values,
    and for ids or a tag with white space.
    """
    if tag.split() != [tag]:
        raise CineMatchError(f"tag must be a word without white space, got {tag!r}")
    by_score = "rank" not in recommendations
    check_columns(recommendations, "recommendations", ["user", "item", "score" if by_score else "rank"])
    if by_score:
        ranks = ranks_by_score(pd.factorize(recommendations["user"])[0], recommendations["score"])
        recommendations = recommendations.assign(rank=ranks)
    ordered = recommendations.sort_values(["user", "rank"], kind="stable")
    scores = -ordered["rank"].astype(np.float64)
    if "score" in ordered:
        follows = ordered["user"].eq(ordered["user"].shift())
        if not (ordered["score"].diff()[follows] >= 0).any():
            scores = ordered["score"].astype(np.float64)
    lines = [
        f"{user} Q0 {item} {rank} {score!r} {tag}"
        for user, item, rank, score in zip(
            _ids(ordered, "user"), _ids(ordered, "item"), ordered["rank"].tolist(), scores.tolist(), strict=True
        )
    ]
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_run(path: Path) -> pd.DataFrame:
    """The lists of a run: `user`, `item` (text), `rank`, `score`, ranked by score as trec_eval does.

    Items of equal score are ordered by falling id, which is trec_eval's way. Raises CineMatchError.
    """
    table = _read(path, _RUN)
    table["score"] = _numbers(path, table["score"], "score")
    table = table.sort_values(["user", "score", "item"], ascending=[True, False, False], ignore_index=True)
    table["rank"] = table.groupby("user").cumcount() + 1
    return table[["user", "item", "rank", "score"]]


def write_qrels(path: Path, held_out: pd.DataFrame) -> None:
    """Write relevant items, `user` and `item`, each of relevance 1.

    Raises CineMatchError for missing columns or values, and for ids with white space.
    """
    check_columns(held_out, "held_out", ["user", "item"])
    pairs = zip(_ids(held_out, "user"), _ids(held_out, "item"), strict=True)
    write_text(path, "".join(f"{user} 0 {item} 1\n" for user, item in pairs))


def read_qrels(path: Path, least: int = 1) -> pd.DataFrame:
    """The relevant items: `user`, `item` (text), those with a relevance of at least `least`. Raises CineMatchError."""
    table = _read(path, _QRELS)
    table["relevance"] = _numbers(path, table["relevance"], "relevance")
    return table.loc[table["relevance"] >= least, ["user", "item"]].reset_index(drop=True)


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    rows, lines = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        fields = line.split()
        if fields and len(fields) != len(columns):
            raise CineMatchError(
                f"{path}, line {number}: {len(fields)} fields, and this format has {len(columns)}: {' '.join(columns)}"
            )
        if fields:
            rows.append(fields)
            lines.append(number)
    return pd.DataFrame(rows, pd.Index(lines, name="line"), columns, dtype="str")


def _numbers(path: Path, column: pd.Series, name: str) -> pd.Series:
    """The column as float64. Raises CineMatchError for the first value that is no number."""
    numbers = []
    for line, value in column.items():
        try:
            numbers.append(float(value))
        except ValueError:
            numbers.append(np.nan)
        if np.isnan(numbers[-1]):
            raise CineMatchError(f"{path}, line {line}: a {name} must be a number, got {value!r}")
    return pd.Series(numbers, column.index, dtype=np.float64)


def _ids(table: pd.DataFrame, name: str) -> list[str]:
    ids = table[name].astype(str)
    if len(wrong := ids[ids.str.contains(r"\s") | ids.eq("")]):
        raise CineMatchError(
            f"TREC's formats take no {name} with white space or without letters, got {wrong.iloc[0]!r}"
        )
    return ids.tolist()

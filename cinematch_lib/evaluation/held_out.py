"""Some of the people whom an evaluation held out: their ratings, the models' lists, and a recommender without them.

A run stores them, so that one can look at lists for people of whom nothing was learned. They are of the first fold. The
recommender is the one that the fold was evaluated with; only the rows of the films that these people rated are kept.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.embeddings import Embeddings
from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.runs import FEATURES, Run, RunRecord
from cinematch_lib.evaluation.compare import HYBRID, Comparison
from cinematch_lib.evaluation.served import FoldParts
from cinematch_lib.recommender.recommender import Recommender

RATINGS, LISTS = "held_out.csv", "held_out_lists.csv"
WEIGHTS, EMBEDDINGS = "held_out_weights.npz", "held_out_embeddings.npz"
_PEOPLE, _LOSING = 24, 12
_LENGTH = 20  # of the lists


@dataclass(frozen=True)
class HeldOut:
    """People of an evaluation.

    `ratings` has `userId, movieId, rating, hidden`: with `hidden` the likes that were to be found, else the history.
    `lists` has `userId, model, rank, movieId`. `parts` is what the first fold's recommender consists of.
    """

    ratings: pd.DataFrame
    lists: pd.DataFrame
    parts: FoldParts

    def write(self, draft: Draft) -> None:
        """Write the people into a run."""
        for name, table in ((RATINGS, self.ratings), (LISTS, self.lists)):
            draft.path(name).write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
        ids = self.parts.weights.movie_ids
        rows = np.flatnonzero(np.isin(ids, self.ratings.loc[self.ratings["hidden"] == 0, "movieId"]))
        with draft.path(WEIGHTS).open("wb") as file:
            _only_rows(self.parts.weights, rows).write(file)
        if self.parts.embeddings is not None:
            names = draft.read_features()[1]
            with draft.path(EMBEDDINGS).open("wb") as file:
                _with_features(self.parts.embeddings, self.parts.features, names).write(file)


def held_out_people(comparison: Comparison, parts: FoldParts | None) -> HeldOut | None:
    """People of the first fold: those whom the hybrid serves worse than the best other model, and others.

    The others are spread evenly over the lengths of histories. None where no recommender was evaluated, or where it
    has learned from the histories.
    """
    if parts is None or comparison.protocol.name != "users":
        return None
    split = comparison.protocol.folds[0].split
    users = chosen_people(comparison)
    tables = [
        table[table["userId"].isin(users)].assign(hidden=at)
        for at, table in enumerate((split.histories, split.held_out))
    ]
    ratings = pd.concat(tables)[["userId", "movieId", "rating", "hidden"]]
    lists = []
    for model in dict.fromkeys([*comparison.highlighted, *comparison.baselines[:1]]):
        table = comparison.results[model].lists
        of_users = table[table["userId"].isin(users) & (table["rank"] <= _LENGTH)]
        lists.append(of_users.assign(model=model)[["userId", "model", "rank", "movieId"]])
    in_order = ratings.sort_values(["userId", "hidden", "movieId"], ignore_index=True)
    return HeldOut(in_order, pd.concat(lists).sort_values(["userId", "model", "rank"], ignore_index=True), parts)


def chosen_people(comparison: Comparison) -> list[int]:
    """The ids of the people to store, ascending."""
    split, metric = comparison.protocol.folds[0].split, comparison.main_metrics[0]
    lengths = split.histories["userId"].value_counts().reindex(split.users).fillna(0)
    losing: list[int] = []
    if HYBRID in comparison.results and comparison.baselines:
        values = comparison.values(metric).reindex(split.users)
        lost = (values[HYBRID] - values[comparison.baselines[0]]).sort_values(kind="stable")
        losing = lost.index[lost < 0][:_LOSING].tolist()
    others = lengths.drop(losing).sort_values(kind="stable").index
    at = np.unique(np.linspace(0, len(others) - 1, min(_PEOPLE, len(others))).round().astype(int))
    return sorted([*losing, *others[at].tolist()])


def read_people(run: RunRecord) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """The tables `ratings` and `lists` of `HeldOut` that a run stores; None where it has none."""
    if RATINGS not in run.info.files:
        return None
    ratings, lists = (pd.read_csv(io.BytesIO(run.read_bytes(name))) for name in (RATINGS, LISTS))
    return ratings, lists


def read_recommender(run: Run) -> Recommender | None:
    """The recommender that learned nothing from a run's held-out people; None where the run stores none.

    It is for these people alone: of other films than those they rated it has no weights.
    """
    if WEIGHTS not in run.info.files:
        return None
    matrix, meta, weights = run.read_matrix(FEATURES), run.read_movies_meta(), ItemWeights.read(run.content(WEIGHTS))
    embeddings = Embeddings.read(run.content(EMBEDDINGS)) if EMBEDDINGS in run.info.files else None
    ids = meta.columns.movie_ids
    is_new = ~np.isin(ids, weights.movie_ids)  # films that were added to the run since
    if is_new.any():
        weights = weights.extended(ids)
        if embeddings is not None:
            embeddings = embeddings.extended(ids[is_new], matrix[is_new], meta.columns.years[is_new])
    return Recommender(matrix, meta, item_weights=weights, embeddings=embeddings)


def _only_rows(weights: ItemWeights, rows: np.ndarray) -> ItemWeights:
    """The weights with these rows alone; the others are empty."""
    chosen = np.zeros(len(weights), dtype=np.float32)
    chosen[rows] = 1
    matrices = []
    for matrix in weights.matrices:
        kept = sparse.csr_matrix(sparse.diags(chosen) @ matrix, dtype=np.float32)
        kept.eliminate_zeros()
        matrices.append(kept)
    return replace(weights, matrices=tuple(matrices))


def _with_features(embeddings: Embeddings, of: Sequence[str], names: Sequence[str]) -> Embeddings:
    """The embeddings with those of the features `names` in place of the features `of`; 0 for others.

    Tags of held-out people are hidden in the evaluation, so that its features may differ from the run's.
    """
    row = {name: at for at, name in enumerate(of)}
    padded = np.vstack([embeddings.feature_embeddings, np.zeros_like(embeddings.feature_embeddings[:1])])
    rows = [row.get(name, len(of)) for name in names]
    return replace(embeddings, feature_embeddings=padded[rows], history_maps=None, correction_maps=None)

"""Comparison of models under one protocol: each is tuned with the same budget, fitted and evaluated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from cinematch_lib import models
from cinematch_lib.evaluation.by_users import lists_by_users
from cinematch_lib.evaluation.cold_start import (
    KNOWN_LIKES,
    KnownLikes,
    RankFunction,
    best_priors,
    ndcg_by_known_likes,
    rank_with,
)
from cinematch_lib.evaluation.knobs import KnobCurves, knob_curves
from cinematch_lib.evaluation.metrics import accuracy, beyond_accuracy, miscalibration
from cinematch_lib.evaluation.protocols import Fold, Protocol, make_protocol
from cinematch_lib.evaluation.served import ServedRecommender
from cinematch_lib.evaluation.tuning import search
from cinematch_lib.models.hybrid import Hybrid
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.storage.resources import megabytes, threads_for, timer

HYBRID = "hybrid"
SERVED = "served"  # the recommender built from a model, by default the hybrid, which is passed the ratings of a user
SERVED_BY_INPUTS = {"stars": SERVED, "seen": "served_seen", "likes": "served_likes"}  # see `served.INPUTS`
_LIANG2018_KS = (100, 20, 50)

# Recommends k films to each of the users, given their histories: userId, movieId, rank, score.
RecommendFunction = Callable[[pd.DataFrame, np.ndarray, int], pd.DataFrame]
ServeFunction = Callable[[Fold, models.Model], Recommender]


@dataclass
class ModelResult:
    """The results of one model in all folds.

    `best_params` has one mapping for each fold in which the hyperparameters differ; `trials` are the candidates of the
    search with their metric; `values`, float64 (users, metrics), are indexed by userId; `lists` are the recommendations
    of all folds; `cold_users` is the nDCG of each user by the number of known likes, float64 (users, numbers), and
    `cold_lists` are the lists of these users (see `KnownLikes`), both None if not measured; `cost` is in seconds and
    megabytes, which vary between runs.
    """

    name: str
    best_params: list[dict[str, Any]]
    trials: pd.DataFrame
    values: pd.DataFrame
    lists: pd.DataFrame
    cold_users: pd.DataFrame | None
    cold_lists: pd.DataFrame | None
    cost: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """The results of models under a protocol, by name; `ks` are the lengths of lists.

    `knobs` are the curves of the recommender built in the first fold; None if not measured.
    """

    protocol: Protocol
    results: Mapping[str, ModelResult]
    ks: Sequence[int]
    knobs: KnobCurves | None = None

    @property
    def main_metrics(self) -> list[str]:
        """The metrics that models and runs are compared by."""
        if self.protocol.name == "liang2018":
            return ["ndcg@100", "capped_recall@20", "capped_recall@50"]
        return [f"ndcg@{self.ks[0]}", f"recall@{self.recall_k}"]

    @property
    def recall_k(self) -> int:
        """The length of list at which recall is measured."""
        return self.ks[min(1, len(self.ks) - 1)]

    @property
    def baselines(self) -> list[str]:
        """All models but the hybrid, the best by the first main metric first."""
        means = self.values(self.main_metrics[0]).mean()
        others = {HYBRID, *SERVED_BY_INPUTS.values()}
        return sorted((name for name in self.results if name not in others), key=lambda name: -means[name])

    @property
    def highlighted(self) -> list[str]:
        """The models of detailed analyses: as served, the hybrid, one's own, the best baseline, and popularity."""
        own = [name for name in self.baselines if name not in models.MODELS]
        names = dict.fromkeys([SERVED, HYBRID, *own, *self.baselines[:1], "popular"])
        return [name for name in names if name in self.results]

    @property
    def cold_users(self) -> dict[str, pd.DataFrame]:
        """NDCG of each user by the number of known likes, for each model for which it was measured."""
        measured = {name: result.cold_users for name, result in self.results.items()}
        return {name: values for name, values in measured.items() if values is not None and len(values)}

    def values(self, metric: str) -> pd.DataFrame:
        """One metric of all models: float64 (users, models)."""
        return pd.DataFrame({name: result.values[metric] for name, result in self.results.items()})


def compare_models(
    protocol: Protocol,
    names: Sequence[str],
    ks: Sequence[int],
    *,
    hybrid_params: Mapping[str, Any] | None = None,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    tune: bool = True,
    serve: ServeFunction | None = None,
    served_model: str = HYBRID,
    cold_users: bool = False,
    knobs: bool = False,
) -> Comparison:
    """Evaluate the models `names` under `protocol`, with lists of each length in `ks` (``liang2018`` has its own).

    With `tune`, every model but the hybrid gets the best of its candidates on the validation users, else its
    defaults; one named in `params` gets these. The hybrid starts from `hybrid_params` and tunes the others on some of
    its training users; with several folds once, on the data common to all. `serve` builds the recommender of a fold
    from the `served_model` fitted on it, and adds it as a model of its own. `cold_users` adds the analysis by the
    number of known likes, and `knobs` that of discovery, diversity and recency. Shows its progress on stderr. Raises as
    the models do.
    """
    for name in names:
        models.make(name)
    ks = _LIANG2018_KS if protocol.name == "liang2018" else ks
    fits, train = len(names) * len(protocol.folds), protocol.validation.split.train
    results: dict[str, ModelResult] = {}
    with (
        threads_for(len(train)),
        tqdm(total=fits, desc=protocol.name, unit=" fits", mininterval=1, leave=False) as progress,
    ):
        given = {**(params or {}), HYBRID: hybrid_params or {}}
        evaluation = _Evaluation(protocol, ks, given, tune, serve, served_model, cold_users, knobs, progress)
        for name in names:
            progress.set_postfix_str(name)
            results |= evaluation.run(name)
    return Comparison(protocol, results, ks, next(iter(evaluation.curves), None))


def compare_by_time(
    comparison: Comparison,
    ratings: pd.DataFrame,
    films: pd.DataFrame,
    tags: pd.DataFrame | None,
    date: str | float | None = None,
    **options: Any,
) -> Comparison:
    """Compare the highlighted models of `comparison` again, split by time at `date`.

    `options` are those of `compare_models`. Raises NothingToDoError if too few users are on one side of `date`, and
    CineMatchError if the ratings have no timestamps or are all on one side.
    """
    protocol = make_protocol(ratings, films, tags, name="time", date=date)
    names = [name for name in comparison.highlighted if name != SERVED]
    return compare_models(protocol, names, comparison.ks, **options)


@dataclass(frozen=True)
class _Evaluation:
    """The options of a comparison; `run` evaluates one model with them."""

    protocol: Protocol
    ks: Sequence[int]
    params: Mapping[str, Mapping[str, Any]]
    tune: bool
    serve: ServeFunction | None
    served_model: str
    cold_users: bool
    knobs: bool
    progress: "tqdm[Any]"
    curves: list[KnobCurves] = field(default_factory=list)  # none, or those of the first fold

    def run(self, name: str) -> dict[str, ModelResult]:
        """The result of a model; for the one that is served, also those of the recommender built from it."""
        with timer() as search_time:
            params, trials = self._tuned(name)
            priors = self._priors(name, params)
        folds: dict[str, list[dict[str, Any]]] = {name: []}
        for fold in self.protocol.folds:
            with timer() as fit_time:
                model = models.make(name, **params).fit(fold.split.train, fold.catalog)
            if isinstance(model, Hybrid):
                model.ages = self.protocol.by_time
            facts = {"params": dict(getattr(model, "best_params", params))}
            costs = {"fit s": fit_time.seconds, "MB": megabytes(model)}
            folds[name].append(
                facts | self._measured(_recommend_with(model), _rank_by_number(model, priors), fold, costs)
            )
            if name == self.served_model and self.serve is not None:
                with timer() as fit_time:
                    recommender = self.serve(fold, model)
                costs = {"fit s": fit_time.seconds, "MB": megabytes(recommender)}
                if self.knobs and fold is self.protocol.folds[0]:
                    self.curves.extend(one for one in [knob_curves(fold, recommender, self.ks[0])] if one)
                for inputs, one in SERVED_BY_INPUTS.items():
                    served = ServedRecommender(recommender, inputs, ages=self.protocol.by_time)
                    rank_served = served.rank if one == SERVED else None
                    folds.setdefault(one, []).append(facts | self._measured(served, rank_served, fold, costs))
            self.progress.update()
        seconds = {name: search_time.seconds}
        held_out, k = self.protocol.held_out, self.ks[0]
        return {one: _combined(one, parts, trials, seconds.get(one, 0.0), held_out, k) for one, parts in folds.items()}

    def _tuned(self, name: str) -> tuple[dict[str, Any], pd.DataFrame]:
        """The hyperparameters of a model and the trials by which they were found."""
        validation = self.protocol.validation
        if name != HYBRID:
            if not self.tune or self.params.get(name):
                return dict(self.params.get(name, {})), pd.DataFrame()
            return search(name, validation.split, validation.catalog, metric=f"ndcg@{self.ks[0]}")
        params = dict(self.params[HYBRID])
        if len(self.protocol.folds) == 1:
            return params, pd.DataFrame()  # it is tuned as it is fitted
        hybrid = Hybrid(**params).fit(validation.split.train, validation.catalog)
        return params | hybrid.best_params, pd.DataFrame(hybrid.trials)

    def _priors(self, name: str, params: Mapping[str, Any]) -> dict[int, float]:
        """The popularity prior of a baseline by the number of known likes; the hybrid has its own."""
        if not (self.cold_users and self.tune) or name in (HYBRID, "popular"):
            return {}
        validation = self.protocol.validation
        model = models.make(name, **params).fit(validation.split.train, validation.catalog)
        return best_priors(model, validation.split, self.ks[0])

    def _measured(
        self,
        recommend: RecommendFunction,
        rank: RankFunction | Mapping[int, RankFunction] | None,
        fold: Fold,
        costs: dict[str, float],
    ) -> dict[str, Any]:
        """Lists, metrics and costs of a fitted model in one fold."""
        split, k = fold.split, self.ks[0]
        cold = self.cold_users and rank is not None
        cold_lists = KnownLikes.choose(split).lists(rank, k) if cold and rank is not None else None
        with timer() as recommend_time:
            lists = recommend(split.histories, split.users, max(self.ks))
        values = accuracy(lists, split.held_out, self.ks)
        values = values.join(beyond_accuracy(lists, split.train, fold.catalog, k)).fillna(0.0)
        values = values.join(miscalibration(lists, split.histories, fold.catalog, k))
        costs = costs | {"ms a user": 1000 * recommend_time.seconds / len(split.users)}
        return {"cold_lists": cold_lists, "lists": lists, "values": values, "costs": costs}


def _rank_by_number(model: models.Model, priors: Mapping[int, float]) -> Mapping[int, RankFunction]:
    return {number: rank_with(model, priors.get(number, 0.0)) for number in KNOWN_LIKES}


def _recommend_with(model: models.Model) -> RecommendFunction:
    return lambda histories, users, k: lists_by_users(partial(_recommended, k), model, users, histories)


def _recommended(k: int, model: models.Model, users: np.ndarray, histories: pd.DataFrame) -> pd.DataFrame:
    return model.recommend(histories, min(k, len(model.films)), users=users)


def _combined(
    name: str, folds: list[dict[str, Any]], trials: pd.DataFrame, search_seconds: float, held_out: pd.DataFrame, k: int
) -> ModelResult:
    params = [fold["params"] for fold in folds]
    cold_lists = [fold["cold_lists"] for fold in folds if fold["cold_lists"] is not None]
    of_all = pd.concat(cold_lists, ignore_index=True) if cold_lists else None
    costs = pd.DataFrame([fold["costs"] for fold in folds]).mean()
    return ModelResult(
        name,
        [one for number, one in enumerate(params) if one not in params[:number]],
        trials,
        pd.concat([fold["values"] for fold in folds]).sort_index(),
        pd.concat([fold["lists"] for fold in folds], ignore_index=True),
        None if of_all is None else ndcg_by_known_likes(of_all, held_out, k),
        of_all,
        {"search s": search_seconds} | {str(what): float(mean) for what, mean in costs.items()},
    )

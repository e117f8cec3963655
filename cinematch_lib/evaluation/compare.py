"""Models against each other under one plan: each tuned by the same budget, fitted, queries, and scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd
from tqdm import tqdm

from cinematch_lib import models
from cinematch_lib.errors import NothingToDoError
from cinematch_lib.evaluation import protocols as plans
from cinematch_lib.evaluation.as_served import AsServed
from cinematch_lib.evaluation.cold_start import ranking, to_cold_users
from cinematch_lib.evaluation.metrics import accuracy, kinds
from cinematch_lib.evaluation.protocols import Plan, Round
from cinematch_lib.evaluation.tuning import search
from cinematch_lib.models import Hybrid, Model
from cinematch_lib.storage.resources import megabytes, threads_for, timer

OURS = "hybrid"
_LIANG2018 = (100, 20, 50)
SERVED = "served"  # the entry of the recommender made of the hybrid


class Ask(Protocol):
    """Whatever recommends `k` films to each of `users`, given their histories: `userId, movieId, rank, score`."""

    def __call__(self, histories: pd.DataFrame, users: Sequence[int], k: int) -> pd.DataFrame:
        """Recommend."""


@dataclass
class Entry:
    """What one model came to.

    `chosen` are the values that were chosen, one mapping for each round in which they differ; `tried` what a search
    scored; `values` float64 (users, metrics), indexed by userId; `lists` the recommendations of all rounds;
    `cold` for each number of likes shown the nDCG of each user, float64 (users, numbers), None where it was not
    measured; `cost` seconds and megabytes, which differ from run to run.
    """

    name: str
    chosen: list[dict[str, Any]] = field(default_factory=list)
    tried: pd.DataFrame = field(default_factory=pd.DataFrame)
    values: pd.DataFrame = field(default_factory=pd.DataFrame)
    lists: pd.DataFrame = field(default_factory=pd.DataFrame)
    cold: pd.DataFrame | None = None
    cost: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Contest:
    """A plan, and what each model came to under it, by name, in the order asked for; `ks` lengths of lists."""

    plan: Plan
    entries: Mapping[str, Entry]
    ks: Sequence[int]

    @property
    def main(self) -> list[str]:
        """The metrics that lead, and that later runs are compared by."""
        if self.plan.protocol == "liang2018":
            return ["ndcg@100", "capped_recall@20", "capped_recall@50"]
        return [f"ndcg@{self.ks[0]}", f"recall@{self.ks[min(1, len(self.ks) - 1)]}"]

    @property
    def rivals(self) -> list[str]:
        """The models that are not ours, the best by the first leading metric first."""
        means = self.values(self.main[0]).mean()
        return sorted((name for name in self.entries if name not in (OURS, SERVED)), key=lambda name: -means[name])

    @property
    def leading(self) -> list[str]:
        """Ours, the best rival, and the popular films: those that closer looks are taken at."""
        names = dict.fromkeys([OURS, SERVED, *self.rivals[:1], "popular"])
        return [name for name in names if name in self.entries]

    def values(self, metric: str) -> pd.DataFrame:
        """One metric of all models: float64 (users, models)."""
        return pd.DataFrame({name: entry.values[metric] for name, entry in self.entries.items()})


def contest(
    plan: Plan,
    names: Sequence[str],
    ks: Sequence[int],
    *,
    ours: Mapping[str, Any] | None = None,
    tune: bool = True,
    serve: Callable[[Round, Hybrid], AsServed] | None = None,
    cold_users: bool = False,
) -> Contest:
    """Let the models `names` meet under `plan`, with lists of each length in `ks` (``liang2018`` has its own).

    `ours` are the hybrid's parameters. With `tune`, every other model gets the best of its eight
    candidates on the plan's validation users; without, its defaults. The hybrid chooses by itself, on some of the
    users that it learns from: with several rounds once, on what is known to all of them. `serve`, given a round
    and the hybrid fitted in it, returns what asks the recommender made of it (histories, users, k); this is an
    entry of its own. With `cold_users`, models are also shown only some likes of each user. Shows its progress
    on stderr. Raises as the models do.
    """
    for name in names:
        models.make(name)
    ks = _LIANG2018 if plan.protocol == "liang2018" else ks
    steps = len(names) * len(plan.rounds)
    entries: dict[str, Entry] = {}
    ratings = len(plan.validation.split.train)
    with threads_for(ratings), tqdm(total=steps, desc=plan.protocol, unit=" fits", mininterval=1, leave=False) as bar:
        for name in names:
            bar.set_postfix_str(name)
            entries |= _enter(name, plan, ks, (ours or {}) if name == OURS else None, tune, serve, cold_users, bar)
    return Contest(plan, entries, ks)


def contest_by_time(
    before: Contest,
    ratings: pd.DataFrame,
    films: pd.DataFrame,
    tags: pd.DataFrame | None,
    date: str | float,
    **how: Any,
) -> Contest | None:
    """The hybrid, its best rival so far and the popular films again, split by time.

    `how` is as for `contest`. None where the ratings have no times, or too few users are on one side of `date`.
    """
    if "timestamp" not in ratings:
        return None
    try:
        then = plans.plan(ratings, films, tags, protocol="time", date=date)
    except NothingToDoError:
        return None
    return contest(then, [name for name in before.leading if name != SERVED], before.ks, **how)


def _enter(
    name: str,
    plan: Plan,
    ks: Sequence[int],
    params: Mapping[str, Any] | None,
    tune: bool,
    serve: Callable[[Round, Hybrid], AsServed] | None,
    cold_users: bool,
    bar: tqdm,
) -> dict[str, Entry]:
    """One model in all rounds; the hybrid with what is served of it."""
    tried = pd.DataFrame()
    with timer() as searched:
        if params is None and tune:
            params, tried = search(name, plan.validation.split, plan.validation.catalog, metric=f"ndcg@{ks[0]}")
        if name == OURS and len(plan.rounds) > 1:
            ours = models.make(OURS, **params).fit(plan.validation.split.train, plan.validation.catalog)
            params, tried = dict(params) | ours.best_params, pd.DataFrame(ours.trials)
    parts: dict[str, list[dict[str, Any]]] = {name: []}
    for one in plan.rounds:
        with timer() as fitting:
            model = models.make(name, **(params or {})).fit(one.split.train, one.catalog)
        chosen = dict(getattr(model, "best_params", params or {}))
        cold = to_cold_users(ranking(model), one.split, ks[0]) if cold_users else None
        made = {"chosen": chosen, "cold": cold, "fit": fitting.seconds, "mb": megabytes(model)}
        parts[name].append(made | _asked(_asking(model), one, ks))
        if name == OURS and serve is not None:
            with timer() as fitting:
                ask = serve(one, model)
            cold = to_cold_users(ask.rank, one.split, ks[0]) if cold_users else None
            made = {"chosen": chosen, "cold": cold, "fit": fitting.seconds, "mb": megabytes(ask)}
            parts.setdefault(SERVED, []).append(made | _asked(ask, one, ks))
        bar.update()
    return {one: _entry(one, of, tried, searched.seconds if one == name else 0.0) for one, of in parts.items()}


def _asking(model: Model) -> Ask:
    return lambda histories, users, k: model.recommend(histories, min(k, len(model.films)), users=users)


def _asked(ask: Ask, one: Round, ks: Sequence[int]) -> dict[str, Any]:
    """What a fitted model says in one round: its lists, what they are worth to each user, and how long it took."""
    split = one.split
    with timer() as asking:
        lists = ask(split.histories, split.users, max(ks))
    values = accuracy(lists, split.held_out, ks).join(kinds(lists, split.train, one.catalog, ks[0])).fillna(0.0)
    return {"lists": lists, "values": values, "ms": 1000 * asking.seconds / len(split.users)}


def _entry(name: str, parts: list[dict[str, Any]], tried: pd.DataFrame, searched: float) -> Entry:
    """The rounds of one model as one."""
    cold = [part["cold"] for part in parts if part["cold"] is not None]
    return Entry(
        name,
        _distinct([part["chosen"] for part in parts]),
        tried,
        pd.concat([part["values"] for part in parts]).sort_index(),
        pd.concat([part["lists"] for part in parts], ignore_index=True),
        pd.concat(cold).sort_index() if cold else None,
        {
            "search s": searched,
            "fit s": float(np.mean([part["fit"] for part in parts])),
            "MB": float(np.mean([part["mb"] for part in parts])),
            "ms a user": float(np.mean([part["ms"] for part in parts])),
        },
    )


def _distinct(chosen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for at, one in enumerate(chosen) if one not in chosen[:at]]

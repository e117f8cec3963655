"""What a contest says: tables to read, and the values that a run keeps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cinematch_lib.evaluation.compare import OURS, SERVED, Contest
from cinematch_lib.evaluation.intervals import Interval, by_activity, difference, interval
from cinematch_lib.evaluation.metrics import coverage, recall_by_popularity
from cinematch_lib.models.interactions import LIKED

NAMES = {
    "popular": "popular",
    "content": "content",
    "itemknn": "item-KNN",
    "ease": "EASE",
    "als": "ALS",
    "bpr": "BPR",
    OURS: "hybrid",
    SERVED: "hybrid as served",
}
_METRICS = {
    "ndcg": ("nDCG", "finds count more the higher they stand; 1 is a list that begins with all there was to find"),
    "recall": ("Recall", "which part of the films to find is in the list"),
    "capped_recall": ("Recall", "the same, over no more films than the list has places, as in Liang et al. 2018"),
    "precision": ("Precision", "which part of the list was found to be liked"),
    "map": ("MAP", "the precision down to each find, averaged over what could be found"),
    "mrr": ("MRR", "1 for a find in the first place, 1/2 in the second, and so on: how far to read to the first one"),
    "coverage": ("Coverage", "which part of the catalog is in anybody's list"),
    "tail": ("Tail", "which part of the list lies outside the 1 % most rated films"),
    "novelty": ("Novelty", "how surprising: 1 for a film that half of the people rated, 2 for a quarter, and so on"),
    "diversity": ("Diversity", "how little the genres of a list's films overlap; 0 for all the same"),
}
_EDGES = (1, 5, 20, 100, 500, 2500, 12_500)  # ratings of a film


def label(metric: str) -> str:
    """A metric as people write it.

    >>> label("ndcg@10")
    'nDCG@10'
    """
    name, _, k = metric.partition("@")
    return f"{_METRICS[name][0]}@{k}"


def means(contest: Contest) -> dict[str, dict[str, Interval]]:
    """Each model's mean of each metric over the users, with its interval."""
    return {
        name: {metric: interval(entry.values[metric]) for metric in entry.values}
        for name, entry in contest.entries.items()
    }


def leaderboard(contest: Contest) -> pd.DataFrame:
    """All models side by side, the best by the first leading metric at the top; leading metrics with intervals."""
    lead, k = contest.main, contest.ks[0]
    others = [f"{name}@{k}" for name in ("precision", "map", "mrr")]
    rows = {}
    for name, entry in sorted(contest.entries.items(), key=lambda one: -one[1].values[lead[0]].mean()):
        rows[NAMES[name]] = {f"{label(metric)} [95 %]": _brief(interval(entry.values[metric])) for metric in lead}
        rows[NAMES[name]] |= {label(metric): f"{entry.values[metric].mean():.3f}" for metric in others}
    return pd.DataFrame.from_dict(rows, orient="index")


def kinds_of_lists(contest: Contest) -> pd.DataFrame:
    """What else can be said of each model's lists: coverage, tail, novelty, diversity."""
    k = contest.ks[0]
    rows = {
        NAMES[name]: {label(f"coverage@{k}"): covered(contest, name)}
        | {label(metric): entry.values[metric].mean() for metric in (f"tail@{k}", f"novelty@{k}", f"diversity@{k}")}
        for name, entry in contest.entries.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").round(3)


def covered(contest: Contest, name: str) -> float:
    """The part of the catalog in anybody's list of the shortest length."""
    return coverage(contest.entries[name].lists, contest.plan.rounds[0].catalog, contest.ks[0])


def explained(contest: Contest) -> pd.DataFrame:
    """Each metric in a sentence, with what the hybrid (or else the first model) came to."""
    of = OURS if OURS in contest.entries else next(iter(contest.entries))
    lead, k = contest.main, contest.ks[0]
    names = dict.fromkeys([*lead, *(f"{one}@{k}" for one in ("precision", "map", "mrr"))])
    values = {metric: contest.entries[of].values[metric].mean() for metric in names}
    values[f"coverage@{k}"] = covered(contest, of)
    values |= {
        metric: contest.entries[of].values[metric].mean() for metric in (f"tail@{k}", f"novelty@{k}", f"diversity@{k}")
    }
    rows = [(label(one), _METRICS[one.partition("@")[0]][1], round(value, 3)) for one, value in values.items()]
    return pd.DataFrame(rows, columns=["metric", "what it says", NAMES[of]])


def margins(contest: Contest, ours: Sequence[str] = (OURS, SERVED)) -> pd.DataFrame:
    """The hybrid, and what is served of it, less the best other model by each leading metric, user by user.

    Columns: `metric`, `what`, `less`, `difference`, `percent`, `noise` (whether it is larger than that).
    """
    rows = []
    for metric in contest.main:
        best = max(contest.rivals, key=lambda name: contest.entries[name].values[metric].mean(), default=None)
        for name in ours if best else ():
            if name in contest.entries:
                one = difference(contest.entries[name].values[metric], contest.entries[best].values[metric])
                mean = contest.entries[best].values[metric].mean()
                words = "larger than the noise" if one.differs else "within the noise"
                rows.append((label(metric), NAMES[name], NAMES[best], signed(one), percent(one, mean), words))
    return pd.DataFrame(rows, columns=["metric", "what", "less", "difference [95 %]", "in % [95 %]", "noise"])


def signed(one: Interval) -> str:
    """A difference with its interval.

    >>> signed(Interval(0.01, -0.002, 0.03))
    '+0.010 [−0.002, +0.030]'
    """
    return f"{_signed(one.mean, 3)} [{_signed(one.low, 3)}, {_signed(one.high, 3)}]"


def percent(one: Interval, mean: float) -> str:
    """A difference with its interval, in % of `mean`.

    >>> percent(Interval(0.01, -0.002, 0.03), 0.2)
    '+5.0 % [−1.0, +15.0]'
    """
    if not mean:
        return "of nothing"
    low, at, high = (100 * value / mean for value in (one.low, one.mean, one.high))
    return f"{_signed(at, 1)} % [{_signed(low, 1)}, {_signed(high, 1)}]"


def _signed(value: float, digits: int) -> str:
    """With its sign, but for what is zero when rounded."""
    text = f"{value:+.{digits}f}"
    return text.replace("-", "−") if float(text) else text[1:]


def by_history(contest: Contest, names: Sequence[str]) -> pd.DataFrame:
    """The first leading metric of the models `names`, by how many ratings a user's history holds."""
    values = contest.values(contest.main[0])[list(names)]
    return by_activity(values, contest.plan.histories)


def by_popularity(contest: Contest, names: Sequence[str]) -> pd.DataFrame:
    """Which part of the films to find is in the second length of list, by how many ratings they had.

    TrainingMatrix are classes of films, columns `films to find` and the models `names`.
    """
    plan, k = contest.plan, contest.ks[min(1, len(contest.ks) - 1)]
    most = max(one.split.train["movieId"].value_counts().max() for one in plan.rounds)
    edges = [edge for edge in _EDGES if edge <= most]
    found: dict[str, Any] = {}
    for name in names:
        lists = contest.entries[name].lists
        parts = []
        for one in plan.rounds:
            split = one.split
            theirs = lists[lists["userId"].isin(split.users)]
            parts.append(recall_by_popularity(theirs, split.held_out, split.train, k, edges))
        to_find = sum(part["held_out"] for part in parts)
        hits = sum(part["found"].fillna(0) * part["held_out"] for part in parts)
        found |= {"films to find": to_find, name: hits / to_find.where(to_find > 0)}
    return pd.DataFrame(found).set_axis(pd.Index(parts[0]["ratings"], name="ratings of the film"))


def chosen(contest: Contest) -> pd.DataFrame:
    """The values that each model ran with, and how many it was chosen from; the hybrid's may differ by round."""
    rows = []
    for name, entry in contest.entries.items():
        if name != SERVED:
            for values in entry.chosen:
                words = ", ".join(
                    f"{one} {value:g}" if _is_number(value) else f"{value}" for one, value in values.items()
                )
                rows.append(
                    (NAMES[name], words or "nothing to choose", len(entry.tried) if len(entry.tried) > 1 else "")
                )
    return pd.DataFrame(rows, columns=["model", "values", "tried"])


def costs(contest: Contest) -> pd.DataFrame:
    """What each model takes: seconds to search and to fit, megabytes, milliseconds a user."""
    rows = {NAMES[name]: entry.cost for name, entry in contest.entries.items()}
    return pd.DataFrame.from_dict(rows, orient="index").round(2)


def one_user(contest: Contest, films: pd.DataFrame, k: int = 10) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """A user to look at: a sentence, their best-rated films beside what was held out, and the hybrid's list.

    It is the one whose result is nearest to the mean, of those with 10 to 60 ratings to show where there are
    any; so neither a lucky pick nor an unlucky one.
    """
    of = OURS if OURS in contest.entries else next(iter(contest.entries))
    metric = contest.main[0]
    values = contest.entries[of].values[metric]
    shown = contest.plan.histories["userId"].value_counts().reindex(values.index).fillna(0)
    fair = values[shown.between(10, 60)] if shown.between(10, 60).any() else values
    user = int((fair - values.mean()).abs().idxmin())
    names = films.drop_duplicates("movieId").set_index("movieId")
    names = names["title"] + (names["year"].map(" ({})".format) if "year" in names else "")
    history, held, lists = (
        table[table["userId"] == user]
        for table in (contest.plan.histories, contest.plan.held_out, contest.entries[of].lists)
    )
    history = history.sort_values(["rating", "movieId"], ascending=[False, True])
    stars = history["rating"].map("{:g}".format).to_numpy()
    seen = pd.DataFrame({"rated": names.reindex(history["movieId"]).to_numpy(), "stars": stars}).head(12)
    hidden = pd.Series(names.reindex(held["movieId"]).to_numpy(), name="held out").head(12)
    top = lists[lists["rank"] <= k]
    is_find = top["movieId"].isin(held["movieId"]).map({True: "✓", False: ""})
    listed = pd.DataFrame({"recommended": names.reindex(top["movieId"]).to_numpy(), "found": is_find.to_numpy()})
    liked = int((history["rating"] >= LIKED).sum())
    words = (
        f"User {user} rated {len(history)} films that the models are shown, {liked} of them as liked; {len(held)} "
        f"likes are held out. {label(metric)} of this list: {values[user]:.3f}."
    )
    return words, pd.concat([seen, hidden], axis=1).fillna(""), listed.set_axis(top["rank"].to_numpy())


def _brief(one: Interval) -> str:
    return f"{one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)

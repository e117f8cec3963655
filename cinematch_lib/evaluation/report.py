"""Tables of a comparison, to be read."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cinematch_lib.data.tables import film_labels
from cinematch_lib.evaluation.compare import HYBRID, SERVED, SERVED_BY_INPUTS, Comparison
from cinematch_lib.evaluation.intervals import Interval, by_activity, difference, interval
from cinematch_lib.evaluation.knobs import KNOWN, list_quality
from cinematch_lib.evaluation.metrics import commonest, coverage, recall_by_popularity
from cinematch_lib.models.interactions import LIKED

NAMES = {
    "popular": "popular",
    "content": "content",
    "itemknn": "item-KNN",
    "ease": "EASE",
    "als": "ALS",
    "bpr": "BPR",
    "userknn": "user-KNN",
    "puresvd": "PureSVD",
    HYBRID: "hybrid",
    SERVED: "served, given ratings",
    SERVED_BY_INPUTS["seen"]: "served, given likes and seen films",
    SERVED_BY_INPUTS["likes"]: "served, given likes and dislikes",
}
_METRICS = {
    "ndcg": ("nDCG", "hits, discounted by the logarithm of their rank; 1 for a list that starts with all of them"),
    "recall": ("Recall", "share of the held-out films that are in the list"),
    "capped_recall": ("Recall", "hits, divided by the smaller of k and the number of held-out films"),
    "precision": ("Precision", "share of the list that is held out"),
    "map": ("MAP", "precision at the rank of each hit, averaged over the hits that are possible"),
    "mrr": ("MRR", "1 / rank of the first hit"),
    "coverage": ("Coverage", "share of the catalog that is in at least one list"),
    "tail": ("Tail", "share of the list outside the 1 % most rated films"),
    "rare": ("Rare", "share of the list with fewer than 100 ratings"),
    "novelty": ("Novelty", "1 for a film that half of the users rated, 2 for a quarter, and so on"),
    "diversity": ("Diversity", "1 − mean cosine of genres over the pairs of films in the list"),
    "miscalibration": ("Miscalibration", "divergence of the genres in the list from those of the likes; 0 is best"),
}
_EDGES = (1, 5, 20, 100, 500, 2500, 12_500)  # ratings of a film
_BEYOND_ACCURACY = ("tail", "rare", "novelty", "diversity", "miscalibration")
_ROWS = 12  # of the history of the example user


def model_label(name: str) -> str:
    """The usual name of a model; of one that is given as a class, the name of the class.

    >>> model_label("itemknn"), model_label("mypackage.module:MyModel")
    ('item-KNN', 'MyModel')
    """
    return NAMES.get(name) or name.rpartition(":")[2]


def metric_label(metric: str) -> str:
    """The usual spelling of a metric.

    >>> metric_label("ndcg@10")
    'nDCG@10'
    """
    name, _, k = metric.partition("@")
    return f"{_METRICS[name][0]}@{k}"


def means(comparison: Comparison, metrics: Sequence[str] | None = None) -> dict[str, dict[str, Interval]]:
    """The mean of each of `metrics`, by default of all, over users with its interval, by model and metric."""
    return {
        name: {
            str(metric): interval(values.dropna())
            for metric, values in (result.values if metrics is None else result.values[list(metrics)]).items()
            if values.notna().any()
        }
        for name, result in comparison.results.items()
    }


def catalog_coverage(comparison: Comparison, name: str) -> float:
    """The share of the catalog in the shortest lists of a model."""
    catalog = comparison.protocol.folds[0].catalog
    return coverage(comparison.results[name].lists, catalog, comparison.ks[0])


def leaderboard(comparison: Comparison) -> pd.DataFrame:
    """All models, the best by the first main metric first; main metrics with intervals."""
    main, k = comparison.main_metrics, comparison.ks[0]
    others = [f"{name}@{k}" for name in ("precision", "map", "mrr")]
    rows = {}
    for name in comparison.values(main[0]).mean().sort_values(ascending=False, kind="stable").index:
        values = comparison.results[name].values
        rows[model_label(name)] = {
            f"{metric_label(metric)} [95 %]": _brief(interval(values[metric])) for metric in main
        }
        rows[model_label(name)] |= {metric_label(metric): f"{values[metric].mean():.3f}" for metric in others}
    return pd.DataFrame.from_dict(rows, orient="index")


def beyond_accuracy_table(comparison: Comparison) -> pd.DataFrame:
    """Coverage, and the metrics of `metrics.beyond_accuracy` and `metrics.miscalibration`, of each model's lists."""
    k, rows = comparison.ks[0], {}
    for name, result in comparison.results.items():
        rows[model_label(name)] = {metric_label(f"coverage@{k}"): catalog_coverage(comparison, name)} | {
            metric_label(f"{metric}@{k}"): result.values[f"{metric}@{k}"].mean() for metric in _BEYOND_ACCURACY
        }
    return pd.DataFrame.from_dict(rows, orient="index").round(3)


def commonest_films(comparison: Comparison) -> pd.DataFrame:
    """The share of lists with the commonest film, by model (rows) and number of known likes; empty if not measured."""
    k, rows = comparison.ks[0], {}
    for name, result in comparison.results.items():
        if result.cold_lists is not None:
            rows[model_label(name)] = {number: commonest(of, k) for number, of in result.cold_lists.groupby("known")}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(columns="known likes")


def knob_references(comparison: Comparison) -> pd.DataFrame:
    """`list_quality` of the best baseline and of popularity for the users of the knobs' curves, by model."""
    rows: dict[str, dict[str, float]] = {}
    if comparison.knobs is not None:
        fold, measured = comparison.protocol.folds[0], comparison.cold_users
        peers = [name for name in comparison.baselines if name in measured and name != "popular"]
        peers.sort(key=lambda name: -measured[name][KNOWN].mean())
        for name in (*peers[:1], "popular"):
            lists = comparison.results[name].cold_lists if name in measured else None
            if lists is not None:
                of_users = lists[lists["userId"].isin(comparison.knobs.users) & (lists["known"] == KNOWN)]
                rows[name] = list_quality(of_users, fold, comparison.ks[0])
    return pd.DataFrame.from_dict(rows, orient="index")


def metric_definitions(comparison: Comparison) -> pd.DataFrame:
    """Each metric with its definition and its value for the hybrid (or else the first model)."""
    name = HYBRID if HYBRID in comparison.results else next(iter(comparison.results))
    k, values = comparison.ks[0], comparison.results[name].values
    metrics = [*comparison.main_metrics, *(f"{one}@{k}" for one in ("precision", "map", "mrr", "coverage"))]
    metrics += [f"{one}@{k}" for one in _BEYOND_ACCURACY]
    rows = []
    for metric in dict.fromkeys(metrics):
        kind = metric.partition("@")[0]
        value = catalog_coverage(comparison, name) if kind == "coverage" else values[metric].mean()
        rows.append((metric_label(metric), _METRICS[kind][1], round(value, 3)))
    return pd.DataFrame(rows, columns=["metric", "definition", model_label(name)])


def differences(comparison: Comparison) -> pd.DataFrame:
    """The hybrid, and the recommender built from it, minus the best baseline by each main metric, paired by user.

    Columns: `metric`, `model`, `baseline`, the difference and its percentage with intervals, `significant`.
    """
    rows = []
    for metric in comparison.main_metrics:
        means = comparison.values(metric)[comparison.baselines].mean()
        for name in (*SERVED_BY_INPUTS.values(), HYBRID) if len(means) else ():
            if name in comparison.results:
                baseline = str(means.idxmax())
                other = comparison.results[baseline].values[metric]
                one = difference(comparison.results[name].values[metric], other)
                interval_texts = signed(one), percent(one, other.mean())
                significant = "yes" if one.differs else "no"
                rows.append(
                    (metric_label(metric), model_label(name), model_label(baseline), *interval_texts, significant)
                )
    columns = ["metric", "model", "baseline", "difference [95 %]", "in % [95 %]", "significant"]
    return pd.DataFrame(rows, columns=columns)


def winner(comparison: Comparison) -> str:
    """A sentence on the leading metric: the best model, and how far the next one is behind it, paired by user."""
    metric = comparison.main_metrics[0]
    values = comparison.values(metric)
    first, *others = values.mean().sort_values(ascending=False, kind="stable").index
    words = f"{model_label(first)} is first by {metric_label(metric)}, with {values[first].mean():.3f}"
    if not others:
        return f"{words}."
    lead = difference(values[first], values[others[0]])
    noise = "beyond" if lead.differs else "within"
    return f"{words}; its lead over {model_label(others[0])} is {signed(lead)}, {noise} the noise."


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
    low, middle, high = (100 * value / mean for value in (one.low, one.mean, one.high))
    return f"{_signed(middle, 1)} % [{_signed(low, 1)}, {_signed(high, 1)}]"


def by_history(comparison: Comparison, names: Sequence[str]) -> pd.DataFrame:
    """The first main metric of the models `names`, by the number of ratings in a user's history."""
    values = comparison.values(comparison.main_metrics[0])[list(names)]
    return by_activity(values, comparison.protocol.histories)


def by_popularity(comparison: Comparison, names: Sequence[str]) -> pd.DataFrame:
    """The share of held-out films that is found, by their number of training ratings.

    Rows are classes of films; columns are `held-out films`, their number, and the models `names`.
    """
    splits, k = [fold.split for fold in comparison.protocol.folds], comparison.recall_k
    most = max(split.train["movieId"].value_counts().max() for split in splits)
    edges = [edge for edge in _EDGES if edge <= most]
    columns: dict[str, pd.Series] = {}
    for name in names:
        lists = comparison.results[name].lists
        parts = []
        for split in splits:
            of_fold = lists[lists["userId"].isin(split.users)]
            parts.append(recall_by_popularity(of_fold, split.held_out, split.train, k, edges).set_index("ratings"))
        total = pd.concat([part["held_out"] for part in parts], axis=1).sum(axis=1)
        hits = pd.concat([part["found"].fillna(0) * part["held_out"] for part in parts], axis=1).sum(axis=1)
        columns |= {"held-out films": total, name: hits / total.where(total > 0)}
    return pd.DataFrame(columns).rename_axis("ratings of the film")


def best_params_table(comparison: Comparison) -> pd.DataFrame:
    """The hyperparameters of each model and the number of trials; the hybrid's may differ between folds."""
    rows = []
    for name, result in comparison.results.items():
        for params in result.best_params if name not in SERVED_BY_INPUTS.values() else ():
            words = ", ".join(f"{one} {text(value)}" for one, value in params.items())
            rows.append((model_label(name), words or "none", len(result.trials) if len(result.trials) > 1 else ""))
    return pd.DataFrame(rows, columns=["model", "hyperparameters", "trials"])


def costs(comparison: Comparison) -> pd.DataFrame:
    """Seconds of the search and of one fit, megabytes of a fitted model, milliseconds for a user's list."""
    rows = {model_label(name): result.cost for name, result in comparison.results.items()}
    return pd.DataFrame.from_dict(rows, orient="index").round(2)


def example_user(comparison: Comparison, films: pd.DataFrame, k: int = 10) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """A typical user: a description, their best-rated films next to the held-out ones, and the hybrid's list.

    The metric of this user is the nearest to the mean, if possible of those with 10 to 60 ratings in the history.
    """
    model = HYBRID if HYBRID in comparison.results else next(iter(comparison.results))
    metric, protocol = comparison.main_metrics[0], comparison.protocol
    values = comparison.results[model].values[metric]
    counts = protocol.histories["userId"].value_counts().reindex(values.index).fillna(0)
    candidates = values[counts.between(10, 60)] if counts.between(10, 60).any() else values
    user = candidates.index[int((candidates - values.mean()).abs().argmin())]
    history, held_out, recommended = (
        table[table["userId"] == user]
        for table in (protocol.histories, protocol.held_out, comparison.results[model].lists)
    )
    films = films.drop_duplicates("movieId").set_index("movieId")
    labels = film_labels(films)
    history = history.sort_values(["rating", "movieId"], ascending=[False, True])
    rated = labels.reindex(history["movieId"]).to_numpy()
    known = pd.DataFrame({"rated": rated, "rating": history["rating"].map("{:g}".format).to_numpy()}).head(_ROWS)
    hidden = pd.Series(labels.reindex(held_out["movieId"]).to_numpy(), name="held out").head(_ROWS)
    top = recommended[recommended["rank"] <= k]
    hit = top["movieId"].isin(held_out["movieId"]).map({True: "✓", False: ""})
    listed = pd.DataFrame({"recommended": labels.reindex(top["movieId"]).to_numpy(), "hit": hit.to_numpy()})
    likes = int((history["rating"] >= LIKED).sum())
    description = (
        f"User {user} has {len(history)} ratings in the history, {likes} of them likes; {len(held_out)} likes are "
        f"held out. {metric_label(metric)} of this list: {values[user]:.3f}."
    )
    return description, pd.concat([known, hidden], axis=1).fillna(""), listed.set_axis(top["rank"].to_numpy())


def _signed(value: float, digits: int) -> str:
    """The value with its sign, which is omitted if it rounds to zero."""
    text = f"{value:+.{digits}f}"
    return text.replace("-", "−") if float(text) else text[1:]


def _brief(one: Interval) -> str:
    return f"{one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]"


def text(value: object) -> str:
    """A value of a hyperparameter: numbers without digits that say nothing.

    >>> text(150.0), text("bm25")
    ('150', 'bm25')
    """
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return f"{value:g}" if is_number else f"{value}"

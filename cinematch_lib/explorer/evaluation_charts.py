"""What a run's evaluation measured, as charts: models, groups of people and of films, accuracy against diversity."""

from collections.abc import Mapping, Sequence
from typing import Any

from cinematch_lib.evaluation.compare import HYBRID
from cinematch_lib.evaluation.report import metric_label, model_label
from cinematch_lib.explorer import markup, pictures
from cinematch_lib.explorer.paint import paint
from cinematch_lib.explorer.pictures import Point, Span
from cinematch_lib.plots.style import model_colour

_NOT_STORED = "This run does not store this; evaluate it again: cinematch run --from evaluate"
Metrics = Mapping[str, Any]  # the content of metrics.json
_KINDS = "A film without ratings is new, one with fewer than 20 is little known."


def standings(metrics: Metrics) -> str:
    """All models by the main metrics, and the hybrid's lead over each other model, with intervals."""
    main, models = metrics["protocol"]["main"], metrics["models"]
    charts = []
    for metric in main[:2]:
        spans = [Span(_label(name), **_ends(of[metric]), colour=_colour(name)) for name, of in models.items()]
        spans.sort(key=lambda one: -one.mean)
        charts.append(pictures.spans(f"{metric_label(metric)} with 95 % intervals", spans))
    rows = [
        (model_label(name), *(_signed(of[metric]) for metric in main[:2]))
        for name, of in metrics.get("hybrid_minus", {}).items()
    ]
    lead = ""
    if rows:
        table = markup.table(("the hybrid minus", *(metric_label(metric) for metric in main[:2])), rows, "cm-numbers")
        lead = (
            markup.heading("Differences, person by person", more="Significant where the interval excludes 0.") + table
        )
    return markup.hint(metrics["protocol"]["description"]) + _columns(charts) + lead


def by_people(metrics: Metrics) -> str:
    """Accuracy by how much is known of a person: by ratings in the history, and from few likes on."""
    metric = metric_label(metrics["protocol"]["main"][0])
    groups = metrics.get("people", {})
    charts = [
        pictures.spans(
            f"{metric}: {of['users']:,} people with {label} ratings",
            sorted(
                (Span(_label(name), **_ends(one), colour=_colour(name)) for name, one in of.items() if name != "users"),
                key=lambda one: -one.mean,
            ),
        )
        for label, of in groups.items()
    ]
    few = metrics.get("cold_users", {})
    if few:
        known = list(next(iter(few.values())))
        series = {
            _label(name): (_colour(name), [few[name][number]["mean"] for number in known])
            for name in few
            if name in _highlighted(metrics)
        }
        charts.append(pictures.grouped_bars(f"{metric} by the number of known likes", known, series))
    return _columns(charts) or markup.hint(_NOT_STORED)


def by_films(metrics: Metrics) -> str:
    """The share of hidden likes that is found, by the number of ratings of the film; and films without any."""
    groups = metrics.get("by_popularity", {})
    names = [name for name in next(iter(groups.values()), {}) if name != "held-out films"]
    labels = [_short(label) for label in groups]
    series = {_label(name): (_colour(name), [of.get(name, 0.0) for of in groups.values()]) for name in names}
    hidden = "; ".join(f"{of['held-out films']:,} of films with {label}" for label, of in groups.items())
    first = metrics["protocol"]["main"][1].partition("@")[2]
    title = f"Share of hidden likes in the first {first}, by the film's ratings"
    charts = [pictures.grouped_bars(title, labels, series)] if groups else []
    if cold := metrics.get("cold_films"):
        spans = [Span(_label(name), **_ends(one), colour=_colour(name)) for name, one in cold["auc"].items()]
        title = f"{cold['films']:,} films as if they were new: AUC (0.5 is chance)"
        charts.append(pictures.spans(title, spans))
    if not charts:
        return markup.hint(_NOT_STORED)
    return markup.hint(f"{_KINDS} Hidden likes: {hidden} ratings." if groups else _KINDS) + _columns(charts)


def frontier(metrics: Metrics) -> str:
    """Accuracy against diversity: of the models, and of what is served at each value of the sliders."""
    main = metrics["protocol"]["main"][0]
    diversity, metric = f"diversity@{main.partition('@')[2]}", metric_label(main)
    marks = [
        Point(_label(name), of[diversity]["mean"], of[main]["mean"], _colour(name))
        for name, of in metrics["models"].items()
        if diversity in of and name not in ("served_seen", "served_likes")
    ]
    axes = ("diversity of genres", metric)
    charts = [pictures.points(f"{metric} and diversity of the models", _on_frontier(marks), axes)] if marks else []
    for knob, measure, label in (
        ("diversity", "diversity", axes[0]),
        ("discovery", "novelty", "novelty (each step of 1: half as well known)"),
    ):
        values = [one for one in metrics.get("knobs", []) if one["knob"] == knob]
        curve = [Point(f"{one['value']:g}", one[measure], one["ndcg"], linked=True) for one in values]
        if curve:
            charts.append(pictures.points(f"{knob.capitalize()} slider, 3 known likes", curve, (label, "nDCG")))
    hint = (
        "Up and to the right is better. The first line joins the models that no other beats in both; the others join "
        "the values of a slider."
    )
    if not charts:
        return markup.hint(_NOT_STORED)
    return markup.hint(hint) + _columns(charts)


def _on_frontier(marks: Sequence[Point]) -> list[Point]:
    """The points, those linked that no other one beats in both numbers, in the order of the first number."""
    best = {
        one.name for one in marks if not any(other.x >= one.x and other.y >= one.y and other != one for other in marks)
    }
    points = sorted(marks, key=lambda one: (one.x, one.name))
    return [Point(one.name, one.x, one.y, one.colour, linked=one.name in best) for one in points]


def _colour(name: str) -> str:
    return paint(model_colour(name))


def _highlighted(metrics: Metrics) -> list[str]:
    others = [name for name in metrics.get("hybrid_minus", {}) if name != "popular"]
    return [HYBRID, "served", "popular", *others[:1]]


def _label(name: str) -> str:
    """The name of a model, short enough to stand beside a chart.

    >>> _label("served_likes"), _label("ease")
    ('served: likes and dislikes', 'EASE')
    """
    return model_label(name).replace("served, given ", "served: ")


def _short(label: str) -> str:
    """The name of a class of films, as it stands below a chart.

    >>> _short("5 to 19"), _short("100 and more")
    ('5–19', '100+')
    """
    return label.replace(" to ", "–").replace(" and more", "+")


def _ends(one: Mapping[str, float]) -> dict[str, float]:
    return {name: one[name] for name in ("mean", "low", "high")}


def _signed(one: Mapping[str, float]) -> str:
    ends = f"[{one['low']:+.3f}, {one['high']:+.3f}]"
    return markup.minus(f"{one['mean']:+.3f} {ends}")


def _columns(parts: Sequence[str]) -> str:
    return f'<div class="cm-charts">{"".join(f"<div>{part}</div>" for part in parts)}</div>' if parts else ""

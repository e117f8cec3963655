"""The evaluation of the current run: standings, groups, the frontier, and where the hybrid loses."""

import ipywidgets as widgets
import pandas as pd

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.evaluation.compare import HYBRID
from cinematch_lib.evaluation.records import BY_USER, METRICS, read_by_user
from cinematch_lib.evaluation.report import metric_label, model_label
from cinematch_lib.explorer import evaluation_charts, markup
from cinematch_lib.explorer.evaluation_charts import Metrics
from cinematch_lib.explorer.person import HeldOutPeople
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.vocabulary.wording import counted

LOSES = "Where the hybrid loses"
_PARTS = {
    "Models": evaluation_charts.standings,
    "People": evaluation_charts.by_people,
    "Films": evaluation_charts.by_films,
    "Accuracy and diversity": evaluation_charts.frontier,
}
_NOT_EVALUATED = "The current run was not evaluated; evaluate it: cinematch run --from evaluate"
_WORST, _LISTED = 8, 10


class EvaluationView:
    """One part of the evaluation at a time; `widget` shows it."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._recommender: Recommender | None = None
        self._people = HeldOutPeople(None)
        self._part = widgets.ToggleButtons(options=[*_PARTS, LOSES], tooltips=[""] * (len(_PARTS) + 1))
        self._part.add_class("cm-tabs").observe(lambda _: self.show(), "value")
        self._content = widgets.HTML()
        self.widget = widgets.VBox([self._part, self._content])

    def set_run(self, run: Run | None, recommender: Recommender | None) -> None:
        """Show this run from now on."""
        self._run, self._recommender, self._people = run, recommender, HeldOutPeople(run if recommender else None)
        self.show()

    def choose(self, part: str) -> None:
        """Show a part by its name."""
        self._part.value = part

    @property
    def metrics(self) -> Metrics | None:
        """What was measured; None where the run was not evaluated, or by an older version."""
        if self._run is None or METRICS not in self._run.info.files:
            return None
        metrics: Metrics = self._run.read_json(METRICS)
        return metrics if metrics.get("models") else None

    def show(self) -> None:
        """Show the part that is chosen."""
        if (metrics := self.metrics) is None:
            content = markup.hint(_NOT_EVALUATED)
        elif self._part.value == LOSES:
            content = self._losses(metrics)
        else:
            content = _PARTS[self._part.value](metrics)
        self._content.value = markup.block(content)

    def _losses(self, metrics: Metrics) -> str:
        """The people whose lists by the hybrid are worst compared with the best other model's, with both lists."""
        if (
            self._run is None
            or self._recommender is None
            or not len(self._people)
            or BY_USER not in self._run.info.files
        ):
            return markup.hint("This run stores no people of its evaluation; " + _NOT_EVALUATED.partition("; ")[2])
        metric, lists = metrics["protocol"]["main"][0], self._people.lists
        others = [name for name in metrics.get("hybrid_minus", {}) if name in set(lists["model"])]
        if not others:
            return markup.hint("The hybrid was compared with no other model.")
        values = read_by_user(self._run)
        lost = values[f"{HYBRID} {metric}"] - values[f"{others[0]} {metric}"]
        worst = lost[lost.index.isin(list(self._people))].sort_values(kind="stable")
        worst = worst[worst < 0][:_WORST]
        summary = (
            f"{model_label(others[0])} is better than the hybrid for {int((lost < 0).sum()):,} of {len(lost):,} people "
            f"and worse for {int((lost > 0).sum()):,}. The largest losses among the people whose lists are stored:"
        )
        table = lists.set_index(["userId", "model"])
        parts = [self._loss(int(user), table, others[0], metric, values.loc[user]) for user in worst.index]
        return markup.hint(summary) + "".join(parts)

    def _loss(self, user: int, lists: pd.DataFrame, other: str, metric: str, values: pd.Series) -> str:
        person = self._people[user]
        columns, reached = [], []
        for model in (HYBRID, other):
            movies = lists.loc[[(user, model)]].sort_values("rank")["movieId"].tolist()[:_LISTED]
            rows = [
                (rank, self._name(movie), "✓" if movie in person.hidden else "") for rank, movie in enumerate(movies, 1)
            ]
            reached.append(f"{model_label(model)} {values[f'{model} {metric}']:.2f}")
            table = markup.table(("rank", "film", "hidden like"), rows)
            columns.append(f"<div>{markup.heading(f'The list by {model_label(model)}')}{table}</div>")
        loved = sorted(person.ratings.items(), key=lambda one: (-one[1], one[0]))[:5]
        favourites = ", ".join(self._label(movie) for movie, _ in loved)
        known = f"{counted(len(person.ratings), 'rating')}, {counted(len(person.hidden), 'hidden like')}"
        summary = f"Person {user}, {known}: {metric_label(metric)} of {', of '.join(reached)}"
        content = markup.hint(f"Their highest ratings: {favourites}") + f'<div class="cm-two">{"".join(columns)}</div>'
        return markup.details(summary, content)

    def _label(self, movie_id: int) -> str:
        films = self._recommender
        return films.movie(movie_id).label if films is not None and movie_id in films else str(movie_id)

    def _name(self, movie_id: int) -> markup.Html:
        return markup.film_button(movie_id, self._label(movie_id))

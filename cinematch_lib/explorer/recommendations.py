"""Live recommendations for the person at hand, under the present filters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import ipywidgets as widgets
import numpy as np

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.comparison import State
from cinematch_lib.explorer.film_list import film_list
from cinematch_lib.explorer.knobs import Knobs
from cinematch_lib.explorer.moves import Side
from cinematch_lib.explorer.person import Choice, Person
from cinematch_lib.explorer.person_picker import PersonPicker
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommendations import Recommendation, Recommendations
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.vocabulary.wording import counted

LENGTH = 20
_HIDDEN = 40  # hidden likes in the table


class RecommendationsView:
    """The person, the sliders and the list; `widget` shows them."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change, self._is_choosing = on_change, False
        self.picker = PersonPicker(self._changed)
        self.knobs = Knobs(self._changed)
        self.found: Recommendations = Recommendations()
        self._problem = ""
        self._last: tuple[Recommender, Preferences, np.ndarray, Recommendations] | None = None
        self._list = widgets.HTML().add_class("cm-scroll")
        self.widget = widgets.VBox([self.picker.widget, self.knobs.widget, self._list])

    def set_run(self, run: Run | None, recommender: Recommender | None, problem: str = "") -> None:
        """Use this run from now on; `problem` is the message without a recommender."""
        self._problem = problem
        self.picker.set_run(run, recommender)

    def like(self, movie_ids: Iterable[int]) -> None:
        """Pick these films. Raises UnknownNameError for a film that the run lacks."""
        self.picker.like(movie_ids)

    @property
    def choice(self) -> Choice:
        """The person as chosen, and the sliders."""
        return replace(self.picker.choice, knobs=tuple(sorted(self.knobs.values.items())))

    def choose(self, choice: Choice) -> None:
        """Choose again what was chosen, without a call of `on_change`. Raises CineMatchError if the run lacks it."""
        self._is_choosing = True
        try:
            self.picker.choose(choice)
            self.knobs.set(dict(choice.knobs))
        finally:
            self._is_choosing = False

    def _changed(self) -> None:
        if not self._is_choosing:
            self._on_change()

    @property
    def preferences(self) -> Preferences:
        """What the person at hand likes, and how the list is turned."""
        return replace(self.picker.preferences, **self.knobs.values)

    @property
    def wanted(self) -> tuple[Recommender | None, Preferences]:
        """The recommender for this person, and their preferences."""
        return self.picker.recommender, self.preferences

    def side(self, state: State) -> Side | None:
        """The present list, to be compared with others; None without a recommender."""
        if (recommender := self.picker.recommender) is None:
            return None
        ids, count = state.films.ids, state.count
        among = ids[count.keeps]

        def dropped(movie_id: int) -> str:
            row = int(ids.searchsorted(movie_id))
            return count.drop_reason(row) if row < len(ids) and ids[row] == movie_id else "not in the data set"

        return Side("B", recommender, self.preferences, among[np.isin(among, recommender.movie_ids)], dropped)

    def show(self, kept_ids: np.ndarray) -> None:
        """Show the best films among those with the ids `kept_ids`, int64 (films,)."""
        recommender = self.picker.recommender
        if recommender is None:
            self.found = Recommendations()
            self._list.value = markup.block(markup.notice(self._problem, "bad"))
            return
        among = kept_ids[np.isin(kept_ids, recommender.movie_ids)]
        wanted, k = self.preferences, min(LENGTH, len(recommender))
        self.found = recommender.recommend(wanted, k, among=among)
        usual = self._usual(recommender, k, among) if self.knobs.values else None
        person = self.picker.person
        marks = _marks(self.found, usual, person)
        notes = _missing(len(kept_ids), len(among)) + (_effect(self.found, usual) if usual is not None else "")
        hidden = _hidden(person, recommender, wanted, among, self.found) if person.hidden else ""
        none = markup.notice("No film of the current run fits these filters.")
        self._list.value = markup.block(notes + hidden + (film_list(self.found, marks) if self.found else none))

    def _usual(self, recommender: Recommender, k: int, among: np.ndarray) -> Recommendations:
        """The list without the sliders, kept while only these are moved."""
        wanted, last = self.picker.preferences, self._last
        if last is None or last[0] is not recommender or last[1] != wanted or not np.array_equal(last[2], among):
            last = self._last = (recommender, wanted, among, recommender.recommend(wanted, k, among=among))
        return last[3]


def _missing(kept: int, among: int) -> str:
    if kept == among:
        return ""
    return markup.notice(
        f"{kept - among:,} of the {kept:,} films that fit are not in the current run, so they cannot be "
        "recommended yet; run the pipeline with these settings (below)."
    )


def _marks(
    found: Sequence[Recommendation], usual: Sequence[Recommendation] | None, person: Person
) -> Mapping[int, str]:
    """Words behind the titles: hidden likes that were found, and how the sliders moved a film."""
    hidden = set(person.hidden)
    marks = {one.movie_id: ["✓ a hidden like"] if one.movie_id in hidden else [] for one in found}
    if usual is not None:
        before = {one.movie_id: one.rank for one in usual}
        for one in found:
            rank = before.get(one.movie_id)
            if rank is None:
                marks[one.movie_id].append("new")
            elif rank != one.rank:
                marks[one.movie_id].append(f"{'↑' if rank > one.rank else '↓'} from {rank}")
    return {movie_id: ", ".join(words) for movie_id, words in marks.items()}


def _effect(found: Sequence[Recommendation], usual: Sequence[Recommendation]) -> str:
    """What the sliders changed, in a line."""
    before = {one.movie_id for one in usual}
    new = sum(one.movie_id not in before for one in found)
    genres = [len({genre for one in films for genre in one.movie.genres}) for films in (usual, found)]
    said = f"The sliders bring in {new} of {len(found)} films; the list has {counted(genres[1], 'genre')}"
    return markup.hint(f"{said}, without them {genres[0]}.")


def _hidden(
    person: Person, recommender: Recommender, wanted: Preferences, among: np.ndarray, found: Sequence[Recommendation]
) -> str:
    """The hidden likes with their ranks: found in the list, or missed."""
    in_list = {one.movie_id: one.rank for one in found}
    ranking = recommender.ranking(wanted, among=among)
    at = np.flatnonzero(np.isin(ranking, person.hidden))
    by_score = dict(zip(ranking[at].tolist(), (at + 1).tolist(), strict=True))
    known = [one for one in person.hidden if one in recommender]
    order = sorted(known, key=lambda one: (in_list.get(one, LENGTH + 1), by_score.get(one, len(ranking) + 1), one))
    cells = [
        (
            markup.film_button(one, recommender.movie(one).label),
            f"✓ {in_list[one]}" if one in in_list else "missed",
            f"{by_score[one]:,}" if one in by_score else "dropped by the filters",
        )
        for one in order[:_HIDDEN]
    ]
    found_of = f"{sum(one in in_list for one in known)} of {len(known)} hidden likes found"
    more = markup.hint(f"and {len(order) - _HIDDEN:,} more, missed") if len(order) > _HIDDEN else ""
    table = markup.table(("film", "in the list", "rank by score"), cells, "cm-numbers cm-hidden")
    return markup.details(found_of, table + more)

"""The list of the person at hand beside another one: of settings that were kept, or of another run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ipywidgets as widgets

from cinematch_lib.artifacts.runs import Run, list_runs
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.moves import Side, as_table, moves
from cinematch_lib.explorer.person import HeldOutPeople, Person
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

_NOTHING, _KEPT = "nothing", "the list that I kept"
_RUNS = 20
_LEARNED = "That run has learned from this person's ratings, so it finds their hidden likes too easily."


class SideBySide:
    """Keeps a list, or opens another run, and shows what moved from it to the present list, and why."""

    def __init__(self, present: Callable[[], Side | None], person: Callable[[], Person], artifacts_dir: Path) -> None:
        """`present` returns the list that the page shows now, `person` the one whom it is for."""
        self._present, self._person, self._artifacts_dir = present, person, artifacts_dir
        self._kept: Side | None = None
        self._opened: dict[str, tuple[Recommender, HeldOutPeople]] = {}
        keep = widgets.Button(description="Keep this list")
        keep.on_click(lambda _: self.keep())
        self._choice = widgets.Dropdown(options=[_NOTHING], description="compare with")
        self._choice.observe(lambda _: self.show(), "value")
        self._table = widgets.HTML()
        self.widget = widgets.VBox([widgets.HBox([keep, self._choice]).add_class("cm-actions"), self._table])

    def keep(self) -> None:
        """Keep the present list, and compare later ones with it."""
        if (side := self._present()) is not None:
            self._kept = replace(side, name="A")
            self.update_runs()
            self._choice.value = _KEPT
            self.show()

    def compare_with(self, run_id: str) -> None:
        """Compare with the list by another run."""
        self._choice.value = run_id

    def update_runs(self) -> None:
        """Read the list of runs again."""
        side, chosen = self._present(), self._choice.value
        current = side.recommender.info if side is not None else None
        runs = [one for one in list_runs(self._artifacts_dir) if current is None or one.run_id != current.run_id]
        kept = [(_KEPT, _KEPT)] if self._kept is not None else []
        named = [(f"run {one.run_id} ({one.dataset})", one.run_id) for one in runs[::-1][:_RUNS]]
        self._choice.options = [(_NOTHING, _NOTHING), *kept, *named]
        self._choice.value = chosen if chosen in [value for _, value in self._choice.options] else _NOTHING

    def show(self) -> None:
        """Show what moved."""
        if self._choice.value == _NOTHING:
            hint = "Keep this list, then change filters, sliders or likes; or choose another run."
            self._table.value = markup.block(markup.hint(hint))
            return
        try:
            self._table.value = markup.block(self._content())
        except CineMatchError as error:
            self._table.value = markup.block(markup.notice(str(error), "bad"))

    def _content(self) -> str:
        b, note = self._present(), ""
        if b is None:
            return markup.hint("Without a current run there is no list.")
        if self._choice.value == _KEPT and self._kept is not None:
            a, named = self._kept, "the list that you kept"
        else:
            a, learned = self._of_run(self._choice.value, b)
            named, note = f"that of run {self._choice.value}", markup.notice(_LEARNED) if learned else ""
        return note + markup.hint(f"A is {named}; B is the present list.") + as_table(moves(a, b), a.name, b.name)

    def _of_run(self, run_id: str, b: Side) -> tuple[Side, bool]:
        """The list by another run for the same person, and whether that run has learned from their hidden likes."""
        if run_id not in self._opened:
            run = Run(self._artifacts_dir / "runs" / run_id)
            self._opened[run_id] = Recommender.from_run(run), HeldOutPeople(run)
        (recommender, people), person = self._opened[run_id], self._person()
        unaware = people.recommender if person.user is not None and _same(people, person) else None
        used = recommender if unaware is None else unaware
        return Side("A", used, _known(b.wanted, used), b.among, b.dropped), person.user is not None and unaware is None


def _same(people: HeldOutPeople, person: Person) -> bool:
    """Whether a run held out the same person with the same likes hidden."""
    user = person.user
    return user is not None and user in list(people) and set(people[user].hidden) == set(person.hidden)


def _known(wanted: Preferences, recommender: Recommender) -> Preferences:
    """The preferences as far as a run has the films."""
    fields = wanted.to_dict()
    fields["ratings"] = {one: stars for one, stars in (wanted.ratings or {}).items() if one in recommender}
    fields["liked_movie_ids"] = [one for one in wanted.liked_movie_ids or () if one in recommender]
    return Preferences(**fields)

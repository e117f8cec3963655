"""The list of the person at hand beside another one: of settings that were kept, or of another run."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ipywidgets as widgets

from cinematch_lib.artifacts.diff import differences
from cinematch_lib.artifacts.manifest import RunInfo
from cinematch_lib.artifacts.runs import Run, list_runs
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.moves import Side, as_table, moves
from cinematch_lib.explorer.person import HeldOutPeople, Person
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

_NOTHING, _KEPT = "nothing", "the list that I kept"
_RUNS = 20
_PARAMETER = re.compile(r"clean\.(filters|services|dataset)|features\.parameters|train\.(parameters|model)")
_LEARNED = "That run has learned from this person's ratings, so it finds their hidden likes too easily."


class SideBySide:
    """Keeps a list, or opens another run, and shows what moved from it to the present list, and why."""

    def __init__(
        self,
        present: Callable[[], Side | None],
        person: Callable[[], Person],
        current: Callable[[], Run | None],
        artifacts_dir: Path,
    ) -> None:
        """`present` returns the list that the page shows now, `person` the one whom it is for, `current` its run."""
        self._present, self._person, self._current, self._artifacts_dir = present, person, current, artifacts_dir
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
        current, chosen = self._current(), self._choice.value
        runs = [one for one in list_runs(self._artifacts_dir) if current is None or one.run_id != current.info.run_id]
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
        b, current, note = self._present(), self._current(), ""
        if b is None or current is None:
            return markup.hint("Without a current run there is no list.")
        if self._choice.value == _KEPT and self._kept is not None:
            a, named = self._kept, "the list that you kept"
        else:
            a, learned = self._of_run(self._choice.value, b)
            named = f"the list by run {self._choice.value}"
            info = Run(self._artifacts_dir / "runs" / self._choice.value).info
            note = (markup.notice(_LEARNED) if learned else "") + markup.hint(_changes(info, current.info))
        return markup.hint(f"A is {named}; B is the present list.") + note + as_table(moves(a, b), a.name, b.name)

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


def _changes(a: RunInfo, b: RunInfo) -> str:
    """The parameters in which two runs differ, in a sentence."""
    found = [one for one in differences(a, b).facts if _PARAMETER.match(one)]
    return f"Parameters from A to B: {'; '.join(found)}." if found else "Both runs have the same parameters."


def _known(wanted: Preferences, recommender: Recommender) -> Preferences:
    """The preferences as far as a run has the films."""
    fields = wanted.to_dict()
    fields["ratings"] = {one: stars for one, stars in (wanted.ratings or {}).items() if one in recommender}
    fields["liked_movie_ids"] = [one for one in wanted.liked_movie_ids or () if one in recommender]
    return Preferences(**fields)

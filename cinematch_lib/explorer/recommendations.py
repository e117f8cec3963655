"""Live recommendations: films picked by typing part of a title, and the twenty that fit the filters best."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np

from cinematch_lib.explorer import markup
from cinematch_lib.explorer.reasons import recommended
from cinematch_lib.recommender.films import Movie, Preferences
from cinematch_lib.recommender.recommender import Recommender

_SHOWN, _SUGGESTED = 20, 6


class TitlePicker:
    """A text field that suggests films while one types; `picked` are the ones that were chosen, in order."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.picked: list[Movie] = []
        self._recommender: Recommender | None = None
        self._on_change = on_change
        self._text = widgets.Text(placeholder="Type part of a title", continuous_update=True)
        self._text.observe(lambda _: self._suggest(), "value")
        self._text.on_msg(self._entered)
        self._suggestions, self._chosen = widgets.HBox(), widgets.HBox()
        for row in (self._suggestions, self._chosen):
            row.add_class("cm-chips")
        self._suggestions.add_class("cm-suggestions")
        self._chosen.add_class("cm-liked")
        self.widget = widgets.VBox([self._text, self._suggestions, self._chosen])

    def search_in(self, recommender: Recommender | None) -> None:
        """Search the films of this recommender; picked films that it lacks are let go."""
        self._recommender = recommender
        self._text.disabled = recommender is None
        if recommender is not None:
            recommender.search("warm up", 1)  # its index is made with the first search, which would feel slow
            self.picked = [one for one in self.picked if one.movie_id in recommender.movie_ids]
        self._show()

    def _suggest(self) -> None:
        found = self._found()
        self._suggestions.children = [
            self._button(one, f"+ {one.label}", lambda movie: self.pick([movie])) for one in found
        ]

    def _found(self) -> list[Movie]:
        text = self._text.value.strip()
        if self._recommender is None or not text:
            return []
        taken = {one.movie_id for one in self.picked}
        found = self._recommender.search(text, _SUGGESTED + len(taken))
        return [one for one in found if one.movie_id not in taken][:_SUGGESTED]

    def _entered(self, _: widgets.Widget, content: dict[str, Any], __: object) -> None:
        """Enter takes the first suggestion."""
        if content.get("event") == "submit" and (found := self._found()):
            self.pick(found[:1])

    def pick(self, movies: Sequence[Movie]) -> None:
        """Add these films to those that are picked."""
        self.picked.extend(movies)
        self._text.value = ""
        self._show()
        self._on_change()

    def _let_go(self, movie: Movie) -> None:
        self.picked = [one for one in self.picked if one.movie_id != movie.movie_id]
        self._show()
        self._on_change()

    def _show(self) -> None:
        self._chosen.children = [self._button(one, f"{one.label} ✕", self._let_go) for one in self.picked]
        for button in self._chosen.children:
            button.add_class("cm-keep")

    def _button(self, movie: Movie, words: str, press: Callable[[Movie], None]) -> widgets.Button:
        button = widgets.Button(description=words, tooltip=movie.label)
        button.on_click(lambda _: press(movie))
        return button


class Recommendations:
    """The picker and the list beside the counts; `widget` is what to show."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._picker = TitlePicker(on_change)
        self._recommender: Recommender | None = None
        self._missing = ""
        self._list = widgets.HTML()
        self._list.add_class("cm-scroll")
        self.widget = widgets.VBox(
            [
                widgets.HTML(markup.block(markup.heading("Recommended to somebody who likes"))),
                self._picker.widget,
                self._list,
            ]
        )

    def use(self, recommender: Recommender | None, missing: str = "") -> None:
        """Recommend from these films from now on; `missing` says why there are none."""
        self._recommender, self._missing = recommender, missing
        self._picker.search_in(recommender)

    def like(self, movie_ids: Iterable[int]) -> None:
        """Pick these films. Raises UnknownNameError for one that the run lacks."""
        self._picker.pick([self._recommender.movie(movie_id) for movie_id in movie_ids] if self._recommender else [])

    def show(self, kept_ids: np.ndarray) -> None:
        """The best films among those with these ids, int64, with their reasons."""
        self._list.value = markup.block(self._content(kept_ids))

    def _content(self, kept_ids: np.ndarray) -> str:
        if self._recommender is None:
            return markup.notice(self._missing, "bad")
        liked = [one.movie_id for one in self._picker.picked]
        among = kept_ids[np.isin(kept_ids, self._recommender.movie_ids)]
        k = min(_SHOWN, len(self._recommender))
        found = self._recommender.recommend(Preferences(liked_movie_ids=liked), k, among=among)
        lacking = len(kept_ids) - len(among)
        notes = ""
        if lacking:
            notes = markup.notice(
                f"{lacking:,} of the {len(kept_ids):,} films that fit are not in the current run, so they cannot be "
                "recommended yet: make a run with these settings (below)."
            )
        if not found:
            return notes + markup.notice("No film of the current run fits these filters.")
        return notes + recommended(found)

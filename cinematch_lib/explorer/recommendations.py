"""Live recommendations: a title picker, and the films recommended under the present filters."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np

from cinematch_lib.explorer import markup
from cinematch_lib.explorer.film_list import film_list
from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

_MAX_FILMS, _MAX_SUGGESTIONS = 20, 6


class TitlePicker:
    """A text field that suggests films while one types; `picked` are the films chosen, in order."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.picked: list[Movie] = []
        self._recommender: Recommender | None = None
        self._on_change = on_change
        self._text = widgets.Text(placeholder="Type part of a title", continuous_update=True)
        self._text.observe(lambda _: self._suggest(), "value")
        self._text.on_msg(self._handle_message)
        self._suggestions = widgets.HBox().add_class("cm-chips").add_class("cm-suggestions")
        self._chosen = widgets.HBox().add_class("cm-chips").add_class("cm-liked")
        self.widget = widgets.VBox([self._text, self._suggestions, self._chosen])

    def set_recommender(self, recommender: Recommender | None) -> None:
        """Search the films of this recommender; picked films that it lacks are removed."""
        self._recommender = recommender
        self._text.disabled = recommender is None
        if recommender is not None:
            recommender.search("warm up", 1)  # builds the search index, which would delay the first suggestions
            self.picked = [one for one in self.picked if one.movie_id in recommender]
        self._show_picked()

    def _suggest(self) -> None:
        self._suggestions.children = [
            self._button(one, f"+ {one.label}", lambda movie: self.pick([movie])) for one in self._search()
        ]

    def _search(self) -> list[Movie]:
        text = self._text.value.strip()
        if self._recommender is None or not text:
            return []
        picked = {one.movie_id for one in self.picked}
        found = self._recommender.search(text, _MAX_SUGGESTIONS + len(picked))
        return [one for one in found if one.movie_id not in picked][:_MAX_SUGGESTIONS]

    def _handle_message(self, _: widgets.Widget, content: dict[str, Any], __: object) -> None:
        """Enter picks the first suggestion."""
        if content.get("event") == "submit" and (found := self._search()):
            self.pick(found[:1])

    def pick(self, movies: Sequence[Movie]) -> None:
        """Add films to those that are picked."""
        self.picked.extend(movies)
        self._text.value = ""
        self._show_picked()
        self._on_change()

    def _remove(self, movie: Movie) -> None:
        self.picked = [one for one in self.picked if one.movie_id != movie.movie_id]
        self._show_picked()
        self._on_change()

    def _show_picked(self) -> None:
        buttons = [self._button(one, f"{one.label} ✕", self._remove) for one in self.picked]
        self._chosen.children = [button.add_class("cm-keep") for button in buttons]

    def _button(self, movie: Movie, text: str, on_press: Callable[[Movie], None]) -> widgets.Button:
        button = widgets.Button(description=text, tooltip=movie.label)
        button.on_click(lambda _: on_press(movie))
        return button


class Recommendations:
    """The picker and the list of recommendations; `widget` shows them."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._picker = TitlePicker(on_change)
        self._recommender: Recommender | None = None
        self._problem = ""
        self._list = widgets.HTML().add_class("cm-scroll")
        heading = widgets.HTML(markup.block(markup.heading("Recommendations for a user who likes")))
        self.widget = widgets.VBox([heading, self._picker.widget, self._list])

    def set_recommender(self, recommender: Recommender | None, problem: str = "") -> None:
        """Use this recommender from now on; `problem` is the message without one."""
        self._recommender, self._problem = recommender, problem
        self._picker.set_recommender(recommender)

    def like(self, movie_ids: Iterable[int]) -> None:
        """Pick these films. Raises UnknownNameError for a film that the run lacks."""
        self._picker.pick([self._recommender.movie(movie_id) for movie_id in movie_ids] if self._recommender else [])

    @property
    def preferences(self) -> Preferences:
        """What the person at hand likes."""
        return Preferences(liked_movie_ids=[one.movie_id for one in self._picker.picked])

    def show(self, kept_ids: np.ndarray) -> None:
        """Show the best films among those with the ids `kept_ids`, int64 (films,)."""
        self._list.value = markup.block(self._content(kept_ids))

    def _content(self, kept_ids: np.ndarray) -> str:
        if self._recommender is None:
            return markup.notice(self._problem, "bad")
        among = kept_ids[np.isin(kept_ids, self._recommender.movie_ids)]
        k = min(_MAX_FILMS, len(self._recommender))
        found = self._recommender.recommend(self.preferences, k, among=among)
        notes = ""
        if missing := len(kept_ids) - len(among):
            notes = markup.notice(
                f"{missing:,} of the {len(kept_ids):,} films that fit are not in the current run, so they cannot be "
                "recommended yet; run the pipeline with these settings (below)."
            )
        none = markup.notice("No film of the current run fits these filters.")
        return notes + (film_list(found) if found else none)

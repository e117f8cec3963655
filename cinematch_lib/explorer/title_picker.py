"""A text field that finds films while one types, and the films that were picked, with stars."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.recommender import Recommender

_MAX_SUGGESTIONS = 6
_LIKES = 0.0  # in place of stars: a dropdown takes None for no choice
_STARS = [("likes it", _LIKES), *((f"{half / 2:g} ★", half / 2) for half in range(10, 0, -1))]


class TitlePicker:
    """A text field that suggests films while one types; `picked` are the films chosen, in order, with their stars.

    Stars are None for a film that is liked without a rating.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.picked: dict[Movie, float | None] = {}
        self._recommender: Recommender | None = None
        self._on_change = on_change
        self._text = widgets.Text(placeholder="Type part of a title", continuous_update=True)
        self._text.observe(lambda _: self._suggest(), "value")
        self._text.on_msg(self._handle_message)
        self._suggestions = widgets.HBox().add_class("cm-chips").add_class("cm-suggestions")
        self._chosen = widgets.VBox().add_class("cm-liked")
        self.widget = widgets.VBox([self._text, self._suggestions, self._chosen])

    def set_recommender(self, recommender: Recommender | None) -> None:
        """Search the films of this recommender; picked films that it lacks are removed."""
        self._recommender = recommender
        self._text.disabled = recommender is None
        if recommender is not None:
            recommender.search("warm up", 1)  # builds the search index, which would delay the first suggestions
            self.picked = {one: stars for one, stars in self.picked.items() if one.movie_id in recommender}
        self._show_picked()

    def pick(self, movies: Sequence[Movie]) -> None:
        """Add films to those that are picked."""
        self.set({**self.picked, **dict.fromkeys(movies)})

    def set(self, picked: Mapping[Movie, float | None]) -> None:
        """Pick these films in place of others, with their stars."""
        self.picked = dict(picked)
        self._text.value = ""
        self._show_picked()
        self._on_change()

    def _suggest(self) -> None:
        self._suggestions.children = [
            self._button(one, f"+ {one.label}", lambda movie: self.pick([movie])) for one in self._search()
        ]

    def _search(self) -> list[Movie]:
        text = self._text.value.strip()
        if self._recommender is None or not text:
            return []
        found = self._recommender.search(text, _MAX_SUGGESTIONS + len(self.picked))
        return [one for one in found if one not in self.picked][:_MAX_SUGGESTIONS]

    def _handle_message(self, _: widgets.Widget, content: dict[str, Any], __: object) -> None:
        """Enter picks the first suggestion."""
        if content.get("event") == "submit" and (found := self._search()):
            self.pick(found[:1])

    def _remove(self, movie: Movie) -> None:
        self.set({one: stars for one, stars in self.picked.items() if one != movie})

    def _rate(self, movie: Movie, stars: float | None) -> None:
        self.picked[movie] = stars
        self._on_change()

    def _show_picked(self) -> None:
        self._chosen.children = [self._row(movie, stars) for movie, stars in self.picked.items()]

    def _row(self, movie: Movie, stars: float | None) -> widgets.Widget:
        rating = widgets.Dropdown(options=_STARS, value=stars or _LIKES, tooltip=f"Stars of {movie.label}").add_class(
            "cm-stars"
        )
        rating.observe(lambda change: self._rate(movie, change["new"] or None), "value")
        remove = self._button(movie, f"{movie.label} ✕", self._remove).add_class("cm-keep")
        return widgets.HBox([remove, rating]).add_class("cm-chips")

    def _button(self, movie: Movie, text: str, on_press: Callable[[Movie], None]) -> widgets.Button:
        button = widgets.Button(description=text, tooltip=movie.label)
        button.on_click(lambda _: on_press(movie))
        return button

"""A film, opened: its facts, its neighbours, its ratings, and why it would be recommended."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets as widgets

from cinematch_lib.artifacts.film_map import FilmMap
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer import markup, pictures
from cinematch_lib.explorer.comparison import State
from cinematch_lib.explorer.film_facts import FilmFacts, movie_of
from cinematch_lib.explorer.film_place import place_on_map
from cinematch_lib.explorer.neighbours import Neighbour, Neighbours
from cinematch_lib.explorer.posters import Poster
from cinematch_lib.explorer.rating_history import RatingHistory
from cinematch_lib.explorer.why import why
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

_DIGITS = {"weight": 3, "cosine": 2}  # of the neighbours' numbers
_NEAREST = 10
Wanted = tuple[Recommender | None, Preferences]
_CLOSED = "Press the name of a film anywhere on this page to open it here."


class FilmView:
    """The film that is opened; `widget` shows it."""

    def __init__(self, facts: FilmFacts, state: Callable[[], State], person: Callable[[], Wanted]) -> None:
        """`state` returns the present state of the page, `person` the recommender and the likes of the person."""
        self._facts, self._state, self._person = facts, state, person
        self._recommender: Recommender | None = None
        self._neighbours: Neighbours | None = None
        self._movie_id: int | None = None
        self._ratings = _Ratings(facts.folder, self._show_ratings)
        self._head, self._why, self._near, self._place, self._by_year = (widgets.HTML() for _ in range(5))
        self._poster = widgets.Box().add_class("cm-poster")
        first = widgets.HBox([self._poster, self._head]).add_class("cm-film-first")
        last = widgets.HBox([self._place, self._by_year]).add_class("cm-film-last")
        self._open = widgets.VBox([first, self._why, self._near, last])
        self._closed = widgets.HTML(markup.block(markup.hint(_CLOSED)))
        self.widget = widgets.VBox([self._closed]).add_class("cm-film-view")

    @property
    def movie_id(self) -> int | None:
        """The id of the film that is open."""
        return self._movie_id

    def set_run(self, run: Run | None, recommender: Recommender | None, film_map: FilmMap | None) -> None:
        """Use this run from now on, and its map of films."""
        self._map = film_map
        self._recommender = recommender
        self._neighbours = Neighbours(run) if run is not None and recommender is not None else None

    def open(self, movie_id: int | None) -> None:
        """Show a film of the data set; None for none."""
        self._movie_id = movie_id if movie_id is not None and self._row(movie_id) is not None else None
        if self._movie_id is None:
            self.widget.children = [self._closed]
            return
        movie = movie_of(self._state().films, self._row(self._movie_id) or 0)
        if self._poster.children:
            self._poster.children[0].show(movie)
        else:
            self._poster.children = [Poster(movie)]
        near = self._nearest(self._movie_id)
        self._near.value = markup.block(self._neighbours_content(*near))
        self._place.value = markup.block(place_on_map(self._map, self._movie_id, movie.label, *near))
        self.show()
        self.widget.children = [self._open]
        self._ratings.start()
        self._show_ratings()

    def show(self) -> None:
        """Show what depends on the filters and on the person."""
        if self._movie_id is None:
            return
        state, row = self._state(), self._row(self._movie_id) or 0
        self._head.value = markup.block(self._head_content(state, row))
        among = state.films.ids[state.count.keeps]
        text = why(*self._person(), self._movie_id, among, state.count.drop_reason(row))
        self._why.value = markup.block(markup.heading("Why would it be recommended?") + text)

    def wait(self) -> None:
        """Wait until the ratings have been read."""
        self._ratings.wait()

    def _row(self, movie_id: int) -> int | None:
        ids = self._state().films.ids
        row = int(ids.searchsorted(movie_id))
        return row if row < len(ids) and ids[row] == movie_id else None

    def _head_content(self, state: State, row: int) -> str:
        movie, dropped = movie_of(state.films, row), state.count.drop_reason(row)
        kept = f"Dropped by the filters: {dropped}" if dropped else "Kept by the filters"
        if self._recommender is not None and movie.movie_id not in self._recommender:
            kept += "; not in the current run"
        facts = self._facts.of(state.films, row, state.settings.services)
        rows = [(fact.name, fact.value, markup.Html(f'<span class="cm-faint">{markup.escape(fact.source)}</span>'))
                for fact in facts]  # fmt: skip
        overview = self._facts.overview(state.films, row)
        about = "" if overview is None else f"<p>{markup.escape(overview.value)} {_source(overview.source)}</p>"
        close = '<button type="button" class="cm-close" data-close="">Close</button>'
        title = f'<h3 tabindex="-1" class="cm-film-title">{markup.escape(movie.label)}</h3>'
        table = markup.table(("fact", "value", "source"), rows, "cm-facts", is_sortable=False)
        return f"{close}{title}{markup.hint(kept)}{about}{table}"

    def _nearest(self, movie_id: int) -> tuple[list[Neighbour], list[Neighbour]]:
        """The neighbours by ratings and by content; none without a run."""
        if (neighbours := self._neighbours) is None:
            return [], []
        return neighbours.by_ratings(movie_id, _NEAREST), neighbours.by_content(movie_id, _NEAREST)

    def _neighbours_content(self, by_ratings: Sequence[Neighbour], by_content: Sequence[Neighbour]) -> str:
        if self._neighbours is None:
            return markup.hint("Without a current run, the films like it are not known.")
        none = "None: too few people have rated it." if self._neighbours.has_ratings else "The run has no ratings."
        columns = [
            ("Nearest by ratings", "weight", "What liking this film adds to their score.", by_ratings, none),
            (
                "Nearest by content",
                "cosine",
                "Alike in genres, people, words and year.",
                by_content,
                "It is not in the run.",
            ),
        ]
        parts = "".join(
            f"<div>{markup.heading(title, more=hint)}{self._films(near, value) if near else markup.hint(nothing)}</div>"
            for title, value, hint, near, nothing in columns
        )
        both = {one for one, _ in by_ratings} & {one for one, _ in by_content}
        shared = (
            markup.hint(f"{len(both)} of {len(by_ratings)} are in both lists.") if by_ratings and by_content else ""
        )
        return f'<div class="cm-two">{parts}</div>{shared}'

    def _films(self, near: Sequence[Neighbour], value: str) -> str:
        rows = [(self._button(movie_id), f"{number:.{_DIGITS[value]}f}") for movie_id, number in near]
        return markup.table(("film", value), rows, "cm-numbers")

    def _button(self, movie_id: int) -> markup.Html:
        row, films = self._row(movie_id), self._state().films
        return markup.film_button(movie_id, str(movie_id) if row is None else movie_of(films, row).label)

    def _show_ratings(self) -> None:
        if self._movie_id is not None:
            self._by_year.value = markup.block(self._ratings_content(self._movie_id))

    def _ratings_content(self, movie_id: int) -> str:
        history, heading = self._ratings.history, markup.heading("Ratings")
        if history is None:
            return heading + markup.hint(self._ratings.state)
        years = history.by_year(movie_id)
        chart = pictures.bars_with_line(
            f"{self._movie_label(movie_id)}: ratings by year",
            [str(one.year) for one in years],
            [one.ratings for one in years],
            [one.mean for one in years],
            5.0,
            ("ratings", "mean stars"),
        )
        liked = history.also_liked(movie_id, _NEAREST)
        rows = [(self._button(one.movie_id), f"{one.share:.0%}", f"{one.share_of_all:.0%}") for one in liked]
        people = history.likers_of(movie_id)
        hint = f"Of the {people:,} people who gave it 4 stars or more, and of all people."
        also = (
            markup.table(("film", "of these", "of all"), rows, "cm-numbers") if rows else markup.hint("Too few people.")
        )
        parts = [chart if years else heading + markup.hint("Nobody has rated it, or the times are unknown.")]
        parts.append(markup.heading("People who like it also like", more=hint if people else "") + also)
        return "".join(parts)

    def _movie_label(self, movie_id: int) -> str:
        row = self._row(movie_id)
        return str(movie_id) if row is None else movie_of(self._state().films, row).label


class _Ratings:
    """The ratings of a data set, read once, in a thread, when they are first needed; `on_read` is called then."""

    def __init__(self, folder: Path, on_read: Callable[[], None]) -> None:
        self.history: RatingHistory | None = None
        self.state = "The ratings are being read …"
        self._folder, self._on_read, self._thread = folder, on_read, threading.Thread(target=self._read, daemon=True)
        self._started = False

    def start(self) -> None:
        """Begin to read, the first time."""
        if not self._started:
            self._started = True
            self._thread.start()

    def wait(self) -> None:
        """Wait until they are read."""
        if self._started:
            self._thread.join()

    def _read(self) -> None:
        try:
            self.history = RatingHistory.read(self._folder)
            self.state = "This data set has no ratings."
        except CineMatchError as error:
            self.state = str(error)
        self._on_read()


def _source(text: str) -> str:
    return f'<span class="cm-faint">({markup.escape(text)})</span>'

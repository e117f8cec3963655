"""Choosing the person at hand: by typing, by a file, or one whom the evaluation held out."""

from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets as widgets

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.person import Choice, HeldOutPeople, Person, uploaded
from cinematch_lib.explorer.title_picker import TitlePicker
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.rating_weights import LIKED
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.vocabulary.wording import counted

TYPED, FILE = "likes these films", "has these ratings (a file)"
_SHOWN, _REMARKS = 12, 8
_HOW_FILE = "A file of ratings as Letterboxd, IMDb or Trakt export it. It stays on this computer."
_HELD_OUT = "None of these ratings were learned from: the list is by the recommender that was evaluated."


class PersonPicker:
    """Chooses the person; `person` and `recommender` are valid after `set_run`, `widget` shows them."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._recommender: Recommender | None = None
        self.people = HeldOutPeople(None)
        self._uploaded: Person | None = None
        self._picker = TitlePicker(on_change)
        self._choice = widgets.Dropdown(options=[TYPED], description="who", tooltip="The person")
        self._choice.observe(lambda _: self._chosen(), "value")
        self._file = widgets.FileUpload(accept=".csv,.json,.zip,.gz", description="Choose a file")
        self._file.observe(self._read, "value")
        self._told = widgets.HTML()
        heading = widgets.HTML(markup.block(markup.heading("Recommendations for a person")))
        self._below = widgets.VBox([self._picker.widget])
        self.widget = widgets.VBox([heading, self._choice, self._below, self._told]).add_class("cm-person")

    def set_run(self, run: Run | None, recommender: Recommender | None) -> None:
        """Use this run from now on."""
        self._recommender, self.people = recommender, HeldOutPeople(run if recommender is not None else None)
        self._picker.set_recommender(recommender)
        names = {
            f"is person {user} of the evaluation ({len(self.people[user].ratings):,} ratings)": user
            for user in self.people
        }
        chosen = self._choice.value
        self._choice.options = [(TYPED, TYPED), (FILE, FILE), *names.items()]
        self._choice.value = chosen if chosen in (TYPED, FILE, *names.values()) else TYPED

    def like(self, movie_ids: Iterable[int]) -> None:
        """Pick these films. Raises UnknownNameError for a film that the run lacks."""
        self._picker.pick([self._recommender.movie(one) for one in movie_ids] if self._recommender else [])

    @property
    def choice(self) -> Choice:
        """What was chosen here."""
        who, picked = self._choice.value, self._picker.picked
        films = tuple((movie.movie_id, stars) for movie, stars in picked.items())
        return Choice(films, None if who in (TYPED, FILE) else who, who == FILE)

    def choose(self, choice: Choice) -> None:
        """Choose again what was chosen. Raises CineMatchError for a person or a film that the run lacks."""
        if choice.user is not None and choice.user not in self.people:
            raise CineMatchError(f"the evaluation of this run held out no person {choice.user}")
        films = self._recommender
        picked = {films.movie(movie_id): stars for movie_id, stars in choice.films} if films is not None else {}
        self._picker.set(picked)
        self._choice.value = choice.user if choice.user is not None else FILE if choice.has_file else TYPED

    def hold_out(self, user: int) -> None:
        """Choose a person whom the evaluation held out, by the id of the user."""
        self._choice.value = user

    @property
    def person(self) -> Person:
        """The person at hand."""
        if self._choice.value == TYPED:
            picked = {movie.movie_id: stars for movie, stars in self._picker.picked.items()}
            rated = {one: stars for one, stars in picked.items() if stars is not None}
            return Person(rated, [one for one in picked if one not in rated])
        if self._choice.value == FILE:
            return self._uploaded or Person()
        return self.people[self._choice.value]

    @property
    def recommender(self) -> Recommender | None:
        """The recommender for this person: of one who was held out, that which learned nothing from them."""
        return self._recommender if self.person.user is None else self.people.recommender

    @property
    def preferences(self) -> Preferences:
        """What the person likes, as far as the recommender has the films."""
        person, films = self.person, self.recommender
        known = {one: stars for one, stars in person.ratings.items() if films is not None and one in films}
        return Preferences(ratings=known, liked_movie_ids=person.liked)

    def _chosen(self) -> None:
        value = self._choice.value
        self._below.children = {TYPED: (self._picker.widget,), FILE: (self._file,)}.get(value, ())
        self._tell()
        self._on_change()

    def _read(self, change: dict[str, Any]) -> None:
        if not change["new"] or self._recommender is None:
            return
        file = change["new"][0]
        try:
            self._uploaded = uploaded(file["name"], bytes(file["content"]), self._recommender)
        except CineMatchError as error:
            self._told.value = markup.block(markup.notice(str(error), "bad"))
            return
        self._tell()
        self._on_change()

    def _tell(self) -> None:
        """Show what is known of a person who was not typed."""
        person, parts = self.person, []
        if self._choice.value == TYPED:
            self._told.value = ""
            return
        if person.user is not None:
            parts.append(markup.hint(_HELD_OUT))
        elif self._uploaded is None:
            parts.append(markup.hint(_HOW_FILE))
        if person.ratings:
            parts.append(self._ratings_table(person))
        if person.remarks:
            parts.append(
                markup.details(f"{counted(len(person.remarks), 'remark')} on the file", _remarks(person.remarks))
            )
        self._told.value = markup.block("".join(parts))

    def _ratings_table(self, person: Person) -> str:
        best = sorted(person.ratings.items(), key=lambda one: (-one[1], one[0]))
        films = self._recommender
        known = [(films.movie(one), stars) for one, stars in best if films is not None and one in films]
        rows = [(markup.film_button(movie.movie_id, movie.label), f"{stars:g} ★") for movie, stars in known[:_SHOWN]]
        table = markup.table(("film", "stars"), rows, "cm-numbers")
        more = markup.hint(f"and {len(best) - len(rows):,} more") if len(best) > len(rows) else ""
        return markup.details(_in_words(person), table + more)


def _in_words(person: Person) -> str:
    """How much is known of a person.

    >>> _in_words(Person({1: 4.0, 2: 3.0}, hidden=[3]))
    '2 ratings, 1 of them likes; 1 like hidden'
    """
    likes = sum(stars >= LIKED for stars in person.ratings.values())
    hidden = f"; {counted(len(person.hidden), 'like')} hidden" if person.hidden else ""
    return f"{counted(len(person.ratings), 'rating')}, {likes:,} of them likes{hidden}"


def _remarks(remarks: Iterable[str]) -> str:
    lines = list(remarks)
    more = [f"and {len(lines) - _REMARKS:,} more"] if len(lines) > _REMARKS else []
    return "".join(map(markup.hint, [*lines[:_REMARKS], *more]))

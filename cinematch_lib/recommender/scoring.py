"""The score of films for one person: what it adds up to, film by film and addend by addend.

Where ratings speak, that is where a liked film has item-to-item weights:

score(film) = Σ what each liked film says through other people's ratings, and a part of what each disliked one says,
              over the most that the liked ones say of any film
            − three times what the logarithm of how many people like it lacks to the highest, as a part of that: half as
              much with every two films that are liked, since of somebody little known what many like is the best guess
            + a part of the likeness to the liked films, less that to the disliked: more for films with few ratings
            + the part of the preferred genres that it has.

Where they do not:

score(film) = likeness to the liked films, less that to the disliked
            + the part of the preferred genres that it has
            + how well liked it is in general; where there are ratings and nothing is liked, the logarithm of how many
              people like it, over the highest.

A liked film that hardly anybody has rated speaks by its likeness in full in either case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress

import numpy as np

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.recommender.films import Films, Movie, Preferences, Selection
from cinematch_lib.recommender.reasons import Contributions, Feature
from cinematch_lib.recommender.similarity import Content

_HALVED = 2  # with every so many liked films, it counts half as much how many people like a film


@dataclass(frozen=True)
class ScoreWeights:
    """How much each part of the score counts.

    Where ratings speak, `ratings` is what they say at the most, `disliked` what a disliked film says through them
    where a liked one counts 1, `beside` the part of the likeness that counts for films with many ratings, 0 to 1,
    `rated_genres` stands for `genres`, and `rare` is what is taken off a film that nobody likes, before it falls with
    the number of liked films. `general` counts where they do not speak, `variety` where nothing is liked.
    """

    content: float = 1.0
    genres: float = 0.1
    general: float = 0.25
    variety: float = 0.1
    ratings: float = 1.0
    disliked: float = -0.2
    beside: float = 0.2
    rated_genres: float = 0.2
    rare: float = 3.0


class Score:
    """Scores of films for one person's preferences, and why they are what they are."""

    def __init__(
        self, films: Films, content: Content, said: ItemWeights | None, wanted: Preferences, weights: ScoreWeights
    ) -> None:
        self._films, self._content, self._said, self._weights = films, content, said, weights
        liked, disliked = films.rows(wanted.liked_movie_ids), films.rows(wanted.disliked_movie_ids)
        self._profile = content.profile(liked, disliked)
        self._rated = said is not None and self._listen(len(liked))
        self._counted = said is not None and (self._rated or not liked)
        self._everybody, self._general_weight = films.general, weights.general
        if self._rated:
            self._everybody, self._general_weight = said.rarity, -weights.rare * 0.5 ** (len(liked) / _HALVED)
        elif self._counted:
            self._everybody = said.popularity
        self._genre_weight = weights.rated_genres if self._rated else weights.genres
        # With one genre every film that fits has it, so it says nothing about which is better.
        asked_for = films.preferred(wanted) if self._genre_weight else ()
        self._genres = asked_for if len(asked_for) > 1 else ()

    def _listen(self, liked: int) -> bool:
        """Hear what each anchor, the `liked` ones first, says of films; whether the liked ones speak for any."""
        anchors = self._profile.anchors
        heard = self._said.heard(anchors[:liked])
        spoken = self._said.summed(heard)
        most = float(spoken.take(heard.columns).max(initial=0.0))
        if most <= 0:
            return False
        unit = self._weights.ratings / most
        self._voices = [(heard, 0, unit)]  # what they say, the place of the first among the anchors, how loud
        if anchors[liked:]:
            heard = self._said.heard(anchors[liked:])
            spoken += self._weights.disliked * self._said.summed(heard)
            self._voices.append((heard, liked, unit * self._weights.disliked))
        self._unit, self._spoken = unit, spoken
        self._unheard = ~self._said.known[list(anchors)]
        return True

    def of(self, films: Selection) -> np.ndarray:
        """The scores of some films: float32 (films,)."""
        scores = np.zeros(len(films), dtype=np.float32)
        if self._general_weight:
            scores += np.float32(self._general_weight) * films.of(self._everybody)
        if self._rated:
            scores += (self._unit * self._spoken.take(films.of(self._said.places))).astype(np.float32)
        if self._profile.anchors:
            scores += np.float32(self._weights.content) * self._likeness(films)
        if self._genres:
            scores += np.float32(self._genre_weight) * films.genre_share
        return scores

    def _likeness(self, films: Selection) -> np.ndarray:
        whole = self._content.scores(self._profile.vector, films)
        if not self._rated:
            return whole
        part = np.minimum(films.of(self._said.cold) + np.float32(self._weights.beside), np.float32(1))
        likeness = part * whole
        if self._unheard.any():
            unheard = self._content.part(self._profile, self._unheard)
            likeness += (1 - part) * self._content.scores(unheard, films)
        return likeness

    def addends(self, rows: Sequence[int], varied: Sequence[tuple[int, float] | None]) -> list[Contributions]:
        """What the scores of the films in `rows` add up to, kind by kind.

        `varied` is None for a film, or the row of another and what likeness to that one takes off.
        """
        at_rows = np.asarray(rows, dtype=np.int64)
        made = self._of_anchors(at_rows)
        if self._genres:
            made.append(self._of_genres(at_rows))
        if self._general_weight:
            made.append(self._of_everybody(at_rows))
        if any(varied):
            made.append(self._of_variety(varied))
        return made

    def _of_anchors(self, rows: np.ndarray) -> list[Contributions]:
        """What each liked and each disliked film adds, through ratings and by likeness."""
        anchors, weights = self._profile.anchors, self._profile.weights
        counts = self._counts_by_each(rows)
        scale = counts * weights
        through_ratings, by_likeness = self._said_by_each(rows), self._content.added(self._profile, rows) * counts
        liked = sum([weight > 0 for weight in weights])
        made = []
        for name, first, end in (("liked", 0, liked), ("disliked", liked, len(anchors))):

            def movie(_: int, addend: int, first: int = first) -> Movie:
                return self._films.movie(anchors[first + addend])

            def shared(film: int, addend: int, first: int = first) -> tuple[Feature, ...]:
                at = first + addend
                return self._content.shared(int(rows[film]), anchors[at], float(scale[film, at]))

            made.append(Contributions(f"rated_with_{name}", through_ratings[:, first:end], movie))
            made.append(Contributions(name, by_likeness[:, first:end], movie, shared))
        return made

    def _of_genres(self, rows: np.ndarray) -> Contributions:
        """What the preferred genres add that a film has."""
        of_each = self._genre_weight / len(self._genres)
        has = self._films.have(rows, self._genres)
        of_films = [tuple(of_film) for of_film in has.tolist()]

        @cache
        def genres(of_film: tuple[bool, ...]) -> tuple[Feature, ...]:
            return tuple([Feature("genres", name, of_each) for name in compress(self._genres, of_film)])

        values = of_each * has.sum(axis=1, keepdims=True)
        return Contributions("genres", values, features=lambda film, _: genres(of_films[film]))

    def _of_everybody(self, rows: np.ndarray) -> Contributions:
        """What people like in general: how many like the film, or how well they like it."""
        values = self._general_weight * self._everybody[rows].astype(np.float64)[:, None]
        if not self._counted:
            return Contributions("general", values)

        likes = self._said.likes[rows].tolist()

        def liked_by(film: int, _: int) -> tuple[Feature, ...]:
            people = f"{likes[film]:,} {'person' if likes[film] == 1 else 'people'}" if likes[film] else "nobody"
            return (Feature("likes", people, float(values[film, 0])),)

        return Contributions("popular", values, features=liked_by)

    def _of_variety(self, varied: Sequence[tuple[int, float] | None]) -> Contributions:
        """What likeness to a film before it in the list takes off."""
        values = np.array([[of[1] if of else 0.0] for of in varied])
        return Contributions("variety", values, lambda film, _: self._films.movie(varied[film][0]))

    def _said_by_each(self, rows: np.ndarray) -> np.ndarray:
        """What each anchor says of each film through ratings: float64 (rows, anchors)."""
        said = np.zeros((len(rows), len(self._profile.anchors)))
        if self._rated:
            # Of each film that is spoken of, its place in the list, from 1; 0 where it is not in it.
            listed = np.zeros(self._said.spoken_of + 1, dtype=np.min_scalar_type(len(rows)))
            listed[self._said.places[rows]] = np.arange(1, len(rows) + 1)
            for heard, first, voice in self._voices:
                at = listed.take(heard.columns)
                (here,) = (at > 0).nonzero()
                anchor = heard.lengths.cumsum().searchsorted(here, side="right")
                said[at[here] - 1, first + anchor] = voice * heard.values[here]
        return said

    def _counts_by_each(self, rows: np.ndarray) -> np.ndarray:
        """How much the likeness of each film to each anchor counts: float64 (rows, anchors)."""
        counts = np.full((len(rows), len(self._profile.anchors)), self._weights.content)
        if self._rated:
            part = np.minimum(self._said.cold[rows].astype(np.float64) + self._weights.beside, 1.0)
            counts *= part[:, None]
            counts[:, self._unheard] = self._weights.content
        return counts

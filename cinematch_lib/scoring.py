"""The score of films for one person: what it adds up to, film by film and addend by addend.

Where ratings speak, that is where a liked film has item-to-item weights:

score(film) = Σ what each liked film says through other people's ratings, and a part of what each disliked one says,
              over the most that the liked ones say of any film
            + a part of the likeness to the liked films, less that to the disliked: more for films with few ratings
            + the part of the preferred genres that it has.

Where they do not:

score(film) = likeness to the liked films, less that to the disliked
            + the part of the preferred genres that it has
            + how well liked it is in general.

A liked film that hardly anybody has rated speaks by its likeness in full in either case.
"""

from dataclasses import dataclass

import numpy as np

from cinematch_lib.content import Content
from cinematch_lib.explanation import Feature, Reason, with_shares
from cinematch_lib.films import Films, Preferences
from cinematch_lib.item_weights import ItemWeights


@dataclass(frozen=True)
class ScoreWeights:
    """How much each part of the score counts.

    Where ratings speak, `ratings` is what they say at the most, `disliked` what a disliked film says through them
    where a liked one counts 1, `beside` the part of the likeness that counts for films with many ratings, 0 to 1,
    and `rated_genres` stands for `genres`. `general` counts where they do not speak, `variety` where nothing is
    liked.
    """

    content: float = 1.0
    genres: float = 0.1
    general: float = 0.25
    variety: float = 0.1
    ratings: float = 1.0
    disliked: float = -0.2
    beside: float = 0.2
    rated_genres: float = 0.2


class Score:
    """Scores of films for one person's preferences, and why they are what they are."""

    def __init__(
        self, films: Films, content: Content, said: ItemWeights | None, wanted: Preferences, weights: ScoreWeights
    ) -> None:
        self._films, self._content, self._said, self._weights = films, content, said, weights
        liked, disliked = films.rows(wanted.liked_movie_ids), films.rows(wanted.disliked_movie_ids)
        self._profile = content.profile(liked, disliked)
        spoken = np.zeros(len(films), dtype=np.float32)
        if said is not None:
            _add(spoken, said, liked)
        most = float(spoken.max())
        self._rated = most > 0
        if self._rated:
            unit = weights.ratings / most
            self._voices = [unit] * len(liked) + [unit * weights.disliked] * len(disliked)
            _add(spoken, said, disliked, weights.disliked)
            spoken *= np.float32(unit)
            self._spoken = spoken
            self._unheard = [not said.known[row] for row in self._profile.anchors]
        self._general_weight = 0.0 if self._rated else weights.general
        self._genre_weight = weights.rated_genres if self._rated else weights.genres
        # With one genre every film that fits has it, so it says nothing about which is better.
        asked_for = films.preferred(wanted) if self._genre_weight else ()
        self._genres = asked_for if len(asked_for) > 1 else ()

    def of(self, rows: np.ndarray) -> np.ndarray:
        """The scores of the films in `rows`, ascending: float32 (rows,)."""
        scores = np.float32(self._general_weight) * self._films.general[rows]
        if self._rated:
            scores += self._spoken[rows]
        if self._profile.anchors:
            scores += np.float32(self._weights.content) * self._likeness(rows)
        if self._genres:
            scores += np.float32(self._genre_weight) * self._films.genre_share(self._genres, rows)
        return scores

    def _likeness(self, rows: np.ndarray) -> np.ndarray:
        whole = self._content.scores(self._profile.vector, rows)
        if not self._rated:
            return whole
        part = np.minimum(self._said.cold[rows] + np.float32(self._weights.beside), np.float32(1))
        likeness = part * whole
        if any(self._unheard):
            likeness += (1 - part) * self._content.scores(self._profile.part(self._unheard), rows)
        return likeness

    def reasons(self, row: int, variety: tuple[int, float] | None = None) -> tuple[Reason, ...]:
        """The addends of the score of the film in `row`, and then `variety`: a film's row, and what it takes off."""
        films, profile = self._films, self._profile
        parts: list[tuple] = []
        if self._rated:
            for anchor, weight, voice in zip(profile.anchors, profile.weights, self._voices, strict=True):
                kind = "rated_with_liked" if weight > 0 else "rated_with_disliked"
                parts.append((kind, voice * self._said.between(anchor, row), films.movie(anchor), ()))
        shared = self._content.shared(profile, row, self._parts_of_likeness(row))
        for anchor, weight, (value, features) in zip(profile.anchors, profile.weights, shared, strict=True):
            parts.append(("liked" if weight > 0 else "disliked", value, films.movie(anchor), features))
        if self._genres:
            of_each = self._genre_weight / len(self._genres)
            has = tuple(Feature("genres", name, of_each) for name in self._genres if name in films.movie(row).genres)
            parts.append(("genres", of_each * len(has), None, has))
        parts.append(("general", self._general_weight * float(films.general[row]), None, ()))
        if variety is not None:
            parts.append(("variety", variety[1], films.movie(variety[0]), ()))
        return with_shares(parts)

    def _parts_of_likeness(self, row: int) -> list[float]:
        """How much each anchor's likeness to the film in `row` counts."""
        content = self._weights.content
        if not self._rated:
            return [content] * len(self._profile.anchors)
        part = min(float(self._said.cold[row]) + self._weights.beside, 1.0)
        return [content if unheard else content * part for unheard in self._unheard]


def _add(spoken: np.ndarray, said: ItemWeights, rows: list[int], voice: float = 1.0) -> None:
    """Add to `spoken`, float32 (films,), in place: `voice` times what each film in `rows` says."""
    for row in rows:
        at, values = said.spoken(row)
        spoken[at] += np.float32(voice) * values

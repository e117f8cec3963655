"""The score of films for one person: what it adds up to, film by film and addend by addend.

Where ratings speak, that is where a liked film has item-to-item weights:

score(film) = what the liked films say through other people's ratings, and a part of what the disliked ones say
            + scale × (likeness to the liked films, as far as ratings are few
                       + the part of the preferred genres that it has
                       + how well liked it is in general),

the scale being the highest that the liked films say of any film. Where they do not, the scale is 1, and likeness
counts in full.
"""

from dataclasses import dataclass

import numpy as np

from cinematch_lib.content import Content
from cinematch_lib.explanation import Feature, Reason, with_shares
from cinematch_lib.films import Films, Preferences
from cinematch_lib.item_weights import ItemWeights


@dataclass(frozen=True)
class ScoreWeights:
    """How much each part of the score counts; those after `variety` are for where ratings speak.

    `disliked` is what a disliked film says through ratings, where a liked one counts 1; `rated_general` takes
    the place of `general`, `rated_genres` that of `genres`; `rated_content` is added to every film's `cold`.
    """

    content: float = 1.0
    genres: float = 0.1
    general: float = 0.25
    variety: float = 0.1
    disliked: float = -0.2
    rated_general: float = 0.0
    rated_genres: float = 0.1
    rated_content: float = 0.0


class Score:
    """Scores of films for one person's preferences, and why they are what they are."""

    def __init__(
        self, films: Films, content: Content, said: ItemWeights | None, wanted: Preferences, weights: ScoreWeights
    ) -> None:
        self._films, self._content, self._said, self._weights = films, content, said, weights
        liked, disliked = films.rows(wanted.liked_movie_ids), films.rows(wanted.disliked_movie_ids)
        self._profile = content.profile(liked, disliked)
        self._voices = [1.0] * len(liked) + [weights.disliked] * len(disliked)  # through ratings
        spoken = np.zeros(len(films), dtype=np.float32)
        if said is not None:
            for row in liked:
                at, values = said.spoken(row)
                spoken[at] += values
        highest = float(spoken.max())
        self._rated = highest > 0
        if self._rated:
            for row in disliked:
                at, values = said.spoken(row)
                spoken[at] += np.float32(weights.disliked) * values
            self._spoken = spoken
            self._unheard = [not said.known[row] for row in self._profile.anchors]
        scale = highest if self._rated else 1.0
        self._content_weight = scale * weights.content
        self._genre_weight = scale * (weights.rated_genres if self._rated else weights.genres)
        self._general_weight = scale * (weights.rated_general if self._rated else weights.general)
        # With one genre every film that fits has it, so it says nothing about which is better.
        asked_for = films.preferred(wanted) if self._genre_weight else ()
        self._genres = asked_for if len(asked_for) > 1 else ()

    def of(self, rows: np.ndarray) -> np.ndarray:
        """The scores of the films in `rows`, ascending: float32 (rows,)."""
        scores = np.float32(self._general_weight) * self._films.general[rows]
        if self._rated:
            scores += self._spoken[rows]
        if self._profile.anchors:
            scores += np.float32(self._content_weight) * self._likeness(rows)
        if self._genres:
            scores += np.float32(self._genre_weight) * self._films.genre_share(self._genres)[rows]
        return scores

    def _likeness(self, rows: np.ndarray) -> np.ndarray:
        whole = self._content.scores(self._profile.vector, rows)
        if not self._rated:
            return whole
        cold = self._said.cold[rows] + np.float32(self._weights.rated_content)
        likeness = cold * whole
        if any(self._unheard):
            of_unheard = self._content.scores(self._profile.part(self._unheard), rows)
            likeness += np.maximum(1 - cold, 0) * of_unheard
        return likeness

    def reasons(self, row: int, variety: tuple[int, float] | None = None) -> tuple[Reason, ...]:
        """The addends of the score of the film in `row`, and then `variety`: a film's row, and what it takes off."""
        films = self._films
        parts: list[tuple] = []
        if self._rated:
            for anchor, voice in zip(self._profile.anchors, self._voices, strict=True):
                kind = "rated_with_liked" if voice > 0 else "rated_with_disliked"
                parts.append((kind, voice * self._said.between(anchor, row), films.movie(anchor), ()))
        shared = self._content.shared(self._profile, row, self._shown(row))
        for anchor, weight, (value, features) in zip(self._profile.anchors, self._profile.weights, shared, strict=True):
            parts.append(("liked" if weight > 0 else "disliked", value, films.movie(anchor), features))
        if self._genres:
            of_each = self._genre_weight / len(self._genres)
            has = tuple(Feature("genres", name, of_each) for name in self._genres if name in films.movie(row).genres)
            parts.append(("genres", of_each * len(has), None, has))
        parts.append(("general", self._general_weight * float(films.general[row]), None, ()))
        if variety is not None:
            parts.append(("variety", variety[1], films.movie(variety[0]), ()))
        return with_shares(parts)

    def _shown(self, row: int) -> list[float]:
        """How much each anchor's likeness to the film in `row` counts."""
        if not self._rated:
            return [self._content_weight] * len(self._profile.anchors)
        cold = float(self._said.cold[row]) + self._weights.rated_content
        quiet, full = cold * self._content_weight, max(cold, 1.0) * self._content_weight
        return [full if unheard else quiet for unheard in self._unheard]

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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from cinematch_lib.content import Content
from cinematch_lib.explanation import Feature, Reason, with_shares
from cinematch_lib.films import Films, Preferences
from cinematch_lib.item_weights import ItemWeights

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

    def of(self, rows: np.ndarray) -> np.ndarray:
        """The scores of the films in `rows`, ascending: float32 (rows,)."""
        scores = np.float32(self._general_weight) * self._everybody[rows]
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

    def explainers(
        self, rows: Sequence[int], varied: Sequence[tuple[int, float] | None]
    ) -> list[Callable[[], tuple[Reason, ...]]]:
        """For each film of a list, by its row, what works out its reasons: the addends of its score.

        The last addend is `varied`, where there is one: a film's row, and what likeness to it takes off. What films
        add is worked out for the whole list when the first of its reasons is asked for.
        """
        at_rows = np.asarray(rows, dtype=np.int64)
        added = cache(lambda: (self._said_by_each(at_rows), self._likeness_by_each(at_rows)))
        return [
            partial(self._reasons, at, row, added, of) for at, (row, of) in enumerate(zip(rows, varied, strict=True))
        ]

    def _said_by_each(self, rows: np.ndarray) -> list[list[float]]:
        """What each anchor says of each film through ratings."""
        if not self._rated:
            return np.zeros((len(rows), len(self._profile.anchors))).tolist()
        said = [self._said.between(anchor, rows) for anchor in self._profile.anchors]
        return (np.stack(said, axis=1) * np.array(self._voices)).tolist()

    def _likeness_by_each(self, rows: np.ndarray) -> tuple[list[list[float]], list[list[float]]]:
        """What each anchor adds to each film by likeness, and how much their likeness counts."""
        counts = np.full((len(rows), len(self._profile.anchors)), self._weights.content)
        if self._rated:
            part = np.minimum(self._said.cold[rows].astype(np.float64) + self._weights.beside, 1.0)
            counts *= np.where(self._unheard, 1.0, part[:, None])
        return (self._content.added(self._profile, rows) * counts).tolist(), counts.tolist()

    def _reasons(
        self, at: int, row: int, added: Callable[[], tuple], varied: tuple[int, float] | None
    ) -> tuple[Reason, ...]:
        films, profile = self._films, self._profile
        said, (likeness, counts) = added()
        parts: list[tuple] = []
        for anchor, weight, value in zip(profile.anchors, profile.weights, said[at], strict=True):
            if value:
                kind = "rated_with_liked" if weight > 0 else "rated_with_disliked"
                parts.append((kind, value, films.movie(anchor), ()))
        for anchor, weight, value, count in zip(
            profile.anchors, profile.weights, likeness[at], counts[at], strict=True
        ):
            if value:
                features = partial(self._content.shared, row, anchor, weight * count)
                parts.append(("liked" if weight > 0 else "disliked", value, films.movie(anchor), features))
        if self._genres:
            of_each = self._genre_weight / len(self._genres)
            has = tuple(Feature("genres", name, of_each) for name in self._genres if name in films.movie(row).genres)
            parts.append(("genres", of_each * len(has), None, has))
        parts.append(self._liked_by_everybody(row))
        if varied is not None:
            parts.append(("variety", varied[1], films.movie(varied[0]), ()))
        return with_shares(parts)

    def _liked_by_everybody(self, row: int) -> tuple:
        """The addend of what people like in general: how many like the film, or how well they like it."""
        value = self._general_weight * float(self._everybody[row])
        if not self._counted:
            return "general", value, None, ()
        likes = int(self._said.likes[row])
        only, many = "only " if value < 0 else "", "person" if likes == 1 else "people"
        people = f"{only}{likes:,} {many}" if likes else "nobody"
        return "popular", value, None, (Feature("likes", people, value),)


def _add(spoken: np.ndarray, said: ItemWeights, rows: list[int], voice: float = 1.0) -> None:
    """Add to `spoken`, float32 (films,), in place: `voice` times what each film in `rows` says."""
    for row in rows:
        at, values = said.spoken(row)
        spoken[at] += np.float32(voice) * values

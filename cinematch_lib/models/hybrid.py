"""The hybrid: EASE on graded ratings of histories and sessions, and content for films that few have rated."""

import logging
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.base import Model
from cinematch_lib.models.content import add_cold, coldness, film_features
from cinematch_lib.models.ease import most_rated
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.ridge import RidgeInverse, check_memory
from cinematch_lib.models.training_matrix import SITTING, Rows
from cinematch_lib.models.tuning import choose

_BLOCK = 512  # films whose weights are made at once
_LOG = logging.getLogger(__name__)
_WIDER = 5  # of one film, at the most so many times as many weights are served as of films on average
_HALVED = 3  # with every so many ratings, what people like in general counts half as much
_KNOWN_LIKES = 8  # a film with fewer leads better where its likeness to others counts in full beside its weights
_VALUES = ("dropout", "session_weight", "calendar", "cold")


class Hybrid(Model):
    """Linear, additive, in closed form; what it is not told it chooses on users that it holds out.

    score(film) = Σ over the history: grade of the rating × weight of that film for this one
                + Σ over the years in which they were given: part of the history × weight of that year
                + part of all people that like this film × 0.5 ^ (ratings in the history / 3)
                + cold / (1 + ratings of this film) × cosine of its features with those of the liked films
                  × the highest of the sums before.

    The weights are those of EASE (Steck 2019, doi 10.1145/3308558.3313710) with three changes: every rating
    counts, by its grade (`graded.grade`); sessions stand as rows beside whole histories (`graded.sessions`);
    years stand as columns beside the films, which speak for films and are not recommended. The third addend is
    for short histories: the weights, learned from long ones, take a film that is not there for one not chosen,
    and in a short history that is mostly not so. (Slower fading finds a little more there, and costs long histories
    more than that; values are chosen without it, on long ones.) The last lets films be found that nobody or hardly
    anybody has rated.

    Parameters
    ----------
    regularization : λ of the regression, above 0; None to choose it.
    dropout : what part of the sum of a film's squared grades is added to its λ, 0 or more, as if that part of
        each history were left out at random (Steck 2020, "Autoencoders that don't overfit towards the
        identity"); None to choose it.
    session_weight : how much a session's row counts beside a history's, 0 or more; None to choose it.
    calendar : how large a year's column is, 0 or more; None to choose it. Without times, this and
        `session_weight` are 0.
    cold : 0 or more; None to choose the largest that costs the other films nothing.
    max_films : films beyond that many most rated have no weights, and lean on content.
    seed : which users are held out.

    After `fit`, `chosen` holds the values used, `tried` what each trial scored on the held-out users, and
    `cold_weights`, float32 (films,), cold / (1 + ratings) of each film. What it is at is told by the logger
    ``cinematch_lib.models``, at the level INFO.

    """

    def __init__(
        self,
        regularization: float | None = None,
        dropout: float | None = None,
        session_weight: float | None = None,
        calendar: float | None = None,
        cold: float | None = None,
        max_films: int = 20_000,
        seed: int = 0,
    ) -> None:
        if regularization is not None and not regularization > 0:
            raise CineMatchError(f"regularization must be above 0, or None to choose it, got {regularization!r}")
        others = {"dropout": dropout, "session_weight": session_weight, "calendar": calendar, "cold": cold}
        for name, value in others.items():
            if value is not None and not value >= 0:
                raise CineMatchError(f"{name} must be 0 or more, or None to choose it, got {value!r}")
        if max_films < 1:
            raise CineMatchError(f"max_films must be 1 or more, got {max_films!r}")
        self.regularization, self.dropout, self.cold = regularization, dropout, cold
        self.session_weight, self.calendar = session_weight, calendar
        self.max_films, self.seed = max_films, seed
        self.chosen: dict[str, float] = {}
        self.tried: list[dict[str, Any]] = []

    def _learn(self, learned: Interactions, catalog: pd.DataFrame) -> None:
        at = most_rated(learned, self.max_films)
        _check_memory(learned, len(at))
        self._features = film_features(catalog)
        given = {name: getattr(self, name) for name in ("regularization", *_VALUES)}
        rows = Rows.of(learned, with_sittings=self.session_weight != 0)
        self.chosen, self.tried = choose(learned, rows, self._features, given, self.seed)
        self._calendar = rows.calendar
        rows = rows.part(at)
        self._at, self._columns = at, rows.columns
        self._scale = np.ones(len(self._columns), dtype=np.float32)
        self._scale[len(at) :] = self.chosen["calendar"]
        matrix = self._scaled(rows.histories)
        if rows.sessions is not None and self.chosen["session_weight"]:
            sessions = self._scaled(rows.sessions)
            matrix = sparse.vstack([matrix, np.float32(self.chosen["session_weight"]) * sessions], format="csr")
            del sessions
        del rows
        squares = np.bincount(matrix.indices, np.square(matrix.data, dtype=np.float64), len(self._columns))
        self._spread = np.sqrt(squares).astype(np.float32)
        squares[len(at) :] = 0
        self._inverse = RidgeInverse(matrix, self.chosen["regularization"] + self.chosen["dropout"] * squares)
        counts = np.bincount(learned.stars.indices, minlength=len(self.films))
        self._liked = (self.general / len(learned)).astype(np.float32)
        self.cold_weights = np.float32(self.chosen["cold"]) * coldness(counts)

    def _scaled(self, rows: sparse.csr_matrix) -> sparse.csr_matrix:
        """With the years as large as they count."""
        data = rows.data * self._scale[rows.indices]
        return sparse.csr_matrix((data, rows.indices, rows.indptr), shape=rows.shape)

    def _scores(self, asked: Interactions) -> np.ndarray:
        films = len(self._at)
        rows = self._scaled(self._calendar.beside(asked)[:, self._columns])
        spoken = self._inverse.product(rows)[:, :films] / self._inverse.diagonal[:films]
        scores = np.zeros(asked.stars.shape, dtype=np.float32)
        scores[:, self._at] = rows[:, :films].toarray() - spoken
        said = np.diff(asked.stars.indptr)
        scores += (0.5 ** (said / _HALVED)).astype(np.float32)[:, None] * self._liked
        scores[said == 0] = 0
        if self.chosen["cold"]:
            add_cold(scores, asked, self._features, self.cold_weights)
        return scores

    def weights(self, most: int = 200) -> sparse.csr_matrix:
        """The first two sums of the score as one sparse matrix, for serving: CSR float32 (films + years, films).

        Row by row what a film of grade 1, or a year with all of a history, adds to each film. Of every film's
        column those `most` weights are kept that say most in all: the largest by amount × the length of their
        film's column in what was learned from. Raises CineMatchError.
        """
        inputs, films = len(self._columns), len(self._at)
        if most < 1:
            raise CineMatchError(f"most must be 1 or more, got {most!r}")
        most = min(most, inputs)
        parts = []
        _LOG.info("the %s weights of each of %s films that say most", f"{most:,}", f"{films:,}")
        for start in range(0, films, _BLOCK):
            block = slice(start, min(start + _BLOCK, films))
            made = -self._inverse.rows(block) * self._scale
            made /= self._inverse.diagonal[block, None]
            made[np.arange(len(made)), np.arange(block.start, block.stop)] = 0
            kept = np.argpartition(-np.abs(made * self._spread), most - 1, axis=1)[:, :most]
            values = np.take_along_axis(made, kept, axis=1)
            indptr = np.arange(len(made) + 1) * most
            parts.append(
                sparse.csr_matrix((values.ravel(), self._columns[kept].ravel(), indptr), (len(made), self._width))
            )
        by_film = sparse.vstack(parts, format="coo")
        spread = (by_film.data, (by_film.col, self._at[by_film.row]))
        weights = sparse.csr_matrix(spread, shape=(self._width, len(self.films)))
        weights.eliminate_zeros()
        return weights

    def item_weights(self, most: int = 200) -> ItemWeights:
        """What a recommender serves: `weights` without the years, and how much content counts for each film.

        Rows are the catalog's films in the order of their ids. The largest weights are kept by amount, `most` for
        each film on average: a film that many rated needs more of them than one that few did, and kept so, the
        same number of weights loses far less than with as many for each. Raises CineMatchError when `most` is
        below 1.
        """
        if most < 1:
            raise CineMatchError(f"most must be 1 or more, got {most!r}")
        films = len(self.films)
        weights = sparse.csr_matrix(self.weights(_WIDER * most)[:films])
        amount = np.abs(weights.data)
        if len(amount) > most * len(self._at):
            weights.data[amount < np.partition(amount, -most * len(self._at))[-most * len(self._at)]] = 0
            weights.eliminate_zeros()
        known = np.zeros(films, dtype=bool)
        known[self._at] = self.general[self._at] >= _KNOWN_LIKES
        return ItemWeights(self.films, weights, known, self.cold_weights, self.general.astype(np.int64))

    @property
    def _width(self) -> int:
        return len(self.films) + len(self._calendar.years)


def _check_memory(learned: Interactions, films: int) -> None:
    """Before any work: for histories and sessions as rows, whose times are put in order, and for the inverse."""
    ratings, timed = learned.stars.nnz, learned.times is not None
    rows = len(learned) + (ratings // SITTING if timed else 0)
    entries = ratings * (2 if timed else 1)
    check_memory(rows, films, entries, before=2 * 8 * entries + (5 * 8 * ratings if timed else 0))

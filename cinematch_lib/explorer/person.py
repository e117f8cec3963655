"""The person at hand: what they like, and for a person of the evaluation what was hidden of them."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.held_out import read_people, read_recommender
from cinematch_lib.recommender.export_files import read_export
from cinematch_lib.recommender.exports import match
from cinematch_lib.recommender.recommender import Recommender


@dataclass(frozen=True)
class Person:
    """Ratings by film, in stars, films that are liked without stars, and the likes that were hidden.

    `user` is the id of a person of the evaluation, None for others. `remarks` are on how the ratings were read.
    """

    ratings: Mapping[int, float] = field(default_factory=dict)
    liked: Sequence[int] = ()
    hidden: Sequence[int] = ()
    user: int | None = None
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Choice:
    """Who was chosen, and how the list is turned.

    `films` are those that were typed, with their stars or None; `user` is the id of a person of the evaluation;
    `has_file` tells that the person is that of a file; `knobs` are the values of the sliders that were moved.
    """

    films: tuple[tuple[int, float | None], ...] = ()
    user: int | None = None
    has_file: bool = False
    knobs: tuple[tuple[str, float], ...] = ()


class HeldOutPeople:
    """The people that a run's evaluation held out, by the id of the user; none without a run, or without any stored."""

    def __init__(self, run: Run | None) -> None:
        self._run = run

    def __iter__(self) -> Iterator[int]:
        return iter(self._people)

    def __len__(self) -> int:
        return len(self._people)

    def __getitem__(self, user: int) -> Person:
        return self._people[user]

    @cached_property
    def recommender(self) -> Recommender | None:
        """The recommender that learned nothing from any of them."""
        return None if self._run is None else read_recommender(self._run)

    @cached_property
    def lists(self) -> pd.DataFrame:
        """The lists of the models for them: `userId, model, rank, movieId`."""
        return pd.DataFrame() if self._stored is None else self._stored[1]

    @cached_property
    def _people(self) -> dict[int, Person]:
        if self._stored is None:
            return {}
        return {int(user): _person(int(user), of_user) for user, of_user in self._stored[0].groupby("userId")}

    @cached_property
    def _stored(self) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        return None if self._run is None else read_people(self._run)


def _person(user: int, table: pd.DataFrame) -> Person:
    history, hidden = table[table["hidden"] == 0], table[table["hidden"] == 1]
    stars = dict(zip(history["movieId"].tolist(), history["rating"].tolist(), strict=True))
    return Person(stars, hidden=hidden["movieId"].tolist(), user=user)


def uploaded(name: str, content: bytes, recommender: Recommender) -> Person:
    """The person of an export, as Letterboxd, IMDb or Trakt write it, named `name`. Raises CineMatchError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        try:
            export = read_export(path)
        except CineMatchError as error:
            raise CineMatchError(str(error).replace(str(path), path.name)) from None
    found = match(export, recommender)
    missing = [f"not found: {one}" for one in found.not_found]
    return Person(found.stars, remarks=[one.replace(str(path), path.name) for one in [*found.remarks, *missing]])

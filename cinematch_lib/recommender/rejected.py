"""Why a film is not in a run: what cleaning recorded of the films that it left out."""

import csv
import io
import re
from functools import cached_property

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.errors import CineMatchError, LeftOutError
from cinematch_lib.storage.paths import REJECTS
from cinematch_lib.vocabulary.spelling import fold
from cinematch_lib.vocabulary.titles import parse_title

_REMEDY = "run the pipeline with other parameters, such as -p min_year null"


class RejectedFilms:
    """The films of MovieLens that a run left out, read when an error first asks for them."""

    def __init__(self, run: Run | None = None) -> None:
        self._run = run

    @cached_property
    def _rows(self) -> list[dict[str, str]]:
        if self._run is None or REJECTS not in self._run.info.files:
            return []
        try:
            text = self._run.read_bytes(REJECTS).decode("utf-8")
        except CineMatchError:  # the run was removed since it was loaded; the film is unknown all the same
            return []
        return [row for row in csv.DictReader(io.StringIO(text)) if row["file"] == "movies.csv"]

    def check_id(self, movie_id: int) -> None:
        """Raise LeftOutError if the film with this id was left out."""
        self._refuse(next((row for row in self._rows if row["id"] == str(movie_id)), None))

    def check_title(self, title: str) -> None:
        """Raise LeftOutError if a film of this title was left out."""
        name, year = parse_title(title)
        found = (row for row in self._rows if fold(row["title"].split(" (")[0]) == fold(name))
        self._refuse(next((row for row in found if _may_be_of(year, row["reason"])), None))

    def _refuse(self, row: dict[str, str] | None) -> None:
        if row is not None:
            raise LeftOutError(row["title"], row["reason"], _REMEDY) from None


def _may_be_of(year: int | None, reason: str) -> bool:
    """Whether a film that was left out for this reason can be of the year that somebody asks for."""
    bound = re.fullmatch(r"(before|after) (\d+)", reason)
    if year is None or bound is None:
        return True
    return year < int(bound[2]) if bound[1] == "before" else year > int(bound[2])

"""A list of recommendations: films with their scores and the reasons for these."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, SupportsIndex

from cinematch_lib.errors import require_extra
from cinematch_lib.recommender.explanation import Explanations
from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.reasons import Reason

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Recommendation:
    """A recommended film with its score.

    Attributes
    ----------
    movie : the film.
    rank : its place in the list, from 1.
    score : its score; the values of `reasons` add up to it.

    """

    movie: Movie
    rank: int
    score: float
    _explanations: Explanations = field(repr=False, compare=False)  # of several films of the list
    _position: int = field(repr=False, compare=False)  # of this film among them

    def __init__(
        self, movie: Movie, rank: int, score: float, _explanations: Explanations, _position: int
    ) -> None:  # sooner than the one of frozen dataclasses, which sets field by field
        self.__dict__.update(movie=movie, rank=rank, score=score, _explanations=_explanations, _position=_position)

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """The contributions to the score, by falling absolute value. Computed on first access."""
        return self._explanations.reasons(self._position)

    def strongest_reasons(self, k: int) -> tuple[Reason, ...]:
        """The `k` first of `reasons`; the others, of which somebody with many likes has thousands, are not made."""
        return self._explanations.reasons(self._position, k)

    def reasons_and_rest(self, k: int) -> tuple[Reason, ...]:
        """The `k` first of `reasons`, and the sum of the others as a last one of the kind ``rest``; they add up too.

        A single other one is told itself.
        """
        found = self.strongest_reasons(k + 2)
        if len(found) <= k + 1:
            return found
        rest = self.score - sum([one.value for one in found[:k]])
        total = next((one.value / one.share for one in found if one.share), 1.0)
        return (*found[:k], Reason("rest", rest, rest / total))

    @property
    def explanation(self) -> str:
        """The reasons in words."""
        return self._explanations.sentences[self._position]

    @property
    def movie_id(self) -> int:
        """The film's MovieLens id."""
        return self.movie.movie_id

    @property
    def title(self) -> str:
        """The film's title."""
        return self.movie.title

    def to_dict(self) -> dict[str, Any]:
        """Rank, score, explanation and reasons beside the fields of the film, as values that JSON takes."""
        return {
            "rank": self.rank,
            **self.movie.to_dict(),
            "score": self.score,
            "explanation": self.explanation,
            "reasons": [reason.to_dict() for reason in self.reasons],
        }

    def __reduce__(self) -> tuple[Any, ...]:
        explained = Explanations.of_one(self.reasons, self.explanation)
        return Recommendation, (self.movie, self.rank, self.score, explained, 0)

    def __repr__(self) -> str:
        return f"Recommendation({self.rank}. {self.movie.label}, score={self.score:.4f})"


class Recommendations(list[Recommendation]):
    """A list of recommendations, the best first. A notebook shows it as a table."""

    def to_frame(self) -> "pd.DataFrame":
        """One row a film: `rank, movieId, title, year, genres, services, runtime, score, explanation`.

        Needs pandas, of the extra ``pipeline``; raises MissingExtraError without it.
        """
        require_extra("pipeline", "pandas")
        import pandas as pd  # the recommender itself does without it

        rows = [
            (
                one.rank,
                one.movie.movie_id,
                one.movie.title,
                one.movie.year,
                "|".join(one.movie.genres),
                "|".join(one.movie.services),
                one.movie.runtime,
                one.score,
                one.explanation,
            )
            for one in self
        ]
        columns = ["rank", "movieId", "title", "year", "genres", "services", "runtime", "score", "explanation"]
        return pd.DataFrame(rows, columns=columns).astype({"year": "Int64", "runtime": "Int64"})

    def to_dicts(self) -> list[dict[str, Any]]:
        """`Recommendation.to_dict` of each film."""
        return [one.to_dict() for one in self]

    def _repr_html_(self) -> str:
        columns = ("rank", "film", "genres", "score", "why")
        head = "".join(f"<th>{name}</th>" for name in columns)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_html_row, self))}</tbody></table>"

    def __getitem__(self, index: "SupportsIndex | slice") -> Any:
        """A recommendation by its position, or the list of a slice."""
        if isinstance(index, slice):
            return Recommendations(super().__getitem__(index))
        return super().__getitem__(index)


def _html_row(one: Recommendation) -> str:
    cells: Iterable[object] = (
        one.rank,
        one.movie.label,
        ", ".join(one.movie.genres),
        f"{one.score:.3f}",
        one.explanation,
    )
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"

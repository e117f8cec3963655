"""A run's films and recommendations in the API's words."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.reasons import Reason
from cinematch_lib.recommender.recommender import Recommendation

_REASONS, _FEATURES = 5, 4  # how many are told of; the explanation in words tells of no more

_REMEMBERED = 4096  # films


class ResponseBuilder:
    """Builds the answers for one run's films. `median_runtime` stands in where a film's own is unknown."""

    def __init__(self, median_runtime: int | None) -> None:
        self._median_runtime = median_runtime or 0  # the old client wants a number, also where nobody knows one
        self._films: dict[int, bytes] = {}  # by id: a film itself is slow to hash

    def film(self, movie: Movie) -> dict[str, Any]:
        """A film of the run."""
        return {
            "movie_id": movie.movie_id,
            "title": movie.title,
            "year": movie.year or 0,  # cleaning keeps only films with a year and a genre
            "runtime": movie.runtime or self._median_runtime,
            "runtime_known": bool(movie.runtime),
            "overview": movie.overview,
            "overview_known": movie.overview != movie.title,
            "genres": list(movie.genres) or ["unknown"],
            "services": list(movie.services),
            "director": list(movie.director),
            "cast": list(movie.cast),
            "tmdb_id": movie.tmdb_id,
            "imdb_id": movie.imdb_id,
            "poster_path": movie.poster_path,
            "original_language": movie.original_language,
        }

    def recommended(self, found: Sequence[Recommendation], *, with_reasons: bool) -> bytes:
        """Recommendations in JSON, with their explanations, and their weightiest reasons where asked for."""
        of_each = []
        for one in found:
            rest = {
                "rank": one.rank,
                "score": round(one.score, 6),
                "explanation": one.explanation,
                "reasons": [_reason(reason) for reason in one.reasons[:_REASONS]] if with_reasons else [],
            }
            of_each.append(joined(self._in_json(one.movie), as_json(rest)))
        return b"[" + b",".join(of_each) + b"]"

    def _in_json(self, movie: Movie) -> bytes:
        found = self._films.get(movie.movie_id)
        if found is None:
            if len(self._films) >= _REMEMBERED:
                self._films.clear()
            found = self._films[movie.movie_id] = as_json(self.film(movie))
        return found


def _reason(reason: Reason) -> dict[str, Any]:
    movie = reason.movie
    return {
        "kind": reason.kind,
        "value": round(reason.value, 6),
        "share": round(reason.share, 4),
        "movie_id": movie.movie_id if movie else None,
        "title": movie.title if movie else None,
        "year": movie.year if movie else None,
        "features": [feature.name for feature in reason.features[:_FEATURES]],
    }


def as_json(value: object) -> bytes:
    """The bytes of an answer."""
    return to_json(value)


def joined(one: bytes, other: bytes) -> bytes:
    """Two objects in JSON, neither of them empty, as one.

    >>> joined(b'{"a":1}', b'{"b":2}')
    b'{"a":1,"b":2}'
    """
    return one[:-1] + b"," + other[1:]

"""JSON responses: a run's films and recommendations in the API's fields."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic_core import PydanticSerializationError, to_json
from starlette.responses import Response

from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.reasons import Reason
from cinematch_lib.recommender.recommendations import Recommendation

_MAX_REASONS, _MAX_FEATURES = 5, 4  # as many as the explanation can name
_CACHE_SIZE = 4096  # films


class ResponseBuilder:
    """Encodes the films of one run. `median_runtime`, in minutes, replaces an unknown runtime."""

    def __init__(self, median_runtime: int | None) -> None:
        self._median_runtime = median_runtime or 0  # the old client requires a number
        self._cache: dict[int, bytes] = {}  # keyed by movie id, since a Movie is slow to hash

    def film(self, movie: Movie) -> dict[str, Any]:
        """The fields of one film."""
        return {
            "movie_id": movie.movie_id,
            "title": movie.title,
            "year": movie.year or 0,  # cleaning keeps only films with a year and a genre
            "runtime": movie.runtime or self._median_runtime,
            "runtime_known": bool(movie.runtime),
            "overview": movie.overview,
            "overview_known": movie.overview_known,
            "genres": list(movie.genres) or ["unknown"],
            "services": list(movie.services),
            "director": list(movie.director),
            "cast": list(movie.cast),
            "tmdb_id": movie.tmdb_id,
            "imdb_id": movie.imdb_id,
            "poster_path": movie.poster_path,
            "poster_url": movie.poster_url,
            "original_language": movie.original_language,
        }

    def recommendations(
        self, recommendations: Sequence[Recommendation], *, with_reasons: bool, offset: int = 0
    ) -> bytes:
        """Recommendations as a JSON list, with their explanations, and with their reasons if requested.

        The largest reasons come one by one and the others as one, so that they add up to the score.
        Ranks count on from `offset`.
        """
        encoded = []
        for one in recommendations:
            reasons = one.reasons_and_rest(_MAX_REASONS) if with_reasons else ()
            of_list = {
                "rank": offset + one.rank,
                "score": round(one.score, 6),
                "explanation": one.explanation,
                "reasons": [_reason(reason) for reason in reasons],
            }
            encoded.append(join_objects(self._encoded_film(one.movie), to_json(of_list)))
        return b"[" + b",".join(encoded) + b"]"

    def _encoded_film(self, movie: Movie) -> bytes:
        encoded = self._cache.get(movie.movie_id)
        if encoded is None:
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            encoded = self._cache[movie.movie_id] = to_json(self.film(movie))
        return encoded


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "kind": reason.kind,
        "value": round(reason.value, 6),
        "share": round(reason.share, 4),
        **{name: getattr(reason.movie, name, None) for name in ("movie_id", "title", "year")},
        "features": [feature.name for feature in reason.told_features[:_MAX_FEATURES]],
    }


def json_response(values: Sequence[object] | None = None, /, **fields: object) -> Response:
    """A JSON object with these fields, or a JSON list of `values`."""
    return Response(encode(fields if values is None else values), media_type="application/json")


def list_response(name: str, encoded_list: bytes, **fields: object) -> Response:
    """A JSON object whose field `name` is a list that is already encoded, with further fields."""
    body = join_objects(b'{"%s":%s}' % (name.encode(), encoded_list), encode(fields))
    return Response(body, media_type="application/json")


def error_response(status: int, detail: object, headers: dict[str, str] | None = None, **fields: object) -> Response:
    """A JSON error whose `detail` is for a person, with further fields."""
    return Response(encode({"detail": detail, **fields}), status, headers, media_type="application/json")


def encode(value: object) -> bytes:
    """A value as JSON. Half of a surrogate pair, which JSON can name and UTF-8 cannot hold, stays escaped."""
    try:
        return to_json(value)
    except PydanticSerializationError:
        return json.dumps(value, separators=(",", ":")).encode()


def join_objects(first: bytes, second: bytes) -> bytes:
    """Two encoded JSON objects, neither of them empty, as one.

    >>> join_objects(b'{"a":1}', b'{"b":2}')
    b'{"a":1,"b":2}'
    """
    return first[:-1] + b"," + second[1:]

"""The parts of TMDb's responses that are stored, and the rows of the tables made from them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cinematch_lib.data.tables import CAST_SHOWN
from cinematch_lib.vocabulary.genres import canonical_genres
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR

_CAST_KEPT = 10
_JOBS_KEPT = frozenset({"Director", "Writer", "Screenplay", "Novel", "Original Music Composer"})
KINDS = ("flatrate", "free", "ads", "rent", "buy")


def trim_response(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A film's response without most of cast and crew and without the providers' pictures: a tenth of its size.

    Details, keywords and the providers of all regions are kept.
    """
    credits = answer.get("credits") or {}
    cast = sorted(_objects(credits.get("cast")), key=_billing)[:_CAST_KEPT]
    crew = [one for one in _objects(credits.get("crew")) if one.get("job") in _JOBS_KEPT]
    kept = {name: value for name, value in answer.items() if name not in ("credits", "watch/providers")}
    kept["credits"] = {
        "cast": [{name: one.get(name) for name in ("id", "name", "order")} for one in cast],
        "crew": [{name: one.get(name) for name in ("id", "name", "job")} for one in crew],
    }
    offers = {region: _by_kind(of_region) for region, of_region in _regions(answer).items()}
    kept["watch/providers"] = {"results": {region: kinds for region, kinds in offers.items() if kinds}}
    return kept


def metadata_row(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A film's row of ``tmdb_metadata.csv``; unknown values are empty text."""
    credits, keywords = answer.get("credits") or {}, answer.get("keywords") or {}
    cast = sorted(_objects(credits.get("cast")), key=_billing)
    directors = [one for one in _objects(credits.get("crew")) if one.get("job") == "Director"]
    numbers = {name: _number(answer.get(name)) for name in ("popularity", "vote_count", "vote_average")}
    texts = ("title", "release_date", "overview", "original_language", "poster_path")
    return {
        "tmdb_id": answer["id"],
        "runtime": _number(answer.get("runtime")) or "",  # TMDb writes 0 for an unknown runtime
        "genres": LIST_SEPARATOR.join(canonical_genres(_names(answer.get("genres")))),
        "keywords": _joined(_names(keywords.get("keywords"))),
        "cast_top": _joined(_names(cast), CAST_SHOWN),
        "director": _joined(_names(directors)),
        **{name: _text(answer.get(name)) for name in texts},
        **numbers,
    }


def provider_rows(answer: Mapping[str, Any], region: str) -> list[tuple[str, str]]:
    """The film's offers in a region as (kind, service), in the order of KINDS, then of names."""
    offers = _by_kind(_regions(answer).get(region))
    return [(kind, name) for kind in KINDS for name in sorted(set(offers.get(kind, ())))]


def _regions(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    regions = (answer.get("watch/providers") or {}).get("results")
    return regions if isinstance(regions, dict) else {}


def _by_kind(offers: Any) -> dict[str, list[str]]:
    """The services by kind of offer, from a new or a trimmed response."""
    offers = offers if isinstance(offers, dict) else {}
    return {kind: names for kind in KINDS if (names := list(_names(offers.get(kind), "provider_name")))}


def _objects(values: Any) -> list[dict[str, Any]]:
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _names(values: Any, name: str = "name") -> Iterator[str]:
    """The names in a list of objects or of names, without list separators."""
    for one in values if isinstance(values, list) else ():
        text = _text(one.get(name) if isinstance(one, dict) else one)
        if text := " ".join(text.replace(LIST_SEPARATOR, "/").split()):
            yield text


def _joined(names: Iterable[str], limit: int | None = None) -> str:
    return LIST_SEPARATOR.join(list(dict.fromkeys(names))[:limit])


def _billing(one: Mapping[str, Any]) -> float:
    order = one.get("order")
    return order if isinstance(order, (int, float)) else float("inf")


def _number(value: Any) -> int | float | str:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _text(value: Any) -> str:
    # JSON may contain lone surrogates, which UTF-8 cannot encode.
    return value.encode("utf-8", "replace").decode().replace("\0", "") if isinstance(value, str) else ""

"""The state of the page as text, for a link that opens the page in this state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from cinematch_lib.catalog.filters import Filters
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer.film_map import Area, check_area
from cinematch_lib.explorer.knobs import NAMES
from cinematch_lib.explorer.person import Choice
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR

_DEFAULTS = {one.name: getattr(Filters(), one.name) for one in fields(Filters)}
_OWN = ("dataset", "services", "area", "like", "person", *NAMES)


@dataclass(frozen=True)
class Moment:
    """What one can choose on the page: settings, an area of the map, and the person."""

    settings: Settings
    area: Area | None = None
    person: Choice = field(default_factory=Choice)


def to_link(moment: Moment) -> str:
    """The part of a link after ``#``: what differs from no filters at all. The ratings of a file are left out.

    >>> person = Choice(((1, None), (6, 4.5)))
    >>> to_link(Moment(Settings("sample", Filters(min_year=1990, genres_keep=["war"])), person=person))
    'dataset=sample&services=demo&min_year=1990&genres_keep=war&like=1,6:4.5'
    """
    return urlencode(_given(moment), quote_via=quote, safe=f",:{LIST_SEPARATOR}")


def differing(a: Moment, b: Moment) -> set[str]:
    """The names, in a link, of what differs between two moments."""
    return {name for name, _ in _given(a).items() ^ _given(b).items()}


def _given(moment: Moment) -> dict[str, str]:
    settings = moment.settings
    given = {"dataset": settings.dataset, "services": settings.services}
    for name, default in _DEFAULTS.items():
        if (value := getattr(settings.filters, name)) != default:
            given[name] = LIST_SEPARATOR.join(value) if isinstance(value, tuple) else str(value).lower()
    if moment.area is not None:
        given["area"] = ",".join(f"{one:g}" for one in moment.area)
    person = moment.person
    if person.films:
        given["like"] = ",".join(f"{film}" if stars is None else f"{film}:{stars:g}" for film, stars in person.films)
    if person.user is not None:
        given["person"] = str(person.user)
    return given | {name: f"{value:g}" for name, value in person.knobs}


def from_link(link: str, settings: Settings) -> Moment:
    """The moment of a link, or of its part after ``#``, on a page with these settings. Raises CineMatchError."""
    text = link.strip().rpartition("#")[2]
    given = dict(parse_qsl(text, keep_blank_values=True))
    if unknown := [name for name in given if name not in _DEFAULTS and name not in _OWN]:
        known = ", ".join([*_OWN, *_DEFAULTS])
        raise CineMatchError(f"a link to this page has {known}; got {unknown[0]!r}")
    if not given:
        raise CineMatchError(f"this is no link to a state of this page: {link!r}; copy one with Copy link")
    if (dataset := given.get("dataset", settings.dataset)) != settings.dataset:
        raise CineMatchError(
            f"the link shows films of {dataset}, and this page those of {settings.dataset}; "
            f"make a run of {dataset} the current one"
        )
    filters = Filters(**{name: _filter_value(name, text) for name, text in given.items() if name in _DEFAULTS})
    settings = replace(settings, filters=filters, services=given.get("services", settings.services))
    area = _numbers(given, "area", float)
    return Moment(settings, check_area(area or None), _person(given))  # type: ignore[arg-type]


def _person(given: Mapping[str, str]) -> Choice:
    films: list[tuple[int, float | None]] = []
    for film in given.get("like", "").split(","):
        movie_id, _, stars = film.partition(":")
        if film:
            films.append((_number("like", movie_id, int), _number("like", stars, float) if stars else None))
    user = _number("person", given["person"], int) if "person" in given else None
    knobs = tuple((name, _number(name, given[name], float)) for name in sorted(NAMES) if name in given)
    for name, value in knobs:
        if not 0 <= value <= 1:
            raise CineMatchError(f"{name} must be between 0 and 1, got {value}")
    for _, stars_given in films:
        if stars_given is not None and stars_given * 2 not in range(1, 11):
            raise CineMatchError(f"stars must be from 0.5 to 5 in half steps, got {stars_given}")
    return Choice(tuple(films), user, knobs=knobs)


def _filter_value(name: str, text: str) -> Any:
    default = _DEFAULTS[name]
    if isinstance(default, tuple):
        return text.split(LIST_SEPARATOR)
    if isinstance(default, bool):
        return text == "true"
    return text if isinstance(default, str) else _number(name, text, int)


def _numbers(given: Mapping[str, str], name: str, kind: Callable[[str], Any]) -> tuple[Any, ...]:
    return tuple(_number(name, one, kind) for one in given.get(name, "").split(",") if one)


def _number(name: str, text: str, kind: Callable[[str], Any]) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise CineMatchError(f"{name} must be a number in a link, got {text!r}") from None

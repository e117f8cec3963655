"""Values of parameters: as typed at a question, as shown there, as written in a command, and checked together."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import yaml

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data.datasets import DATASETS
from cinematch_lib.data.tmdb.fetching import validate
from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.features.film_features import FilmFeatures
from cinematch_lib.pipeline.parameters import Parameter
from cinematch_lib.vocabulary.genres import MOVIELENS_GENRES, TMDB_ONLY_GENRES


def parse(parameter: Parameter, text: str) -> Any:
    """The value typed at a question. As after ``-p``, and lists need no brackets, and none is null or an empty list.

    >>> parse(Parameter("genres_keep", list[str], []), "crime, drama")
    ['crime', 'drama']
    >>> parse(Parameter("max_year", int | None, None), "none")
    """
    if get_origin(parameter.type) is list and not text.startswith("["):
        return parameter.parse("[]" if text.casefold() == "none" else f"[{text}]")
    if isinstance(parameter.type, UnionType) and type(None) in get_args(parameter.type) and text.casefold() == "none":
        return None
    return parameter.parse(text)


def to_argument(value: Any) -> str:
    """A value as written after ``-p``, on one line.

    >>> to_argument(None), to_argument(True), to_argument(["crime", "sci-fi"]), to_argument({"genres": 0.5})
    ('null', 'true', '[crime, sci-fi]', '{genres: 0.5}')
    """
    if isinstance(value, str):
        return value
    return yaml.safe_dump(value, default_flow_style=True, width=float("inf")).removesuffix("...\n").rstrip("\n")


def to_text(value: Any) -> str:
    """A value as shown at a question.

    >>> to_text(None), to_text([]), to_text(False), to_text(["flatrate", "ads"]), to_text([10, 20])
    ('none', 'none', 'no', 'flatrate, ads', '10, 20')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(to_argument, value)) or "none"
    return "none" if value in (None, "") else to_argument(value)


def check(values: Mapping[str, Any], dataset: str | None = None) -> None:
    """Raise CineMatchError for `values` of all parameters that the steps of the pipeline would refuse.

    With the name of a MovieLens data set, also for genres that it does not have; other folders may have others.
    """
    Filters(**{one.name: values[one.name] for one in fields(Filters)})
    if dataset in DATASETS:
        _check_genres([*values["genres_keep"], *values["genres_drop"]])
    validate(values["tmdb_limit"], values["region"], values["max_age_days"])
    file = Path(values["services_file"]) if values["services_file"] else None
    if file is not None and not file.is_file():
        raise CineMatchError(f"services_file must be a CSV file, and there is none at {file}")
    options = {name: values[name] for name in ("region", "offers", "seed")}
    ServicesSource.from_parameters(values["services"], raw_dir=Path(), services_file=file, **options)
    names = ("max_features", "ngram_max", "min_df", "field_weights")
    FilmFeatures(**{name: values[name] for name in names}).check_parameters()


def _check_genres(genres: Sequence[str]) -> None:
    known = MOVIELENS_GENRES + TMDB_ONLY_GENRES
    for genre in Filters(genres_keep=genres).genres_keep:
        if genre not in known:
            message = f"there is no genre {genre!r}; there are {', '.join(known)}"
            raise UnknownNameError(message, close_names(genre, known))

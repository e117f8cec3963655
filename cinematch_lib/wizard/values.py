"""Values of parameters: as typed at a question, as shown there, as written in a command."""

from types import UnionType
from typing import Any, get_args, get_origin

import yaml

from cinematch_lib.pipeline.parameters import Parameter


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

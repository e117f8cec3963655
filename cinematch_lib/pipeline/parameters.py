"""The parameters of a notebook: their names, types and defaults, and the check of given values."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.vocabulary.renamed import check_not_renamed

TAG = "parameters"
_Numbers = dict[str, float]
_Values = dict[str, Any]
# The types of parameters whose defaults do not tell them. They do not stand in the notebooks, because papermill reads
# plain assignments alone.
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("min_year", "max_year", "min_runtime", "max_runtime"), int | None),
    **dict.fromkeys(("tmdb_limit", "max_features", "folds", "test_users"), int | None),
    **dict.fromkeys(("regularization", "dropout", "session_weight", "year_weight"), float | None),
    **dict.fromkeys(("feature_weight", "content_weight"), float | None),
    **dict.fromkeys(
        ("genres_keep", "genres_drop", "services_keep", "offers", "models", "extra_analyses", "encoders"), list[str]
    ),
    "ks": list[int],
    "field_weights": _Numbers,
    "model_params": _Values,
    **dict.fromkeys(("date", "experiment"), str | None),
}
_DESCRIPTIONS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    list[str]: "a list such as [comedy, drama]",
    list[int]: "a list of whole numbers such as [10, 20]",
    _Numbers: "numbers by name such as {genres: 0.5}",
    _Values: "values by name such as {factors: 32}",
    NoneType: "null",
}
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]{1,3}")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook: its name, its type, its default, and the comment at the end of its line."""

    name: str
    type: Any
    default: Any
    description: str = field(default="", compare=False)

    @property
    def _types(self) -> tuple[Any, ...]:
        return get_args(self.type) if isinstance(self.type, UnionType) else (self.type,)

    def check(self, value: Any) -> Any:
        """`value` in the parameter's type: dates of YAML as text, ``1e3`` and 5.0 as numbers. Raises CineMatchError."""
        value = self._from_yaml(value)
        try:
            return TypeAdapter(self.type, config=ConfigDict(strict=True)).validate_python(value)
        except ValidationError:
            hint = "; put it in quotes" if self.type is str and value is not None else ""
            raise CineMatchError(f"{self.name} must be {self.type_description()}, got {value!r}{hint}") from None

    def parse(self, text: str) -> Any:
        """The value that a person typed: `text` itself for a text parameter, else `text` read as YAML.

        ``NO`` is a region for a text parameter and false for a boolean one. Raises CineMatchError.
        """
        if str in self._types:
            return None if NoneType in self._types and text.strip() in ("null", "~", "") else text
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date that does not exist
            value = text
        try:
            return self.check(value)
        except CineMatchError:
            raise CineMatchError(f"{self.name} must be {self.type_description()}, got {text!r}") from None

    def _from_yaml(self, value: Any) -> Any:
        """A value of YAML in the type that was meant: YAML takes ``1e3`` for text and ``2015`` for a number."""
        if str in self._types:
            if isinstance(value, date):
                return value.isoformat()
            optional = NoneType in self._types and isinstance(value, int) and not isinstance(value, bool)
            return str(value) if optional else value
        if isinstance(value, str) and _EXPONENT.fullmatch(value):
            value = float(value)
        if isinstance(value, float) and value.is_integer() and int in self._types:
            return int(value)
        return value

    def type_description(self) -> str:
        """The type in words, and the default."""
        return f"{' or '.join(_DESCRIPTIONS[one] for one in self._types)} (its default is {self.default!r})"


def notebook_parameters(path: Path) -> dict[str, Parameter]:
    """The parameters of a notebook by name, read from its cell tagged ``parameters``.

    The cell is parsed and not executed. It holds assignments of literals and nothing else; raises CineMatchError
    otherwise.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))  # nbformat takes seconds to import
    cells = [cell for cell in notebook["cells"] if TAG in cell["metadata"].get("tags", [])]
    if len(cells) != 1:
        raise CineMatchError(f"{path} must have one cell tagged {TAG!r}, and has {len(cells)}")
    source = "".join(cells[0]["source"])
    try:
        comments = _line_comments(source)
        parameters = [_parameter(statement, comments) for statement in ast.parse(source).body]
    except (SyntaxError, ValueError) as error:
        raise CineMatchError(
            f"the cell tagged {TAG!r} of {path} must hold lines such as 'seed = 0  # what it does': {error}"
        ) from None
    return {parameter.name: parameter for parameter in parameters}


def assigned_names(source: str) -> list[str]:
    """The names to which the statements of a cell assign."""
    statements = (one for one in ast.parse(source).body if isinstance(one, ast.Assign))
    return [target.id for one in statements for target in one.targets if isinstance(target, ast.Name)]


def _parameter(statement: ast.stmt, comments: Mapping[int, str]) -> Parameter:
    """The parameter that an assignment declares. Raises ValueError for any other statement."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(statement, ast.Assign) or len(statement.targets) > 1 or not isinstance(target, ast.Name):
        raise ValueError(f"line {statement.lineno} is no assignment to one name, without a type")
    default = ast.literal_eval(statement.value)
    kind = _TYPES.get(target.id, type(default))
    if kind is NoneType or not (kind in _DESCRIPTIONS or isinstance(kind, UnionType)):
        raise ValueError(f"the default {default!r} does not tell the type of {target.id}, and parameters.py does not")
    description = comments.get(statement.end_lineno or statement.lineno, "")
    return Parameter(target.id, kind, default, description)


def _line_comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


def check_parameters(
    given: Mapping[str, Any], known: Mapping[str, Parameter], elsewhere: Iterable[str] = (), *, typed: bool = False
) -> dict[str, Any]:
    """The given values by name, each checked against its parameter; with `typed`, texts are parsed.

    `elsewhere` are the names of parameters of steps that are not run. Raises CineMatchError, UnknownNameError.
    """
    values = {}
    for name, value in given.items():
        if name not in known:
            check_not_renamed(name, {*known, *elsewhere})
            if name in set(elsewhere):
                raise CineMatchError(f"the parameter {name} belongs to a step that is not run this time; leave it out")
            raise UnknownNameError(
                f"no notebook has the parameter {name!r}; there are {', '.join(known)}", close_names(name, known)
            )
        parameter = known[name]
        values[name] = parameter.parse(value) if typed and isinstance(value, str) else parameter.check(value)
    return values

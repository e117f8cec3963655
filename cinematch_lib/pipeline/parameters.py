"""The parameters of a notebook: their names, types and defaults, and the check of given values."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args

import nbformat
import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.vocabulary.renamed import check_not_renamed

TAG = "parameters"
# The types that a parameter may have, as annotated; each also with "| None". With a description for error messages.
_TYPES: dict[str, tuple[Any, str]] = {
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "str": (str, "text"),
    "bool": (bool, "true or false"),
    "list[str]": (list[str], "a list such as [comedy, drama]"),
    "list[int]": (list[int], "a list of whole numbers such as [10, 20]"),
    "dict[str, float]": (dict[str, float], "numbers by name such as {genres: 0.5}"),
}
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]{1,3}")
_DESCRIPTIONS = {NoneType: "null"} | dict(_TYPES.values())


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook: its name, its annotated type, its default, and the comment at the end of its line."""

    name: str
    type: Any
    default: Any
    description: str = field(default="", compare=False)

    @property
    def _types(self) -> tuple[Any, ...]:
        return get_args(self.type) if isinstance(self.type, UnionType) else (self.type,)

    def check(self, value: Any) -> Any:
        """Return `value` in the parameter's type; YAML's dates are text, ``1e3`` a number. Raises CineMatchError."""
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
            number = float(value)
            return int(number) if int in self._types and number.is_integer() else number
        return value

    def type_description(self) -> str:
        """The type in words, and the default."""
        return f"{' or '.join(_DESCRIPTIONS[one] for one in self._types)} (its default is {self.default!r})"


def notebook_parameters(path: Path) -> dict[str, Parameter]:
    """The parameters of a notebook by name, read from its cell tagged ``parameters``.

    The cell is parsed and not executed. It holds annotated assignments of literals and nothing else; raises
    CineMatchError otherwise.
    """
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise CineMatchError(f"{path} must have one cell tagged {TAG!r}, and has {len(cells)}")
    source = cells[0].source
    try:
        comments = _line_comments(source)
        parameters = [_parameter(statement, comments) for statement in ast.parse(source).body]
    except (SyntaxError, ValueError) as error:
        raise CineMatchError(
            f"the cell tagged {TAG!r} of {path} must hold lines such as 'seed: int = 0  # what it does': {error}"
        ) from None
    return {parameter.name: parameter for parameter in parameters}


def _parameter(statement: ast.stmt, comments: Mapping[int, str]) -> Parameter:
    """The parameter that an annotated assignment declares. Raises ValueError for any other statement."""
    if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value):
        raise ValueError(f"line {statement.lineno} is no annotated assignment")
    annotation = ast.unparse(statement.annotation)
    if annotation.removesuffix(" | None") not in _TYPES:
        raise ValueError(f"the type {annotation} is none of {', '.join(_TYPES)}, with or without '| None'")
    kind, _ = _TYPES[annotation.removesuffix(" | None")]
    return Parameter(
        name=statement.target.id,
        type=kind | None if annotation.endswith(" | None") else kind,
        default=ast.literal_eval(statement.value),
        description=comments.get(statement.end_lineno or statement.lineno, ""),
    )


def _line_comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


def check_parameters(
    given: Mapping[str, Any], known: Mapping[str, Parameter], elsewhere: Iterable[str] = (), *, typed: bool = False
) -> dict[str, Any]:
    """The given values by name, each checked against its parameter; with `typed` they are texts and are parsed.

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
        values[name] = known[name].parse(value) if typed else known[name].check(value)
    return values

"""The parameters of the notebooks: what they are called, which type they have, whether a value fits."""

import ast
import io
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args

import nbformat
import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.vocabulary.renamed import check_not_renamed

TAG = "parameters"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook: its name, its type as annotated, its default, and the comment beside it."""

    name: str
    type: Any
    default: Any
    meaning: str = field(default="", compare=False)

    def check(self, value: Any) -> Any:
        """The value, where it is of the parameter's type; raises CineMatchError otherwise."""
        try:
            return TypeAdapter(self.type, config=ConfigDict(strict=True)).validate_python(value)
        except ValidationError:
            quote = "; put it in quotes" if self.type is str and value is not None else ""
            raise CineMatchError(f"{self.name} must be {self.described()}, got {value!r}{quote}") from None

    def parse(self, text: str) -> Any:
        """The value that a person typed: the text itself for a text parameter, else read as YAML.

        So ``NO`` is a region where text is wanted, and false where true or false is.
        """
        if self.type is str:
            return text
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: like a date, but there is no such day
            value = text
        try:
            return self.check(value)
        except CineMatchError:
            raise CineMatchError(f"{self.name} must be {self.described()}, got {text!r}") from None

    def described(self) -> str:
        """The type in words, with the default as an example."""
        either = [_IN_WORDS.get(one, str(one)) for one in get_args(self.type) if isinstance(self.type, UnionType)]
        words = " or ".join(either) or _IN_WORDS.get(self.type, str(self.type))
        return f"{words} (its default is {self.default!r})"


_IN_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    NoneType: "null",
    list[str]: "a list such as [comedy, drama]",
    list[int]: "a list of whole numbers such as [10, 20]",
    dict[str, float]: "numbers by name such as {genres: 0.5}",
}


def notebook_parameters(path: Path) -> dict[str, Parameter]:
    """The parameters of a notebook, by name, from its cell tagged ``parameters``.

    The cell is executed, as the kernel will do: it assigns constants with annotations and nothing else.
    """
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise CineMatchError(f"{path} must have one cell tagged {TAG!r}, and has {len(cells)}")
    namespace: dict[str, Any] = {}
    exec(compile(cells[0].source, str(path), "exec"), namespace)
    types = namespace.get("__annotations__", {})
    meanings = _comments(cells[0].source)
    return {name: Parameter(name, kind, namespace[name], meanings.get(name, "")) for name, kind in types.items()}


def _comments(source: str) -> dict[str, str]:
    """The comment at the end of each annotated assignment, by the name assigned to."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    by_line = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
    assigned = [one for one in ast.parse(source).body if isinstance(one, ast.AnnAssign)]
    return {one.target.id: by_line[one.end_lineno] for one in assigned if one.end_lineno in by_line}


def checked(
    given: Mapping[str, Any],
    known: Mapping[str, Parameter],
    elsewhere: Iterable[str] = (),
    *,
    typed: bool = False,
) -> dict[str, Any]:
    """The given values by name, each checked against its parameter; `typed` ones are texts to be parsed.

    `elsewhere` are parameters of steps that are not run. Raises CineMatchError, UnknownNameError.
    """
    values = {}
    for name, value in given.items():
        if name not in known:
            check_not_renamed(name, {*known, *elsewhere})
            if name in set(elsewhere):
                raise CineMatchError(f"the parameter {name} belongs to a step that is not run this time; leave it out")
            raise UnknownNameError(
                f"no notebook has the parameter {name!r}; there are {', '.join(known)}",
                close_names(name, known),
            )
        values[name] = known[name].parse(value) if typed else known[name].check(value)
    return values

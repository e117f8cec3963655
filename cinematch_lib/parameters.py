"""The parameters of the notebooks: what they are called, which type they have, whether a value fits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names

TAG = "parameters"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook: its name, its type as annotated, and its default."""

    name: str
    type: Any
    default: Any

    def check(self, value: Any) -> Any:
        """The value, where it is of the parameter's type; raises CineMatchError otherwise."""
        try:
            return TypeAdapter(self.type, config=ConfigDict(strict=True)).validate_python(value)
        except ValidationError:
            raise CineMatchError(f"{self.name} must be {self.described()}, got {value!r}") from None

    def parse(self, text: str) -> Any:
        """The value that a person typed, as YAML where that fits the type, else as the text itself.

        So ``NO`` is a region for a text parameter, and false for a boolean one.
        """
        try:
            readings = [yaml.safe_load(text), text]
        except yaml.YAMLError:
            readings = [text]
        for reading in readings:
            try:
                return self.check(reading)
            except CineMatchError:
                continue
        raise CineMatchError(f"{self.name} must be {self.described()}, got {text!r}")

    def described(self) -> str:
        """The type in words, with the default as an example."""
        name = getattr(self.type, "__name__", None) if not hasattr(self.type, "__args__") else None
        words = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}.get(name or "")
        if words is None:
            words = (
                str(self.type)
                .replace("list[str]", "a list such as [comedy, drama]")
                .replace("int", "a whole number")
                .replace("float", "a number")
                .replace(" | None", " or null")
            )
        return f"{words} (its default is {self.default!r})"


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
    return {name: Parameter(name, kind, namespace[name]) for name, kind in types.items()}


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
            if name in set(elsewhere):
                raise CineMatchError(f"the parameter {name} belongs to a step that is not run this time; leave it out")
            raise UnknownNameError(
                f"no notebook has the parameter {name!r}; there are {', '.join(known)}",
                close_names(name, known),
            )
        values[name] = known[name].parse(value) if typed else known[name].check(value)
    return values

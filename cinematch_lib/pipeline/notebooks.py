"""The steps of the pipeline, their notebooks, and the parameters that these take."""

from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.pipeline.parameters import Parameter, assigned_names, check_parameters, notebook_parameters

STEPS = {
    "fetch": "01_fetch.ipynb",
    "clean": "02_clean.ipynb",
    "features": "03_features.ipynb",
    "train": "04_train.ipynb",
    "evaluate": "05_evaluate.ipynb",
}
FOLDERS = ("raw_dir", "data_dir", "artifacts_dir")
# Every step takes the data set and the folders; these steps write to a run besides.
_WRITE_TO_A_RUN = ("features", "train", "evaluate")

_INJECTED, _OF_PAPERMILL = "# Parameters", "PAPERMILL_"  # how papermill begins the cell of given values; its own names

_CHECKOUT = Path(__file__).resolve().parents[2] / "notebooks"
IN_CHECKOUT = (_CHECKOUT / STEPS["fetch"]).is_file()
NOTEBOOKS = _CHECKOUT if IN_CHECKOUT else Path(__file__).resolve().with_name("notebooks")  # the copy in the wheel


def steps_between(first: str | None, last: str | None) -> list[str]:
    """The steps from `first` to `last`, both included; None stands for the first and the last of all.

    Raises UnknownNameError, and CineMatchError where `first` comes after `last`.
    """
    names = list(STEPS)
    for name in (first, last):
        if name is not None and name not in STEPS:
            raise UnknownNameError(
                f"there is no step {name!r}; the steps are {', '.join(names)}", close_names(name, names)
            )
    start, stop = names.index(first or names[0]), names.index(last or names[-1])
    if start > stop:
        raise CineMatchError(f"--from must not come after --to, got --from {first} and --to {last}")
    return names[start : stop + 1]


def step_parameters(steps: Sequence[str]) -> dict[str, Parameter]:
    """The parameters of the notebooks of `steps` by name, without the folders and the run, which the runner sets.

    Raises CineMatchError for a notebook that lacks a parameter which the runner must set: it would otherwise work on
    its own defaults, whatever the person asked for.
    """
    known: dict[str, Parameter] = {}
    for step in steps:
        path = NOTEBOOKS / STEPS[step]
        found = notebook_parameters(path)
        required = {"dataset", *FOLDERS, *(("run_dir",) if step in _WRITE_TO_A_RUN else ())}
        if missing := sorted(required - found.keys()):
            raise CineMatchError(f"{path} lacks the parameters {', '.join(missing)}, which step {step} needs")
        known |= found
    return {name: parameter for name, parameter in known.items() if name not in (*FOLDERS, "run_dir")}


def check_parameters_of(name: str, namespace: MutableMapping[str, Any]) -> None:
    """Check the parameters in the `namespace` of the notebook `name`, such as ``02_clean``, and convert what was typed.

    papermill passes unknown names with no more than a warning, and values of any type. Raises UnknownNameError and
    CineMatchError, as `check_parameters` does. A copy of the notebook may declare further parameters.
    """
    known = notebook_parameters(NOTEBOOKS / f"{name}.ipynb")
    given = _injected_names(namespace.get("In", []))
    values = {one: namespace[one] for one in (*known, *given) if one in namespace}
    namespace.update(check_parameters(values, known, step_parameters(list(STEPS)), typed=True))


def _injected_names(cells: Sequence[str]) -> list[str]:
    """The names that papermill assigned in its cell, without those that the cell before it, the defaults, declares."""
    at = max((number for number, source in enumerate(cells) if source.startswith(_INJECTED)), default=0)
    if not at:
        return []
    declared = assigned_names(cells[at - 1])
    return [one for one in assigned_names(cells[at]) if one not in declared and not one.startswith(_OF_PAPERMILL)]

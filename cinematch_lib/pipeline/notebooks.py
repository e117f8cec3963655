"""The steps of the pipeline, their notebooks, and the parameters that these take."""

from collections.abc import Sequence
from pathlib import Path

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.pipeline.parameters import Parameter, notebook_parameters

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

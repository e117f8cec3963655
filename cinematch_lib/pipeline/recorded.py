"""The parameters that a run was made with, read from its executed notebooks."""

from typing import Any

from cinematch_lib.artifacts.manifest import RECORDS
from cinematch_lib.artifacts.runs import RunRecord
from cinematch_lib.pipeline.notebooks import STEPS, step_parameters


def recorded_parameters(run: RunRecord) -> dict[str, Any]:
    """The parameters that the pipeline gave to the notebooks of a run, without the folders."""
    parameters: dict[str, Any] = {}
    for name in run.info.files:
        if name.startswith(RECORDS) and name.endswith(".ipynb"):
            metadata = run.read_json(name).get("metadata", {})
            parameters |= metadata.get("papermill", {}).get("parameters", {})
    known = step_parameters(list(STEPS))
    return {name: value for name, value in parameters.items() if name in known}

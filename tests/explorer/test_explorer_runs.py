"""A pipeline run that the page starts as a child process."""

import pytest
from support.small_projects import DATASET, lay_raw

from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer.pipeline_process import PipelineProcess, failure_message
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.pipeline.runner import Folders


@pytest.fixture
def folders(tmp_path):
    lay_raw(tmp_path / "raw")
    return Folders(*(tmp_path / name for name in ("raw", "data", "artifacts")))


def watched(settings, folders):
    said, ends = [], []
    return PipelineProcess(settings, folders, said.append, ends.append), said, ends


def test_a_failed_run_is_reported_in_one_line_and_does_not_become_current(folders):
    process, said, ends = watched(Settings(DATASET, Filters(min_year=2090)), folders)
    process.wait()
    (problem,) = ends
    assert problem.startswith("step clean failed in cell [")
    assert ": no film is left of " in problem
    assert "\n" not in problem
    assert (said[0].done, said[0].message) == (0, "clean …")
    assert not (folders.artifacts_dir / "current").exists()


def test_a_run_can_be_stopped(folders):
    process, _, ends = watched(Settings(DATASET, Filters()), folders)
    process.stop()
    process.wait()
    (problem,) = ends
    assert problem
    assert not (folders.artifacts_dir / "current").exists()


@pytest.mark.parametrize(
    ("errors", "line"),
    [
        ([], ""),
        (["Segmentation fault"], "Segmentation fault"),
        (["warning: x", "cinematch: raw/x was not found; fetch it", ""], "raw/x was not found; fetch it"),
        (
            ["cinematch: step clean failed in cell [2] of 02_clean.ipynb:", "", "    1 / 0", "", "Traceback …",
             "ZeroDivisionError: division by zero", "", "The notebook as far as it came: failed/02_clean.ipynb"],
            "step clean failed in cell [2] of 02_clean.ipynb: ZeroDivisionError: division by zero",
        ),
    ],
)  # fmt: skip
def test_the_failure_of_a_command_is_one_line(errors, line):
    assert failure_message(errors) == line

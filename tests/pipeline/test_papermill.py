"""Single notebooks run by hand with papermill's own command: what it lists, passes on, and what they refuse."""

import json
import subprocess

import papermill
import pytest
from support.commands import module
from support.small_projects import DATASET, lay_raw

from cinematch_lib.pipeline.notebooks import NOTEBOOKS
from cinematch_lib.pipeline.parameters import notebook_parameters

CLEAN = NOTEBOOKS / "02_clean.ipynb"


def run(folder, *words):
    folders = {"raw_dir": "raw", "data_dir": "data", "artifacts_dir": "artifacts"}
    given = [word for name, place in folders.items() for word in ("-p", name, str(folder / place))]
    command = module("papermill", "--no-progress-bar", CLEAN, folder / "out.ipynb")
    return subprocess.run(
        [*command, *given, "-p", "dataset", DATASET, *words], capture_output=True, text=True, cwd=folder, timeout=120
    )


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_papermill_lists_all_parameters_with_their_defaults(path):
    listed = papermill.inspect_notebook(path)
    declared = notebook_parameters(path)
    assert {name: one["help"] for name, one in listed.items()} == {
        name: one.description for name, one in declared.items()
    }


def test_values_are_passed_without_a_warning_and_read_as_they_are_meant(tmp_path):
    lay_raw(tmp_path / "raw")
    done = run(tmp_path, "-p", "min_year", "1.98e3", "-p", "genres_keep", "[crime, war]", "-p", "require_tmdb", "False")
    assert done.returncode == 0, done.stderr
    assert "unknown parameter" not in done.stdout + done.stderr
    filters = json.loads((tmp_path / "data" / "cleaning_report.json").read_text())["filters"]
    assert (filters["min_year"], filters["genres_keep"]) == (1980, ["crime", "war"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-p", "min_yaer", "1990"], "UnknownNameError: no notebook has the parameter 'min_yaer'; there are dataset, "),
        (["-p", "min_year", "abc"], "min_year must be a whole number or null (its default is None), got 'abc'"),
        (["-y", "genres_keep: crime"], "genres_keep must be a list such as [comedy, drama] (its default is []), got "),
        (["-p", "max_features", "9"], "the parameter max_features belongs to a step that is not run this time"),
    ],
)
def test_a_notebook_refuses_what_papermill_would_pass(tmp_path, words, message):
    done = run(tmp_path, *words)
    assert done.returncode != 0
    assert message in done.stderr.splitlines()[-2]
    assert not (tmp_path / "data").exists()

"""The notebooks in their default form: they run, and leave what the README shows."""

import re
import shlex

from support.commands import cinematch
from support.pages import ROOT, blocks

from cinematch_lib.artifacts.runs import current_run_id, list_runs
from cinematch_lib.evaluation.compare import SERVED_BY_INPUTS
from cinematch_lib.models import MODELS
from cinematch_lib.pipeline.notebooks import NOTEBOOKS


def test_every_notebook_runs_from_any_folder_and_passes_nbval(default_run):
    """On copies in a project of their own, in their default form."""
    folder = default_run.folder
    assert default_run.done.code == 0, default_run.done.out
    assert sorted(path.name for path in folder.iterdir()) == ["artifacts", "cinematch_lib", "data", "notebooks", "raw"]
    runs = list_runs(folder / "artifacts")
    assert [list(run.facts)[-1] for run in runs] == ["features", "train", "evaluate"]  # each goes on from the last
    assert current_run_id(folder / "artifacts") == runs[-1].run_id
    assert set(runs[-1].facts["evaluate"]["metrics"]) == {*MODELS, *SERVED_BY_INPUTS.values()}
    for path in NOTEBOOKS.glob("*.ipynb"):
        assert (folder / "notebooks" / path.name).read_bytes() == path.read_bytes()


def test_the_recommendation_that_the_readme_shows_is_the_one_that_make_run_prints(default_run):
    (recipe,) = re.findall(r"cinematch (recommend .*)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    shown = next(block for block in blocks("README.md", "text") if block.startswith("  1. "))
    assert cinematch(default_run.folder, *shlex.split(recipe)).out.startswith(shown)

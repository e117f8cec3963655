"""The workflow for a CI service: its steps, as a shell runs them, on runs that the command made."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from support.commands import COMMAND

from cinematch_lib.artifacts.runs import current_run_id

WORKFLOW = Path(__file__).resolve().parents[2] / ".github" / "workflows" / "pipeline.yml"
STEPS = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["pipeline"]["steps"]


def script(name):
    (found,) = [step["run"] for step in STEPS if step.get("name") == name]
    return found


@pytest.fixture
def job(sample_run, tmp_path):
    """A folder as the job has it after `make run`, and what its shell knows."""
    shutil.copytree(sample_run.artifacts, tmp_path / "artifacts")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "cinematch").symlink_to(COMMAND)
    return tmp_path, os.environ | {"GITHUB_ENV": str(tmp_path / "env")}


def compare(job):
    folder, environment = job
    command = ["bash", "-e", "-c", script("Compare with the run before")]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_first_job_has_nothing_to_compare_with(job):
    done = compare(job)
    assert (done.returncode, done.stdout) == (0, "There is no run before to compare with.\n")
    assert (job[0] / "env").read_text() == f"run={current_run_id(job[0] / 'artifacts')}\n"


def test_results_that_are_the_same_pass(job):
    folder, _ = job
    shutil.copy(folder / "artifacts" / "current", folder / "before.txt")
    done = compare(job)
    assert done.returncode == 0, done.stderr
    assert "same results" in done.stdout


def test_what_the_comparison_says_ends_the_job(job):
    folder, _ = job
    (folder / "before.txt").write_text("20200101T000000Z-0badc0de\n")
    done = compare(job)
    assert done.returncode == 1
    assert "is no run here" in done.stderr


def test_the_pipeline_is_run_as_the_readme_says():
    assert script("Run the pipeline") == "make run"

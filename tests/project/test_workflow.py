"""The workflows for a CI service: the pipeline's steps, as a shell runs them, and the commands of the checks."""

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from support.commands import COMMAND
from support.slow import SLOW

from cinematch_lib.artifacts.runs import current_run_id
from cinematch_lib.cli.main import parser

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOW = ROOT / ".github" / "workflows" / "pipeline.yml"
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
    assert "has no run '20200101T000000Z-0badc0de'" in done.stderr


def test_the_history_of_metrics_is_drawn_into_the_summary(job):
    folder, environment = job
    (folder / "scripts").symlink_to(ROOT / "scripts")
    python = folder / ".venv/bin/python"  # a link would not find the packages of the environment
    python.write_text(f'#!/bin/sh\nexec "{COMMAND.with_name("python")}" "$@"\n')
    python.chmod(0o755)
    summary, run = folder / "summary.md", current_run_id(folder / "artifacts")
    words = environment | {"run": run, "GITHUB_STEP_SUMMARY": str(summary)}
    command = ["bash", "-e", "-c", script("Draw the history of metrics")]
    done = subprocess.run(command, cwd=folder, env=words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert run in summary.read_text() and (folder / "history/metrics.svg").is_file()


def test_the_pipeline_is_run_as_the_readme_says():
    assert script("Run the pipeline") == "make run"


# --- the checks ---------------------------------------------------------------------------------------

CHECK = yaml.safe_load((WORKFLOW.parent / "check.yml").read_text(encoding="utf-8"))["jobs"]["check"]
LINES = [line for step in CHECK["steps"] for line in step.get("run", "").splitlines()]


def test_checks_run_on_the_oldest_and_the_newest_python_on_linux_and_macos():
    matrix = CHECK["strategy"]["matrix"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest"]
    supported = [
        line.rpartition(" ")[2]
        for line in PROJECT["classifiers"]
        if line.startswith("Programming Language :: Python ::")
    ]
    assert matrix["python"] == [supported[0], supported[-1]]
    assert PROJECT["requires-python"] == f">={supported[0]}"


def test_checks_call_targets_of_the_makefile():
    targets = re.findall(r"^([\w-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    called = [shlex.split(line)[1] for line in LINES if line.startswith("make ")]
    assert called == ["check-all", "docs", "wheel"]
    assert set(called) <= set(targets)


@pytest.mark.parametrize("line", [line for line in LINES if "/cinematch " in line])
def test_checks_call_commands_that_exist(line):
    program, *words = shlex.split(line)
    assert program in (".venv/bin/cinematch", "clean/bin/cinematch")
    if words == ["--version"]:
        return
    options = parser().parse_args(words)
    assert callable(options.command)


def recipe(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)


def test_checks_lint_and_check_types_first():
    assert [line.split()[0] for line in recipe("lint")[1].splitlines()] == ["$(BIN)/ruff", "$(BIN)/ruff", "$(BIN)/mypy"]
    assert all(recipe(name)[0].startswith(f"{name}: lint ") for name in ("check", "check-all"))


def test_make_check_leaves_out_slow_tests_and_says_so_and_check_all_runs_every_test():
    quick, told = recipe("check")[1].splitlines()
    assert quick == '\t$(PYTEST) -m "not slow"' and "make check-all" in told
    assert recipe("check-all")[1] == "\t$(PYTEST)\n"
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith("make check-all")
    assert set(SLOW) <= {path.name for path in (ROOT / "tests").rglob("test_*.py")}

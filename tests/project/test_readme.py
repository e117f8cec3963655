"""What the README says is so: its commands, its Python, its tree, its tables and its numbers."""

import dataclasses
import itertools
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from support.commands import cinematch

from cinematch_lib import Preferences
from cinematch_lib.data.movielens import DATASETS
from cinematch_lib.pipeline import parameters
from cinematch_lib.pipeline import runner as pipeline

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[list[str]]:
    words = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines()]
    return [line for line in words if line and line[0] == program]


def table_names(text: str) -> set[str]:
    """Names in backticks in the first column of the tables of a part of the README."""
    rows = re.findall(r"^\| (`[^|]*) \|", text, flags=re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def part(title: str) -> str:
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, flags=re.MULTILINE | re.DOTALL)[1]


def test_every_make_target_exists_and_is_described():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    described = set(re.findall(r"^(\w+):.*## ", makefile, flags=re.MULTILINE))
    asked = {line[1] for line in commands("make")}
    assert asked >= {"run", "check", "lab"}
    assert asked <= described
    assert set(re.search(r"Makefile +(.*)", README)[1].split(" · ")) == described - {"help"}


@pytest.mark.parametrize("line", [line for line in commands("cinematch") if line[1] == "run"], ids=" ".join)
def test_run_commands_name_real_steps_parameters_and_data_sets(line):
    given = dict(itertools.pairwise(line))
    steps = pipeline.steps_between(given.get("--from"), given.get("--to"))
    assert given.get("--dataset", "sample") in DATASETS
    typed = {name: value for flag, name, value in zip(line, line[1:], line[2:], strict=False) if flag == "-p"}
    parameters.checked(typed, pipeline.parameters_of(steps), typed=True)


@pytest.mark.parametrize("line", [line for line in commands("cinematch") if line[1] != "run"], ids=" ".join)
def test_other_commands_work_on_the_sample(line, sample_run):
    done = cinematch(sample_run.folder, *line[1:])
    assert (done.code, done.err) == (0, "")
    assert done.out


def test_the_python_example_works(sample_run, monkeypatch, capsys):
    (code,) = blocks("python")
    monkeypatch.chdir(sample_run.folder)
    exec(compile(code, "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert all("like heat (1995)" in line.lower() for line in lines)


def test_the_recommendation_shown_is_the_one_that_make_run_prints(default_run):
    (recipe,) = re.findall(r"cinematch (recommend .*)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    shown = next(block for block in blocks("text") if block.startswith("  1. "))
    assert cinematch(default_run.folder, *shlex.split(recipe)).out.startswith(shown)


def test_the_tree_is_the_folders_own():
    (tree,) = [block for block in blocks("text") if "cinematch_lib/" in block]
    named = {name.rstrip("/") for line in tree.splitlines() for name in line.split("  ")[0].split()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {name.split("/")[0] for name in listed.splitlines()}
    assert named <= top
    assert top - named <= {".ci", ".gitignore", "LICENSE"}


def test_the_module_table_is_the_library_s_own():
    text = part("What is where")
    modules = {path.stem for path in (ROOT / "cinematch_lib").glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in (ROOT / "cinematch_lib").glob("*/__init__.py")}
    assert table_names(text.split("modules of `cinematch_lib`")[1]) == modules | packages


def test_the_tables_of_the_pipeline_name_every_step_and_parameter():
    text = part("The pipeline")
    known = set(pipeline.parameters_of(list(pipeline.STEPS))) - {"dataset"}
    assert table_names(text) == known | set(pipeline.STEPS)


def test_the_table_of_data_sets_names_them_all():
    assert table_names(part("Data sets")) == set(DATASETS)


def test_every_file_that_the_readme_shows_is_there():
    headings = {f"#{line.lower().replace(' ', '-')}" for line in re.findall(r"^##+ (.*)", README, flags=re.MULTILINE)}
    for path in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert path in headings if path.startswith("#") else (ROOT / path).is_file(), path


def test_numbers_of_the_real_catalog(tmp_path):
    real = os.environ.get("CINEMATCH_REAL_DATA")
    if not real:
        pytest.skip("CINEMATCH_REAL_DATA names no folder with the real data")
    from cinematch_lib.catalog.cleaning import clean
    from cinematch_lib.catalog.filters import Filters

    said = " ".join(part("The pipeline").split())
    folder, tmdb = Path(real) / "ml-32m", Path(real) / "tmdb" / "tmdb_metadata.csv"
    without = clean(folder, tmp_path, filters=Filters(min_year=1980))
    assert f"{without.kept:,} of {without.read:,} films are kept" in said
    of = without.dropped
    assert f"{of['no year known']:,} have no year, {of['before 1980']:,} are older, {of['no genre known']:,}" in said
    report = clean(folder, tmp_path, metadata_path=tmdb, filters=Filters(min_year=1980))
    known = report.coverage
    assert f"keeps {report.kept:,}, of which {known['overview']:,} have a real overview" in said
    assert f"{known['cast_top']:,} a cast and {known['director']:,} a director" in said


def test_the_table_of_preferences_names_them_all():
    rows = re.findall(r"^\| (`--[^|]*) \| ([^|]*) \|", part("Use it"), flags=re.MULTILINE)
    fields = {name for _, cell in rows for name in re.findall(r"`(\w+)`", cell)}
    assert fields == {field.name for field in dataclasses.fields(Preferences)}


def test_nothing_is_left_to_fill_in():
    assert not re.search(r"@@|TODO|TBD", README)

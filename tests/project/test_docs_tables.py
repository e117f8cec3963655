"""Tables and numbers of the documentation agree with the code."""

import dataclasses
import inspect
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from support.pages import ROOT, blocks, first_names, names, rows, section
from support.serving import client

import cinematch_lib
from cinematch_lib import Preferences
from cinematch_lib.cli.main import parser
from cinematch_lib.data.datasets import DATASETS
from cinematch_lib.data.tables import MERGED
from cinematch_lib.models.hybrid import Hybrid
from cinematch_lib.pipeline import notebooks as pipeline
from cinematch_lib.recommender import scoring
from cinematch_lib.recommender.clauses import CLAUSES
from cinematch_lib.vocabulary.renamed import RENAMED_PARAMETERS


def options_of(command):
    """The options of a command, such as ``--dataset``."""
    (commands,) = [one for one in parser()._actions if hasattr(one, "choices") and one.choices]
    return {name for action in commands.choices[command]._actions for name in action.option_strings} - {"-h", "--help"}


def test_the_table_of_steps_names_them_in_order():
    shown = [(names(row[0])[0], names(row[1])[0]) for row in rows(section("docs/pipeline.md", "Steps"))]
    assert shown == list(pipeline.STEPS.items())


def test_the_table_of_parameters_names_them_all_with_their_steps():
    of_step = {step: set(pipeline.step_parameters([step])) for step in pipeline.STEPS}
    shown = {}
    for row in rows(section("docs/pipeline.md", "Parameters")):
        steps = list(pipeline.STEPS) if row[2] == "all" else row[2].split(", ")
        shown |= {name: set(steps) for name in names(row[0])}
    known = {name: {step for step, of in of_step.items() if name in of} for name in set().union(*of_step.values())}
    del known["dataset"]
    assert shown == known


def test_defaults_in_the_table_of_parameters():
    known = pipeline.step_parameters(list(pipeline.STEPS))
    for row in rows(section("docs/pipeline.md", "Parameters")):
        listed = re.findall(r"\[[^\]]*\]|\{[^}]*\}|[^,\s]+", row[1]) * (1 if "," in row[1] else len(names(row[0])))
        for name, text in zip(names(row[0]), listed, strict=False):
            if text in ("chosen", "none"):
                assert known[name].default is None, name
            elif row[1] not in ("all", "by size", "all, true"):
                assert yaml.safe_load(text) == known[name].default, name


def test_the_table_of_data_sets_names_them_all():
    shown = [row for row in rows(section("docs/pipeline.md", "Data sets")) if len(row) == 4]
    assert {name for row in shown for name in names(row[0])} == set(DATASETS)
    for row in shown:
        films, ratings = (DATASETS[names(row[0])[0]].films, DATASETS[names(row[0])[0]].ratings)
        if row[1][0].isdigit() and films:
            assert (row[1], row[2]) == (f"{films:,}", f"{ratings:,}")


@pytest.mark.parametrize(
    ("page", "part", "command"), [("docs/pipeline.md", "Run it", "run"), ("docs/serving.md", "Start", "serve")]
)
def test_the_table_of_options_names_them_all(page, part, command):
    shown = {name.split()[0] for name in first_names(section(page, part))}
    assert shown == options_of(command)


def test_the_table_of_preferences_names_them_all():
    table = rows(section("docs/recommending.md", "Preferences"))
    assert {name for row in table for name in names(row[0])} == {one.name for one in dataclasses.fields(Preferences)}
    assert {name for row in table for name in names(row[1])} <= options_of("recommend")
    assert all(len(names(row[0])) == len(names(row[1])) for row in table)


def test_the_table_of_hyperparameters_names_them_all():
    shown = first_names(section("docs/conventions.md", "Hyperparameters"))
    assert shown == set(pipeline.step_parameters(["train"])) - {"dataset"}


def test_the_first_hyperparameters_of_the_table_are_those_that_are_tuned():
    tuned = [name for name, one in inspect.signature(Hybrid).parameters.items() if one.default is None]
    text = section("docs/conventions.md", "Hyperparameters")
    assert "\nThe first six are chosen on held-out users" in text
    assert [names(row[0])[0] for row in rows(text)][:6] == tuned


def test_the_changelog_names_every_renamed_parameter():
    table = rows(section("CHANGELOG.md", "Changed"))
    assert {names(row[1])[0]: names(row[0])[0] for row in table} == dict(RENAMED_PARAMETERS)


def test_the_catalog_s_columns():
    assert f"`{','.join(MERGED.columns)}`" in section("docs/conventions.md", "Tables")


def test_the_tables_of_the_api_name_every_path_field_and_status(sample_run, tmp_path):
    with client(sample_run.artifacts, state_dir=tmp_path, identify=True) as api:
        document = api.get("/openapi.json").json()
    paths = {f"{method.upper()} {path}" for path, of in document["paths"].items() for method in of}
    shown = first_names(section("docs/serving.md", "Requests")) | first_names(
        section("docs/serving.md", "The newer client's API")
    )
    assert shown == {path.replace(":user", "") for path in paths}
    fields = document["components"]["schemas"]["RecommendationRequest"]["properties"]
    assert first_names(section("docs/serving.md", "Recommendations")) == set(fields)
    statuses = {status for of in document["paths"].values() for one in of.values() for status in one["responses"]}
    shown = {row[0] for row in rows(section("docs/serving.md", "Errors"))}
    assert shown == statuses - {"200"} | {"405", "408", "431", "500"}  # these are no answers of the routes
    for row in rows(section("docs/migration.md", "Requests and answers")):
        assert names(row[0])[0] in paths if names(row[0]) else row[0] == "its answer"


def test_the_table_of_metrics_names_them_all(sample_run, tmp_path):
    with client(sample_run.artifacts, state_dir=tmp_path) as api:
        known = re.findall(r"^# TYPE (cinematch_\w+) ", api.get("/metrics").text, flags=re.MULTILINE)
    shown = first_names(section("docs/serving.md", "Metrics and logs"))
    assert shown == {name for name in known if not name.endswith("_created")}


def test_the_table_of_a_run_s_files(sample_run):
    shown = first_names(section("docs/architecture.md", "A run's files"))
    (run,) = [one for one in (sample_run.artifacts / "runs").iterdir() if one.name == _current(sample_run)]
    assert shown == {f"{one.name}/" if one.is_dir() else one.name for one in run.iterdir()}


def _current(sample_run):
    return (sample_run.artifacts / "current").read_text(encoding="utf-8").strip()


def test_the_table_of_packages_is_the_library_s():
    text = section("docs/architecture.md", "Packages")
    there = {path.parent.name for path in (ROOT / "cinematch_lib").glob("*/__init__.py")}
    there |= {path.stem for path in (ROOT / "cinematch_lib").glob("*.py")} - {"__init__"}
    assert first_names(text) == there


def test_the_table_of_extras_is_the_distribution_s():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base, *extras = rows(section("docs/architecture.md", "Extras"))
    assert set(base[1].split(", ")) == {re.match(r"[\w-]+", one)[0] for one in project["dependencies"]}
    assert [names(row[0])[0] for row in extras] == [one for one in project["optional-dependencies"] if one != "dev"]


def test_the_list_of_files_is_the_project_s():
    (tree,) = [block for block in blocks("docs/architecture.md", "text") if "cinematch_lib/" in block]
    named = {name.rstrip("/") for line in tree.splitlines() for name in line.split("  ")[0].split()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {name.split("/")[0] for name in listed.splitlines()}
    assert named <= top
    assert top - named <= {".ci", ".dockerignore", ".gitignore"}


def test_every_public_name_is_documented_in_a_page():
    assert first_names(section("docs/recommending.md", "Load")) == set(cinematch_lib.__all__)


def test_the_score_s_formula_is_that_of_the_code():
    (formula,) = re.findall(r"```text\n(.*?)```", section("docs/conventions.md", "The score"), flags=re.DOTALL)
    there = [" ".join(line.split()) for line in scoring.__doc__.splitlines()]
    assert [line for line in formula.splitlines() if " ".join(line.split()) not in there] == []


def test_the_table_of_reasons_names_every_kind():
    shown = first_names(section("docs/recommending.md", "Explanations"))
    assert shown == {kind for kind, _ in CLAUSES}


def test_numbers_of_the_real_catalog(tmp_path):
    real = os.environ.get("CINEMATCH_REAL_DATA")
    if not real:
        pytest.skip("CINEMATCH_REAL_DATA names no folder with the real data")
    from cinematch_lib.catalog.cleaning import clean
    from cinematch_lib.catalog.filters import Filters

    text = " ".join(section("docs/pipeline.md", "Steps").split())
    folder, tmdb = Path(real) / "ml-32m", Path(real) / "tmdb" / "tmdb_metadata.csv"
    without = clean(folder, tmp_path, filters=Filters(min_year=1980))
    assert f"{without.kept:,} of {without.read:,} films are kept" in text
    of = without.dropped
    assert f"{of['no year known']:,} have no year, {of['before 1980']:,} are older, {of['no genre known']:,}" in text
    report = clean(folder, tmp_path, metadata_path=tmdb, filters=Filters(min_year=1980))
    known = report.coverage
    assert f"keeps {report.kept:,}, of which {known['overview']:,} have a real overview" in text
    assert f"{known['cast_top']:,} a cast and {known['director']:,} a director" in text

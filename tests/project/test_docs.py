"""What the documentation says is so: its commands, examples, tables, links and messages."""

import ast
import dataclasses
import importlib
import importlib.util
import itertools
import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from support.commands import cinematch
from support.pages import PAGES, ROOT, all_commands, blocks, commands, first_names, names, rows, section
from support.serving import client

import cinematch_lib
from cinematch_lib import Preferences
from cinematch_lib.cli.main import parser
from cinematch_lib.data.datasets import DATASETS
from cinematch_lib.data.tables import MERGED
from cinematch_lib.pipeline import notebooks as pipeline
from cinematch_lib.pipeline import parameters
from cinematch_lib.pipeline import runner as pipeline
from cinematch_lib.recommender import explanation, scoring
from cinematch_lib.vocabulary.renamed import RENAMED_PARAMETERS
from scripts import build_docs

FOLDERS = "cinematch_lib|tests|notebooks|scripts|examples|benchmarks|docs"
COMMANDS = [(page, line[1:]) for page, line in all_commands("cinematch")]
RUNS = [(page, words) for page, words in COMMANDS if words[0] == "run"]
STARTED = ("run", "serve", "setup")  # what takes long or does not end
OTHERS = [(page, words) for page, words in COMMANDS if words[0] not in STARTED]


def title(case):
    return case if isinstance(case, str) else " ".join(case)


def options_of(command):
    """The options of a command, such as ``--dataset``."""
    (commands,) = [one for one in parser()._actions if hasattr(one, "choices") and one.choices]
    return {name for action in commands.choices[command]._actions for name in action.option_strings} - {"-h", "--help"}


# --- links and docstrings ------------------------------------------------------------------------------------


def test_every_link_leads_somewhere():
    assert list(build_docs.broken_links()) == []


def test_every_picture_is_shown():
    shown = {path for text in PAGES.values() for path in re.findall(r"!\[[^\]]*\]\((?:docs/)?([^)]+)\)", text)}
    assert shown == {path.name for path in (ROOT / "docs").glob("*.png")}


def test_every_public_name_has_a_docstring():
    assert list(build_docs.undocumented_names()) == []


def test_every_page_is_linked_from_the_readme_and_begins_with_its_title():
    for page, text in PAGES.items():
        assert text.startswith("# "), page
        assert not re.search(r"@@|TODO|TBD", text), page


@pytest.mark.parametrize("page", [page for page in sorted(PAGES) if page.startswith("docs/")])
def test_a_page_s_contents_name_all_its_sections(page):
    headings = re.findall(r"^## (.+)", re.sub(r"^```.*?^```", "", PAGES[page], flags=re.M | re.S), flags=re.M)
    listed = re.findall(r"\[([^\]]+)\]\(#", PAGES[page].partition("\n## ")[0])
    assert listed == headings


def test_files_and_modules_that_are_named_exist():
    for page, text in PAGES.items():
        for path in re.findall(
            r"`((?:cinematch_lib|tests|notebooks|scripts|examples|benchmarks|docs)/[\w./-]*)`", text
        ):
            assert (ROOT / path).exists(), f"{page}: {path}"
        for module in re.findall(r"`(cinematch_lib(?:\.\w+)+)", text):
            assert _exists(module), f"{page}: {module}"


def _exists(name):
    """Whether a dotted name is a module, or a name in one."""
    module, _, last = name.rpartition(".")
    try:
        return bool(importlib.util.find_spec(name))
    except ModuleNotFoundError:
        return hasattr(importlib.import_module(module), last)


# --- commands ------------------------------------------------------------------------------------------------


def test_every_program_that_is_shown_is_one_of_these():
    shown = {line[0] for page in PAGES for line in commands(page)}
    assert shown <= {"make", "cinematch", "curl", "export", "pip"}


def test_every_make_target_exists_and_is_in_the_list_of_files():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    described = set(re.findall(r"^([\w-]+):.*## ", makefile, flags=re.MULTILINE))
    assert {line[1] for _, line in all_commands("make")} <= described
    listed = re.search(r"^Makefile +(.*)", PAGES["docs/architecture.md"], flags=re.MULTILINE)[1].split(" · ")
    assert set(listed) == {name for name in described - {"help"} if "-" not in name}


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=title)
def test_commands_parse(page, words):
    parser().parse_args(words)


@pytest.mark.parametrize(("page", "words"), RUNS, ids=title)
def test_run_commands_name_real_steps_parameters_and_data_sets(page, words):
    given = dict(itertools.pairwise(words))
    steps = pipeline.steps_between(given.get("--from"), given.get("--to"))
    assert given.get("--dataset", "sample") in DATASETS
    typed = {name: value for flag, name, value in zip(words, words[1:], words[2:], strict=False) if flag == "-p"}
    parameters.check_parameters(typed, pipeline.step_parameters(steps), typed=True)
    if "-f" in given:
        assert (ROOT / given["-f"]).is_file()


@pytest.mark.parametrize("words", sorted({tuple(words) for _, words in OTHERS}), ids=title)
def test_other_commands_work_on_the_sample(words, sample_run):
    done = cinematch(sample_run.folder, *words)
    assert (done.code, done.err) == (0, "")
    assert done.out


def test_modules_that_are_run_exist():
    for text in PAGES.values():
        for module in re.findall(r"python -m (benchmarks\.\w+)", text):
            assert importlib.util.find_spec(module)


@pytest.mark.parametrize(("page", "words"), all_commands("curl"), ids=title)
def test_requests_are_answered(page, words, sample_run, tmp_path):
    given = dict(itertools.pairwise(words))
    url = urlsplit(next(word for word in words if word.startswith("http")))
    assert url.port == 8000
    method = given.get("-X", "POST" if "-d" in given else "GET")
    body = json.loads(given["-d"]) if "-d" in given else None
    with client(sample_run.artifacts, state_dir=tmp_path) as api:
        answer = api.request(method, f"{url.path}?{url.query}", json=body)
    assert answer.status_code == 200, answer.text


# --- examples ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [page for page in sorted(PAGES) if blocks(page, "python")])
def test_python_examples_work(page, sample_run, monkeypatch, capsys):
    monkeypatch.chdir(sample_run.folder)
    exec(compile("\n".join(blocks(page, "python")), page, "exec"), {})
    assert capsys.readouterr().out


def test_the_example_parameters_are_all_of_them_with_their_defaults():
    known = pipeline.step_parameters(list(pipeline.STEPS))
    values = yaml.safe_load((ROOT / "examples/params.yaml").read_text(encoding="utf-8"))
    assert parameters.check_parameters(values, known) == {name: one.default for name, one in known.items()}


# --- tables --------------------------------------------------------------------------------------------------


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


def test_the_changelog_names_every_renamed_parameter():
    table = rows(section("CHANGELOG.md", "Changed"))
    assert {names(row[1])[0]: names(row[0])[0] for row in table} == dict(RENAMED_PARAMETERS)


def test_the_catalog_s_columns():
    assert f"`{','.join(MERGED.columns)}`" in section("docs/conventions.md", "Tables")


def test_the_tables_of_the_api_name_every_path_field_and_status(sample_run, tmp_path):
    with client(sample_run.artifacts, state_dir=tmp_path) as api:
        document = api.get("/openapi.json").json()
    paths = {f"{method.upper()} {path}" for path, of in document["paths"].items() for method in of}
    assert first_names(section("docs/serving.md", "Requests")) == {path.replace(":user", "") for path in paths}
    fields = document["components"]["schemas"]["RecommendationRequest"]["properties"]
    assert first_names(section("docs/serving.md", "Recommendations")) == set(fields)
    statuses = {status for of in document["paths"].values() for one in of.values() for status in one["responses"]}
    shown = {row[0] for row in rows(section("docs/serving.md", "Errors"))}
    assert shown == statuses - {"200"} | {"500"}
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


def test_the_list_of_files_is_the_project_s():
    (tree,) = [block for block in blocks("docs/architecture.md", "text") if "cinematch_lib/" in block]
    named = {name.rstrip("/") for line in tree.splitlines() for name in line.split("  ")[0].split()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {name.split("/")[0] for name in listed.splitlines()}
    assert named <= top
    assert top - named <= {".ci", ".gitignore"}


def test_every_public_name_is_documented_in_a_page():
    assert first_names(section("docs/recommending.md", "Load")) == set(cinematch_lib.__all__)


def test_the_score_s_formula_is_that_of_the_code():
    (formula,) = re.findall(r"```text\n(.*?)```", section("docs/conventions.md", "The score"), flags=re.DOTALL)
    there = [" ".join(line.split()) for line in scoring.__doc__.splitlines()]
    assert [line for line in formula.splitlines() if " ".join(line.split()) not in there] == []


def test_the_table_of_reasons_names_every_kind():
    shown = first_names(section("docs/recommending.md", "Explanations"))
    assert shown == {kind for kind, _ in explanation._CLAUSES}


# --- numbers and messages ------------------------------------------------------------------------------------


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


def _template(node):
    """The text of a string in the code, with NUL for each value that is put into it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
    return node.value


@pytest.fixture(scope="module")
def texts():
    """All texts that the library can say, and make."""
    found = [(ROOT / "Makefile").read_text(encoding="utf-8")]
    for path in (ROOT / "cinematch_lib").rglob("*.py"):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        found += [
            _template(node)
            for node in tree
            if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        ]
    return found


MESSAGES = [
    message
    for message in re.findall(r"`([^`\n]+)`", PAGES["docs/troubleshooting.md"])
    if len(message) > 1 and ("…" in message or f"### `{message}`" in PAGES["docs/troubleshooting.md"])
]


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_quoted_in_troubleshooting_exist(message, texts):
    """`…` stands for any text; the rest stands in one string of the code, in this order."""
    literal = [part for part in message.split("…") if part.strip()]
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in literal), flags=re.DOTALL)
    assert sum(map(len, literal)) >= 10
    assert any(pattern.search(text) for text in texts), "no text of the library is like this"

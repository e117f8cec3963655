"""Links lead somewhere, commands and examples work, and what is named exists."""

import importlib
import importlib.util
import itertools
import json
import re
import shlex
from urllib.parse import urlsplit

import pytest
import yaml
from support.pages import PAGES, ROOT, all_commands, blocks, commands
from support.serving import client

from cinematch_lib.cli.main import parser
from cinematch_lib.data.datasets import DATASETS
from cinematch_lib.pipeline import notebooks as pipeline
from cinematch_lib.pipeline import parameters
from scripts import build_docs

FOLDERS = "cinematch_lib|tests|notebooks|scripts|examples|benchmarks|docs"
COMMANDS = [(page, line[1:]) for page, line in all_commands("cinematch")]
RUNS = [(page, words) for page, words in COMMANDS if words[0] == "run"]
# what takes long, does not end, changes runs, or needs users
STARTED = ("run", "sweep", "serve", "setup", "refresh", "add", "backup", "experiment")
OTHERS = [(page, words) for page, words in COMMANDS if words[0] not in STARTED]


def title(case):
    return case if isinstance(case, str) else " ".join(case)


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
    return hasattr(importlib.import_module(module), last) or importlib.util.find_spec(name) is not None


# --- commands ------------------------------------------------------------------------------------------------


def test_every_program_that_is_shown_is_one_of_these():
    shown = {line[0] for page in PAGES for line in commands(page)}
    assert shown <= {"make", "cinematch", "curl", "export", "pip", "dask", "docker", "systemctl", "cp"}


def test_every_make_target_exists_and_is_in_the_list_of_files():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    described = set(re.findall(r"^([\w-]+):.*## ", makefile, flags=re.MULTILINE))
    assert {line[1] for _, line in all_commands("make")} <= described
    listed = re.search(r"^Makefile +(.*)", PAGES["docs/architecture.md"], flags=re.MULTILINE)[1].split(" · ")
    assert set(listed) == {name for name in described - {"help"} if "-" not in name}


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=title)
def test_commands_parse(page, words):
    parser().parse_args(words)


def test_commands_in_sentences_and_tables_parse():
    for page in set(PAGES) - {"CHANGELOG.md"}:
        for command in re.findall(r"(?<!`)`cinematch ([^`\n]+)`", PAGES[page]):
            assert parser().parse_args(shlex.split(command)), f"{page}: {command}"


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
def test_other_commands_work_on_the_sample(words, sample_run, cinematch):
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


# docs/models.md needs a module of its own: see tests/models/test_own_models.py.
@pytest.mark.parametrize("page", [page for page in sorted(PAGES) if blocks(page, "python") and "models" not in page])
def test_python_examples_work(page, sample_run, monkeypatch, capsys):
    monkeypatch.chdir(sample_run.folder)
    exec(compile("\n".join(blocks(page, "python")), page, "exec"), {})
    assert capsys.readouterr().out


def test_the_example_parameters_are_all_of_them_with_their_defaults():
    known = pipeline.step_parameters(list(pipeline.STEPS))
    values = yaml.safe_load((ROOT / "examples/params.yaml").read_text(encoding="utf-8"))
    assert parameters.check_parameters(values, known) == {name: one.default for name, one in known.items()}

"""The README is short, and what it shows is what one gets."""

import re
import shlex

from support.pages import PAGES, ROOT, commands, names, rows, section

PAGE = "README.md"


def test_it_is_short():
    assert len(PAGES[PAGE].split()) <= 1200


def test_it_names_every_page_of_the_documentation():
    linked = set(re.findall(r"\]\(([^)#]+\.md)\)", section(PAGE, "Where to read on")))
    assert linked == set(PAGES) - {PAGE}


def test_it_shows_both_commands():
    assert [line for line in commands(PAGE) if line[0] == "make"] == [["make", "run"], ["make", "check"]]


def test_its_results_are_rows_of_the_evaluation_page():
    shown = [row[1:] for row in rows(section(PAGE, "Results"))]
    measured = [row[1:] for row in rows(section("docs/evaluation.md", "Results"))]
    assert shown
    assert all(row in measured for row in shown)


def test_the_commands_of_its_table_exist():
    targets = set(re.findall(r"^([\w-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    shown = [shlex.split(name) for row in rows(section(PAGE, "Start")) for name in names(row[0])]
    assert {words[1] for words in shown if words[0] == "make"} <= targets

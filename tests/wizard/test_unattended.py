"""The guided set-up without questions: flags, and errors before anything is touched."""

import json
import subprocess

import pytest
from support.commands import COMMAND, cinematch
from support.terminal import Terminal, contents


def test_every_answer_has_a_flag_and_nothing_is_asked(project):
    flags = ["--mode", "custom", "--dataset", "mine", "-p", "region", "NO", "-p", "use_tmdb", "no", "--to", "fetch"]
    done = cinematch(project, "setup", *flags, "--no-serve", "--yes")
    assert (done.code, done.err) == (0, "")
    assert "cinematch run --dataset mine -p region NO -p use_tmdb false --to fetch\n" in done.out
    assert "[1/1] fetch: " in done.out
    assert "It holds no features, so the current run does not change.\n" in done.out
    assert "Check of " not in done.out
    (notebook,) = (project / "artifacts" / "runs").glob("*/notebooks/01_fetch.ipynb")
    cells = ["".join(cell["source"]) for cell in json.loads(notebook.read_text())["cells"]]
    assert any('region = "NO"' in source and "use_tmdb = False" in source for source in cells)
    assert "\x1b" not in done.out


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ([], "--mode quick|full|custom, --dataset NAME, --serve or --no-serve, --yes. "),
        (["--mode", "full", "--dataset", "mine"], "flags: --tmdb-limit N|all, --serve or --no-serve, --yes. "),
        (["--mode", "quick", "--dataset", "sample", "--no-serve"], "give the answers as flags: --yes. "),
    ],
)
def test_without_a_terminal_it_says_which_flags_to_give(project, flags, wanted):
    before = contents(project)
    done = subprocess.run(
        [COMMAND, "setup", *flags], cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cinematch: there is no terminal to ask at; give the answers as flags: ")
    assert wanted in done.stderr
    assert done.stderr.endswith(" such as: cinematch setup --mode quick --yes\n")
    assert contents(project) == before


def test_a_terminal_without_menus_is_told_which_flags_to_give(project):
    person = Terminal(project, "--mode", "quick", TERM="dumb")
    assert person.end() == 1
    assert person.seen.startswith("cinematch: the terminal cannot show menus (TERM=dumb); give the answers as flags: ")


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--mode", "custum"], "there is no set-up 'custum'; there are quick, full, custom; did you mean custom?"),
        (["--dataset", "ml-33m"], "there is no data set 'ml-33m'; there are sample, ml-100k, "),
        (["--dataset", "ml-25m"], "ml-25m lacks links.csv; mend that, or take another data set"),
        (["--mode", "full", "--dataset", "sample"], "there is no data set 'sample'; there are ml-100k, "),
        (["--mode", "full", "--dataset", "mine"], "no TMDB_BEARER_TOKEN is set; set it in the environment or in "),
        (["--mode", "full", "-p", "use_tmdb", "false"], "the full set-up takes TMDb's data; leave out use_tmdb"),
        (["-p", "min_yaer", "1990"], "no notebook has the parameter 'min_yaer'"),
        (["-p", "min_year", "1066"], "min_year must be a year from "),
        (["-p", "genres_keep", "[dramma]"], "there is no genre 'dramma'; there are "),
        (["-p", "dataset", "mine"], "dataset is not given with -p here; say --dataset NAME"),
        (["-p", "services", "file"], 'services="file" needs services_file'),
        (["-p", "services", "file", "-p", "services_file", "my.csv"], "there is none at my.csv"),
        (["--tmdb-limit", "-5"], "tmdb_limit must be a number of films"),
        (["--tmdb-limit", "many"], "tmdb_limit must be a whole number or null (its default is None), got 'many'"),
        (["--to", "clen"], "there is no step 'clen'"),
        (["--to", "clean", "-p", "min_df", "3"], "the parameter min_df belongs to a step that is not run this time"),
    ],
)
def test_flags_that_cannot_be_stop_it_before_anything_is_touched(project, flags, text):
    before = contents(project)
    person = Terminal(project, *flags, "--yes")
    assert person.end() == 1
    assert f"cinematch: {text}" in person.seen or f"{text}" in person.seen.split("cinematch: ")[-1]
    assert contents(project) == before

"""What the commands print: plain lines in a pipe, tables on a terminal, JSON on request."""

import json
import os
import re
import subprocess
import sys
import time

import pexpect
import pytest
from support.commands import COMMAND
from support.small_projects import publish, small_project
from support.terminal import stripped

from cinematch_lib import Preferences, Recommender
from cinematch_lib.artifacts.runs import current_run_id, list_runs
from cinematch_lib.catalog.filters import Filters

GOOD = [0.4 + user % 7 / 100 for user in range(200)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with three runs of a few films, of which the second and the third were evaluated; the third is worse."""
    folder = small_project(tmp_path_factory.mktemp("output"))
    time.sleep(1.1)  # runs of one second are listed by their fingerprints
    publish(folder, Filters(min_year=1990), served=GOOD)
    time.sleep(1.1)
    publish(folder, Filters(min_year=1985), served=[value - 0.1 for value in GOOD])
    return folder


@pytest.fixture(scope="module")
def recommender(project):
    return Recommender.load(project / "artifacts")


@pytest.fixture
def values(cinematch):
    """The JSON value that a command prints, and nothing beside it."""

    def read(project, *arguments):
        done = cinematch(project, *arguments, "--json")
        assert (done.code, done.err) == (0, "")
        return json.loads(done.out)

    return read


# --- search and version -------------------------------------------------------------------------------


def test_version(project, cinematch):
    done = cinematch(project, "--version")
    assert done.code == 0
    assert re.fullmatch(r"cinematch \d+\.\d+\S*\n", done.out)


def test_search_prints_ids_titles_and_facts(project, recommender, cinematch):
    done = cinematch(project, "search", "toy", "story", "-k", 2)
    assert (done.code, done.err) == (0, "")
    found = recommender.search("toy story", 2)
    heads = re.findall(r"^ *(\d+) (.+)$", done.out, flags=re.MULTILINE)
    assert [(str(movie.movie_id), movie.label) for movie in found] == [head for head in heads if "min" not in head[1]]
    assert " 80 min · adventure, animation, children, comedy, fantasy" in done.out


def test_a_search_without_results_says_so(project, cinematch):
    done = cinematch(project, "search", "qwrtzp")
    assert (done.code, done.out) == (0, "No film here is found by 'qwrtzp'.\n")


# --- JSON ---------------------------------------------------------------------------------------------


def test_recommendations_as_json(project, recommender, values):
    found = values(project, "recommend", "--like", "Toy Story (1995)", "--genre", "comedy", "-k", 3)
    liked = recommender.find("Toy Story (1995)").movie_id
    wanted = recommender.recommend(Preferences(liked_movie_ids=[liked], preferred_genres=["comedy"]), 3)
    assert found["recommendations"] == json.loads(json.dumps([one.to_dict() for one in wanted]))
    assert found["count"] == 3
    assert found["services_source"] == "demo"
    assert found["attributions"] == list(recommender.attributions)


def test_a_search_as_json(project, recommender, values):
    found = values(project, "search", "toy story", "-k", 2)
    wanted = [json.loads(json.dumps(movie.to_dict())) for movie in recommender.search("toy story", 2)]
    assert found == {"query": "toy story", "results": wanted, "count": len(wanted), "left_out": []}
    assert values(project, "search", "qwrtzp") == {"query": "qwrtzp", "results": [], "count": 0, "left_out": []}


def test_runs_as_json(project, tmp_path, values):
    found = values(project, "runs")
    assert found["current"] == current_run_id(project / "artifacts")
    assert [one["run_id"] for one in found["runs"]] == [one.run_id for one in list_runs(project / "artifacts")]
    assert found["runs"][0]["filters"]["min_year"] == 1990
    assert found["runs"][0]["services"] == "demo"
    assert found["unreadable"] == {}
    assert values(tmp_path, "runs") == {"current": None, "runs": [], "unreadable": {}}


def test_a_comparison_as_json(project, values):
    _, old, new = (one.run_id for one in list_runs(project / "artifacts"))
    found = values(project, "runs", old, new)
    assert (found["old"], found["new"], found["verdict"]) == (old, new, "worse")
    (metric,) = found["metrics"]
    assert metric["old"] - metric["new"] == pytest.approx(0.1)
    assert metric["difference"]["high"] < 0 and metric["beyond_noise"]
    assert "clean.filters.min_year: 1990 → 1985" in found["differences"]["facts"]
    assert values(project, "runs", new, old)["verdict"] == "better"
    assert values(project, "runs", old, old)["verdict"] == "same"


def test_errors_stay_on_stderr_with_json(project, cinematch):
    for arguments in (["recommend", "-k", 0], ["search", "x", "-k", 0], ["runs", "a", "b"], ["recommend", "Heat"]):
        done = cinematch(project, *arguments, "--json")
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(r"cinematch: .+\n", done.err)


# --- the verdict --------------------------------------------------------------------------------------


def test_a_comparison_ends_with_the_verdict_and_keeps_checksums_for_verbose(project, cinematch):
    first, old, new = (one.run_id for one in list_runs(project / "artifacts"))
    *lines, last = cinematch(project, "runs", old, new).out.splitlines()
    assert last == f"Verdict: worse; {new} is worse than {old} beyond the noise in served, given ratings, nDCG@10."
    assert "clean.filters.min_year: 1990 → 1985" in lines
    assert re.fullmatch(r"Different versions and checksums: \d+ \(--verbose lists them\)", lines[-1])
    assert not any(line.startswith("file ") for line in lines)
    *lines, last = cinematch(project, "runs", old, new, "--verbose").out.splitlines()
    assert last.startswith("Verdict: worse; ")
    assert any(line.startswith("file metrics_by_user.csv: ") for line in lines)
    last = cinematch(project, "runs", first, old).out.splitlines()[-1]
    assert last.startswith("Verdict: unknown; ") and "has no metrics to compare" in last


# --- terminals ----------------------------------------------------------------------------------------


def looked_at(project, *arguments, **environment):
    """What a command shows on a terminal of 80 columns."""
    terminal = {"TERM": "xterm-256color", "COLUMNS": "80"} | environment
    options = {"cwd": project, "env": os.environ | terminal, "encoding": "utf-8", "timeout": 60, "dimensions": (24, 80)}
    person = pexpect.spawn(str(COMMAND), [*map(str, arguments)], **options)
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 0
    return person.before


def test_tables_fit_a_terminal_of_80_columns(project):
    _, old, new = (one.run_id for one in list_runs(project / "artifacts"))
    shown = stripped(looked_at(project, "runs"))
    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(rf"^ *\* +{new} +small *$", shown, flags=re.MULTILINE), shown
    assert re.search(r"^ +min_year=1985 *$", shown, flags=re.MULTILINE)
    shown = stripped(looked_at(project, "runs", old, new))
    assert re.search(
        r"^ *served, given ratings, nDCG@10 +0\.430 +0\.330 +-0\.100 \[.*\] +worse *$", shown, flags=re.MULTILINE
    )
    assert max(map(len, shown.split("\n\n")[0].splitlines())) <= 80
    shown = stripped(looked_at(project, "recommend", "--like", "Toy Story (1995)", "-k", 3))
    films = shown.split("\n\n")[0]
    assert max(map(len, films.splitlines())) <= 80
    assert [line[:4] for line in films.splitlines() if line.startswith("  ") and line[3] == "."] == [
        "  1.",
        "  2.",
        "  3.",
    ]


@pytest.mark.parametrize(
    ("environment", "has_escapes"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_bold_titles_only_where_the_terminal_can_and_the_person_does_not_mind(project, environment, has_escapes):
    shown = looked_at(project, "search", "toy story", **environment)
    assert ("\x1b[1mToy Story (1995)" in shown) == has_escapes
    assert ("\x1b" in shown) == has_escapes


def test_a_pipe_gets_plain_lines_whatever_the_terminal(project):
    done = subprocess.run(
        [COMMAND, "runs"],
        cwd=project,
        capture_output=True,
        text=True,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "40", "FORCE_COLOR": "1"},
    )
    assert "\x1b" not in done.stdout
    assert done.stdout.startswith("  run                        data set           contents\n")


def test_characters_that_the_encoding_lacks_are_replaced(project):
    for encoding in ("latin-1", "ascii"):
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        for arguments in (["recommend", "-k", "50"], ["recommend", "-k", "50", "--json"], ["runs"]):
            done = subprocess.run([COMMAND, *arguments], cwd=project, capture_output=True, env=environment)
            assert (done.returncode, done.stderr) == (0, b"")
            if "--json" in arguments:
                assert json.loads(done.stdout.decode("ascii"))["count"] == 50


# --- the base install ---------------------------------------------------------------------------------

EXTRAS = ("dotenv", "fastapi", "matplotlib", "pandas", "papermill", "questionary", "rich", "sklearn", "yaml")
WITHOUT_EXTRAS = f"""
import sys
sys.modules.update(dict.fromkeys({EXTRAS!r}))  # None: as if they were not installed
from cinematch_lib.cli.main import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["setup", "--help"], ["recommend", "-k", "2"], ["search", "toy"], ["runs"]],
    ids=" ".join,
)
def test_the_base_install_suffices_to_recommend_search_and_list(project, arguments):
    done = subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS, *arguments], cwd=project, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout


@pytest.mark.parametrize(
    ("arguments", "extra"), [(["run"], "pipeline"), (["setup", "--yes"], "pipeline"), (["serve"], "serve")]
)
def test_a_missing_extra_is_named_in_one_line(project, arguments, extra):
    command = [sys.executable, "-c", WITHOUT_EXTRAS, *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf'cinematch: .+ pip install "cinematch-lib\[{extra}\]"\n', done.stderr)


def test_a_dotenv_file_that_is_not_utf8(project, tmp_path, cinematch):
    (tmp_path / ".env").write_text("TMDB_BEARER_TOKEN=ü\n", encoding="latin-1")
    done = cinematch(tmp_path, "run")
    assert (done.code, done.err) == (1, f"cinematch: {tmp_path / '.env'} is not UTF-8; save it again as UTF-8\n")
    assert cinematch(tmp_path, "recommend", "-k", 1, "--artifacts-dir", project / "artifacts").code == 0

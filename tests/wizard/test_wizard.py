"""The guided set-up: asked and answered at a pseudo-terminal, left on the way, and run unattended."""

import os
import re
import shlex
import sqlite3

import pexpect
import pytest
from support.commands import COMMAND
from support.pages import names, rows, section
from support.terminal import Terminal, contents, plain, stripped
from support.tmdb_server import TOKEN

from cinematch_lib import Recommender
from cinematch_lib.artifacts.runs import current_run_id, list_runs
from cinematch_lib.data.datasets import DATASETS
from cinematch_lib.pipeline.notebooks import STEPS, step_parameters
from cinematch_lib.pipeline.times import duration
from cinematch_lib.wizard.values import to_text

ANOTHER = "Another parameter to set"


# --- quick, from the first question to the end --------------------------------------------------------


def test_the_quick_set_up_by_pressing_enter_ends_with_a_current_run(tmp_path):
    """The command itself, as a newcomer meets it; only the last step is given, for speed."""
    person = pexpect.spawn(
        str(COMMAND),
        ["setup", "--to", "features"],
        cwd=tmp_path,
        env=os.environ | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8",
        timeout=120,
        dimensions=(24, 80),
    )
    for question in ("Set-up ", "Data set ", "Run it now? "):
        person.expect_exact(question)
        if question.startswith("Run"):
            before = stripped(person.before)
            assert list(tmp_path.iterdir()) == []
        person.send("\r")
    person.expect_exact("[1/3] fetch")
    person.expect_exact("Start it now? ")
    after = stripped(person.before)
    person.send("n")
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 0
    assert "  cinematch run --dataset sample -p min_year 1980 --to features\n" in before
    run_id = current_run_id(tmp_path / "artifacts")
    assert f"Check of {run_id}" in after
    best = Recommender.load(tmp_path / "artifacts").recommend(k=1)[0].movie.label
    assert f"  1. {best}   " in after
    assert "The run works: its files are complete, and it recommends." in after
    assert "cinematch serve" in after


# --- what is shown before anything is asked -----------------------------------------------------------


def test_it_shows_what_is_there(project, sample_run):
    (project / "artifacts").symlink_to(sample_run.artifacts)
    (project / "raw" / "tmdb").mkdir()
    with sqlite3.connect(project / "raw" / "tmdb" / "tmdb.sqlite") as db:
        db.execute("CREATE TABLE films (tmdb_id INTEGER PRIMARY KEY)")
        db.executemany("INSERT INTO films VALUES (?)", [(n,) for n in range(1234)])
    db.close()
    before = contents(project)
    person = Terminal(project, TMDB_BEARER_TOKEN=TOKEN)
    person.question()
    seen = plain(person.seen)
    assert re.search(r"disk \d[\d.]* GB free for raw/", seen)
    assert "data sets the sample, in the package; ml-25m (incomplete), mine in raw/" in seen
    assert "TMDb a token is set; responses for 1,234 films are stored" in seen
    assert f"runs 1 in artifacts/; {current_run_id(sample_run.artifacts)} (sample) is the current run" in seen
    assert TOKEN not in seen
    shown = person.seen.splitlines()  # an answer is written behind the last line of its menu
    person.answer("quick")
    person.question()
    table = {line[3:].removeprefix("- ").split()[0]: line[3:].split()[1:] for line in person.menu()[1:]}
    assert list(table) == [*DATASETS, "mine"]
    steps = list_runs(sample_run.artifacts)[0].facts["pipeline"]["steps"]
    took = duration(sum(one["seconds"] for one in steps if one["step"] != "fetch"))
    assert table["sample"] == ["9,066", "100,004", "none", *took.split(), "here"]
    assert table["ml-32m"][:4] == ["87,585", "32,000,204", "239", "MB"]
    assert table["mine"] == ["8", "?", "none", "not", "known"]
    assert table["ml-25m"][-2:] == ["(lacks", "links.csv)"]
    assert max(map(len, [*shown, *person.menu()])) <= 80
    person.press("\x03")
    assert person.end() == 130
    assert contents(project) == before


# --- custom -------------------------------------------------------------------------------------------


def test_wrong_answers_are_asked_again_with_the_reason(project):
    before = contents(project)
    person = Terminal(project)
    answers = {
        "Set-up": ["custom"],
        "Data set": ["sample"],
        "min_year": ["soon", "1990"],
        "max_year": ["1980", "none"],
        "genres_keep": ["crime, dramma", "crime, Science Fiction"],
        "genres_drop": ["sci-fi", "war"],
        "min_ratings": ["-1", "5"],
        "require_tmdb": ["yes"],
        "services": ["netflix", "tmdb"],
        "offers": ["flatrate, gift", "flatrate, ads"],
        "region": ["USA", "de"],
        "max_features": ["0", "500"],
        ANOTHER: ["min_df", "none,"],
        "min_df": ["3"],
    }
    person.answering(answers, until="Run it now?")
    person.answer("n")
    assert person.end() == 0
    seen = plain(person.seen)
    for reason in (
        "min_year must be a whole number or null (its default is None), got 'soon'.",
        "min_year must not be above max_year, got 1990 and 1980.",
        "there is no genre 'dramma'; there are action,",
        "did you mean drama?",
        "genres_keep and genres_drop both name sci-fi; choose one.",
        "min_ratings must be 0 or more, got -1.",
        "services must be one of tmdb, file, demo, none, got 'netflix'.",
        "region must be an ISO 3166 code of two letters such as US or DE, got 'USA'.",
        "kinds of offer must be some of flatrate, free, ads, rent, buy, got ['flatrate', 'gift'].",
        "max_features must be a whole number from 1 up, got 0.",
        "Nothing was run and nothing was changed.",
    ):
        assert reason in seen
    assert contents(project) == before
    (line,) = re.findall(r"^  (cinematch run .*)$", person.seen, flags=re.MULTILINE)
    given = dict(zip(*[iter(shlex.split(line.replace(" -p", ""))[4:])] * 2, strict=True))
    assert given == {
        "min_year": "1990",
        "genres_keep": "[crime, Science Fiction]",
        "genres_drop": "[war]",
        "min_ratings": "5",
        "require_tmdb": "true",
        "services": "tmdb",
        "region": "de",
        "offers": "[flatrate, ads]",
        "max_features": "500",
        "min_df": "3",
    }


def test_questions_show_the_notebooks_own_words_and_defaults(project):
    person = Terminal(project, "--mode", "custom", "--dataset", "sample")
    known = step_parameters(list(STEPS))
    while (asked := person.question())[0] in known:
        name, default = asked
        assert known[name].description in plain(person.seen)
        assert default == to_text(known[name].default)
        person.answer("")
    assert asked == (ANOTHER, "none,")
    person.answer("")
    assert person.question() == ("Run it now?", "yes")
    assert "\n  cinematch run --dataset sample\n" in person.seen
    person.press("\x04")
    assert person.end() == 130


# --- full ---------------------------------------------------------------------------------------------


def test_the_token_is_checked_kept_only_when_asked_for_and_never_shown(project, tmdb):
    before = contents(project)
    wrong = "a-wrong-" + TOKEN
    person = Terminal(project, "--mode", "full", "--dataset", "mine", "--to", "fetch", TMDB_API_URL=tmdb.url)
    for token in ("", "with a space", wrong, TOKEN):
        assert person.question() == ("Token", None)
        person.answer(token)
    person.conversation(("Store it there?", "y"), ("Number of films, or all", "0"), ("Number of films, or all", "5"))
    assert person.question() == ("Run it now?", "yes")
    assert contents(project) == before
    person.answer("")
    assert person.end() == 0
    seen = plain(person.seen)
    for said in (
        "https://www.themoviedb.org/api-terms-of-use",
        "all 8 films at most, 40 a second: 1 s",
        "Nothing was typed.",
        "TMDB_BEARER_TOKEN holds a character that no token has",
        "TMDb does not accept the token in TMDB_BEARER_TOKEN (401 Unauthorized).",
        "TMDb accepts the token.",
        "take one film at least, or say all.",
        "cinematch run --dataset mine -p tmdb_limit 5 --to fetch ",
        f"The token is in {project / '.env'} now.",
    ):
        assert said in seen
    assert TOKEN not in person.raw and wrong not in person.raw and "with a space" not in person.raw
    assert tmdb.statuses()[401] == 1
    assert sum(tmdb.asked("/3/movie/").values()) - tmdb.asked("/3/movie/changes")["/3/movie/changes"] == 5
    env = project / ".env"
    assert env.read_text() == f"OTHER=kept\nTMDB_BEARER_TOKEN='{TOKEN}'\n"
    assert env.stat().st_mode & 0o777 == 0o600
    others = [path for path in project.rglob("*") if path.is_file() and path != env]
    assert [path for path in others if TOKEN.encode() in path.read_bytes()] == []


def test_a_token_that_is_set_is_checked_and_real_offers_are_taken(project, tmdb):
    before = contents(project)
    environment = {"TMDB_BEARER_TOKEN": TOKEN, "TMDB_API_URL": tmdb.url}
    person = Terminal(project, "--mode", "full", "--dataset", "mine", **environment)
    person.conversation(("Number of films, or all", "all"), ("region", "FR"), ("Run it now?", "n"))
    assert person.end() == 0
    assert "TMDb accepts the token." in person.seen
    assert "\n  cinematch run --dataset mine -p services tmdb -p region FR\n" in person.seen
    assert tmdb.asked() == {"/3/movie/changes": 1}
    assert contents(project) == before


def test_a_table_put_there_by_hand_needs_no_token(project):
    (project / "raw" / "tmdb").mkdir()
    (project / "raw" / "tmdb" / "tmdb_metadata.csv").write_text("tmdb_id,title\n")
    person = Terminal(project, "--mode", "full", "--dataset", "mine")
    assert person.question() == ("Run it now?", "yes")
    assert "is used as it is; no requests are sent to TMDb." in plain(person.seen)
    person.answer("n")
    assert person.end() == 0


def test_when_tmdb_cannot_be_had_it_says_so_and_stops(project, tmdb):
    tmdb.refuses = {403}
    environment = {"TMDB_BEARER_TOKEN": TOKEN, "TMDB_API_URL": tmdb.url}
    person = Terminal(project, "--mode", "full", "--dataset", "mine", "--yes", **environment)
    assert person.end() == 1
    assert "cinematch: TMDb refuses access (403 Forbidden)" in person.seen


# --- left at a question -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers",
    [
        {"Set-up": "quick", "Data set": "mine"},
        {"Set-up": "full", "Data set": "mine", "Token": TOKEN},
        {"Set-up": "custom", "Data set": "mine", "services": "tmdb"},
    ],
    ids=lambda answers: answers["Set-up"],
)
@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_leaving_at_any_question_leaves_everything_as_it_was(project, tmdb, answers, key):
    before, asked = contents(project), []
    while asked[-1:] != ["Run it now?"]:
        person = Terminal(project, TMDB_API_URL=tmdb.url)
        for question in asked:
            assert person.question()[0] == question
            person.answer(answers.get(question, ""))
        asked.append(person.question()[0])
        person.press(key)
        assert person.end() == 130
        assert person.seen.endswith("cinematch: left at a question; nothing was changed\n")
        assert contents(project) == before
    assert set(answers) <= set(asked)


# --- how it looks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("no_color", "is_bold"), [("", True), ("1", False)])
def test_headings_are_bold_unless_the_person_minds(project, no_color, is_bold):
    person = Terminal(project, NO_COLOR=no_color)
    person.question()
    heading = person.raw.partition("CineMatch: guided set-up")[0]
    assert heading.endswith("\x1b[1m") == is_bold
    person.press("\x03")
    assert person.end() == 130


def test_the_sizes_of_the_data_sets_are_those_of_the_documentation():
    sizes = {names(row[0])[0]: row[1:3] for row in rows(section("docs/pipeline.md", "Data sets"))}
    for name, one in DATASETS.items():
        if one.films is not None:
            assert sizes[name] == [f"{one.films:,}", f"{one.ratings:,}"]

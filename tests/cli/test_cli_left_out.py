"""The command line tells of films that the catalog left out."""

import json
import subprocess

import pytest
from support.commands import COMMAND
from support.small_runs import filtered_artifacts

SAID = "The Godfather (1972) was left out of this run (before 1980); to bring it in, make a run without this filter"


@pytest.fixture
def cinematch(tmp_path_factory):
    artifacts = filtered_artifacts(tmp_path_factory)

    def run(command, *arguments):
        words = [COMMAND, command, "--artifacts-dir", artifacts, *arguments]
        return subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=120)

    return run


def test_search_names_them_after_what_it_found(cinematch):
    done = cinematch("search", "godfather", "-k", "1")
    assert done.returncode == 0
    assert "The Godfather: Part III (1990)" in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[-2].startswith(SAID)
    answer = json.loads(cinematch("search", "godfather", "--json").stdout)
    assert answer["left_out"][0] == {"movie_id": 858, "title": "The Godfather (1972)", "reason": "before 1980"}


def test_recommend_refuses_them_with_the_reason(cinematch):
    for name in ("The Godfather", "tt0068646"):
        done = cinematch("recommend", "--like", name)
        assert done.returncode
        assert SAID in done.stderr
    assert "no film here has the IMDb id tt9999999" in cinematch("recommend", "--like", "tt9999999").stderr
    assert cinematch("search", "tt0068646").stdout.splitlines()[-1].startswith(SAID)

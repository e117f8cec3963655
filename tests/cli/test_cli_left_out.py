"""The command line tells of films that the catalog left out."""

import json

import pytest
from support.small_runs import filtered_artifacts

SAID = "The Godfather (1972) was left out of this run (before 1980); to bring it in, make a run without this filter"


@pytest.fixture
def filtered(cinematch, tmp_path, tmp_path_factory):
    """A command on the run that left films out."""
    artifacts = filtered_artifacts(tmp_path_factory)
    return lambda command, *arguments: cinematch(tmp_path, command, "--artifacts-dir", artifacts, *arguments)


def test_search_names_them_after_what_it_found(filtered):
    done = filtered("search", "godfather", "-k", "1")
    assert done.code == 0
    assert "The Godfather: Part III (1990)" in done.out.splitlines()[0]
    assert done.out.splitlines()[-2].startswith(SAID)
    answer = json.loads(filtered("search", "godfather", "--json").out)
    assert answer["left_out"][0] == {"movie_id": 858, "title": "The Godfather (1972)", "reason": "before 1980"}


def test_recommend_refuses_them_with_the_reason(filtered):
    for name in ("The Godfather", "tt0068646"):
        done = filtered("recommend", "--like", name)
        assert done.code
        assert SAID in done.err
    assert "no film here has the IMDb id tt9999999" in filtered("recommend", "--like", "tt9999999").err
    assert filtered("search", "tt0068646").out.splitlines()[-1].startswith(SAID)

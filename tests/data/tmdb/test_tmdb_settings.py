"""Where the token and the address of TMDb's API come from."""

import re
from pathlib import Path

import pytest

from cinematch_lib.data.tmdb import client as clients
from cinematch_lib.data.tmdb import settings
from cinematch_lib.data.tmdb.settings import Access, access
from cinematch_lib.errors import CineMatchError


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("notebooks", "cinematch_lib"):
        (tmp_path / "project" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project" / "notebooks")
    for name in (settings.TOKEN, settings.URL):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "project"


def test_without_a_token_there_is_no_access(project):
    assert access() is None


def test_the_environment_goes_before_the_file(project, monkeypatch):
    (project / ".env").write_text("TMDB_BEARER_TOKEN=of-the-file\nTMDB_API_URL=http://127.0.0.1:9/\n")
    assert access() == Access("http://127.0.0.1:9", "of-the-file")
    monkeypatch.setenv("TMDB_BEARER_TOKEN", " Bearer of-the-environment\n")
    assert access() == Access("http://127.0.0.1:9", "of-the-environment")
    monkeypatch.setenv("TMDB_BEARER_TOKEN", "")
    assert access() is None


def test_a_file_above_the_project_is_not_the_project_s(project):
    (project.parent / ".env").write_text('TMDB_BEARER_TOKEN="quoted"\n')
    assert access() is None
    (project / ".env").write_text('TMDB_BEARER_TOKEN="quoted"\n')
    assert access() == Access(settings.DEFAULT_URL, "quoted")


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "tokén"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(project, monkeypatch, token):
    monkeypatch.setenv("TMDB_BEARER_TOKEN", token)
    with pytest.raises(CineMatchError, match="TMDB_BEARER_TOKEN holds a character that no token has") as caught:
        access()
    assert token not in str(caught.value)


@pytest.mark.parametrize("url", ["api.themoviedb.org", "ftp://host", "https://name:word@host", "https://"])
def test_an_address_that_cannot_be_one_is_refused(project, monkeypatch, url):
    monkeypatch.setenv("TMDB_BEARER_TOKEN", "t")
    monkeypatch.setenv("TMDB_API_URL", url)
    with pytest.raises(CineMatchError, match=r"TMDB_API_URL must be an address such as https://api.themoviedb.org"):
        access()


def test_the_example_names_the_settings_and_git_ignores_the_real_one():
    root = clients.__file__.rpartition("/cinematch_lib/")[0]
    example = Path(root, ".env.example").read_text(encoding="utf-8")
    assert re.search(r"^TMDB_BEARER_TOKEN=$", example, re.MULTILINE)
    assert "TMDB_API_URL=https://api.themoviedb.org" in example
    assert ".env" in Path(root, ".gitignore").read_text(encoding="utf-8").splitlines()

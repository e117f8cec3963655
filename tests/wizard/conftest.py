"""Fixtures of the tests of the guided set-up."""

import csv

import pytest
from support.tmdb_server import running

ANOTHER = "Another parameter to set"


@pytest.fixture
def project(tmp_path):
    """A folder with a data set of one's own, a half one, a store of TMDb's answers and a file .env."""
    rows = {
        "movies.csv": [("movieId", "title", "genres"), *((n, f"Film {n} (1999)", "Crime|Drama") for n in range(1, 9))],
        "links.csv": [("movieId", "imdbId", "tmdbId"), *((n, f"{n:07}", n) for n in range(1, 9))],
    }
    (tmp_path / "raw" / "mine").mkdir(parents=True)
    for name, lines in rows.items():
        with (tmp_path / "raw" / "mine" / name).open("w", newline="") as file:
            csv.writer(file).writerows(lines)
    (tmp_path / "raw" / "ml-25m").mkdir()
    (tmp_path / "raw" / "ml-25m" / "movies.csv").write_text("movieId,title,genres\n")
    (tmp_path / ".env").write_text("OTHER=kept\n")
    (tmp_path / ".env").chmod(0o644)
    return tmp_path


@pytest.fixture
def tmdb():
    with running() as server:
        yield server

"""Fixtures of the tests of catalog."""

import pytest
from support.cleaning_tables import LINKS, MOVIES, TMDB
from support.tables import write_movielens, write_tmdb


@pytest.fixture
def folder(tmp_path):
    return write_movielens(tmp_path / "raw" / "mine", MOVIES, LINKS)


@pytest.fixture
def metadata(tmp_path):
    return write_tmdb(tmp_path / "raw" / "tmdb" / "tmdb_metadata.csv", TMDB)

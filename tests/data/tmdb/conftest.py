"""A TMDb-shaped server on loopback, and a folder for what is fetched from it."""

import pytest
from support.tmdb_server import TOKEN, running

from cinematch_lib.data.tmdb import client as clients
from cinematch_lib.data.tmdb import rate_limit, transport


@pytest.fixture
def server(monkeypatch):
    with running() as tmdb:
        monkeypatch.setenv("TMDB_API_URL", tmdb.url)
        monkeypatch.setenv("TMDB_BEARER_TOKEN", TOKEN)
        yield tmdb


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(clients, "PAUSES", (0.01, 0.02, 0.04, 0.08))
    monkeypatch.setattr(transport, "TIMEOUT", (5, 5))
    monkeypatch.setattr(rate_limit, "OWN_WAITS", (0.2, 0.4))


@pytest.fixture
def raw(tmp_path):
    return tmp_path / "raw"

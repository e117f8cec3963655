"""Servers that share a store in PostgreSQL, which crashes and comes back."""

import pytest
import requests
from support.commands import wait_for
from support.serving import client, publish, server

from cinematch_lib import CineMatchError
from cinematch_lib.serving.store import Store

WAIT = 20  # seconds; a machine may be busy


@pytest.fixture
def address(postgres):
    postgres.clear()
    return postgres.address


def health(api):
    answer = api.get("/health").json()
    return answer["status"], answer["store"]


def test_two_servers_share_the_lists(tmp_path, address):
    publish(tmp_path / "artifacts")
    with (
        client(tmp_path / "artifacts", state_dir=address) as one,
        server(tmp_path / "artifacts", "--state", address, "--workers", "2") as other,
    ):
        assert one.post("/api/watchlist/anna", json={"movie_id": 1}).status_code == 200
        said = {"movie_id": 2, "feedback": "like"}
        assert requests.post(f"{other.url}/api/feedback/anna", json=said, timeout=WAIT).status_code == 200
        shared = requests.get(f"{other.url}/api/watchlist/anna", timeout=WAIT).json()
        assert shared == one.get("/api/watchlist/anna").json()
        assert [film["movie_id"] for film in shared["items"]] == [1]
        assert [film["movie_id"] for film in one.get("/api/feedback/anna").json()["items"]] == [2]
        assert not (tmp_path / "state").exists()


def test_a_crash_of_the_database_costs_503s_and_no_acknowledged_write(tmp_path, postgres, address):
    publish(tmp_path / "artifacts")
    with client(tmp_path / "artifacts", state_dir=address) as api:
        acknowledged = []

        def add(movie_id):
            answer = api.post("/api/watchlist/anna", json={"movie_id": movie_id})
            acknowledged.extend([movie_id] if answer.status_code == 200 else [])
            return answer

        for movie_id in range(1, 11):
            assert add(movie_id).status_code == 200
        postgres.crash()
        refused = add(11)
        assert refused.status_code == 503
        assert "try again later" in refused.json()["detail"]
        status, store = health(api)
        assert status == "degraded"
        assert store.startswith("PostgreSQL at ")
        assert api.get("/api/search", params={"q": "heat"}).json()["count"]
        postgres.start()
        wait_for(lambda: add(12).status_code == 200, "the database to be found again")
        assert health(api) == ("ok", "ok")
        saved = [film["movie_id"] for film in api.get("/api/watchlist/anna").json()["items"]]
        assert set(acknowledged) <= set(saved)


def test_a_database_that_cannot_be_used_is_named_without_its_password(tmp_path):
    with pytest.raises(
        CineMatchError, match=r"PostgreSQL at 127\.0\.0\.1, database films cannot be used .*; start it"
    ) as told:
        Store("postgresql://anna:open-sesame@127.0.0.1:1/films")
    assert "open-sesame" not in str(told.value)
    with pytest.raises(CineMatchError, match="it has the form postgresql://user@host:5432/database") as told:
        Store("postgresql://anna:open-sesame@[127.0.0.1/films")
    assert "open-sesame" not in str(told.value)


def test_a_later_format_is_refused(postgres, address):
    Store(address).close()
    Store(address).close()  # nothing to do
    assert postgres.rows("SELECT version FROM format") == [(5,)]
    postgres.rows("UPDATE format SET version = 9 RETURNING version")
    with pytest.raises(CineMatchError, match="has the format version 9, and this CineMatch knows 5"):
        Store(address)


def test_a_dropped_table_is_a_problem(postgres, address):
    store = Store(address)
    assert store.problem is None
    postgres.drop("feedback")
    assert "feedback" in store.problem
    store.close()

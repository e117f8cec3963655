"""What /health tells of the store and of the current run, and who waits for a locked store."""

import sqlite3
import threading
import time

from support.commands import wait_for
from support.serving import client

from cinematch_lib.serving import database
from cinematch_lib.serving.store import FILE


def health(api):
    answer = api.get("/health").json()
    return answer["status"], answer["store"]


def test_a_store_whose_file_is_gone_is_degraded_and_saves_nothing(served):
    with client(served) as api:
        assert api.post("/api/watchlist/anna", json={"movie_id": 1}).status_code == 200
        assert health(api) == ("ok", "ok")
        (served.parent / "state" / FILE).unlink()
        status, store = health(api)
        assert status == "degraded"
        assert "was removed, moved or replaced, and nothing is saved" in store
        for path, body in (("watchlist", {}), ("feedback", {"feedback": "like"})):
            answer = api.post(f"/api/{path}/anna", json={"movie_id": 2} | body)
            assert (answer.status_code, answer.json()["detail"]) == (503, store)
            assert answer.headers["Retry-After"] == "5"


def test_a_locked_store_holds_up_only_those_who_write(served, monkeypatch):
    monkeypatch.setattr(database, "_BUSY_SECONDS", 2)
    with client(served) as api:
        other = sqlite3.connect(served.parent / "state" / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answers = []

        def write(movie_id):
            answers.append(api.post("/api/watchlist/anna", json={"movie_id": movie_id}).status_code)

        writers = [threading.Thread(target=write, args=(movie_id,)) for movie_id in range(1, 61)]
        for one in writers:
            one.start()
        assert api.get("/api/search", params={"q": "heat"}).json()["count"]
        assert api.get("/health").json()["status"] == "ok"
        assert api.post("/api/recommendations", json={"user_id": "anna"}).status_code == 200
        assert api.get("/api/watchlist/anna").status_code == 200
        assert answers == []  # all of them still wait
        for one in writers:
            one.join()
        assert answers == [503] * 60
        other.execute("ROLLBACK")
        other.close()
        assert api.post("/api/watchlist/anna", json={"movie_id": 1}).status_code == 200


def test_a_current_run_that_cannot_be_read_is_degraded_and_tried_again(served):
    with client(served) as api:
        current = served / "current"
        named = current.read_text()
        current.unlink()
        current.mkdir()
        wait_for(lambda: health(api)[0] == "degraded", "the change to be noticed")
        time.sleep(1.5)
        assert health(api)[0] == "degraded"
        current.rmdir()
        current.write_text("x" * 100_000)  # not repeated whole in each answer
        wait_for(lambda: api.get("/health").json()["refused_run"] == "x" * 100, "the change to be noticed")
        current.write_text(named)
        wait_for(lambda: health(api)[0] == "ok", "the run to be found again")

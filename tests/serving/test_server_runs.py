"""A new run replaces the old one or is refused; /health, the metrics and the log report it."""

import asyncio
import json

import pytest
from support.commands import wait_for
from support.newer_client import identify
from support.run_files import folder_of, published, put
from support.serving import client, films, publish, publish_films
from support.small_runs import CASINO, COLLATERAL, HEAT

from cinematch_lib import CineMatchError
from cinematch_lib.artifacts.runs import FEATURES, current_run_id, use_run
from cinematch_lib.serving.app import create_app
from cinematch_lib.serving.live_run import LiveRun
from cinematch_lib.storage.files import write_text


def look(live):
    asyncio.run(live.refresh())


def test_a_new_run_is_served(served):
    live = LiveRun(served)
    first = live.current
    look(live)
    assert live.current is first
    newer = publish(served, title="Movie", count=70)
    look(live)
    assert (live.current.info.run_id, live.refused) == (newer, None)
    assert len(live.current.recommender) == 70
    assert first.recommender.movie(5).title == "Film 5"  # whoever still holds the old one can finish


def test_an_earlier_run_is_served_when_it_is_current_again(served):
    earlier = current_run_id(served)
    publish(served, title="Movie")
    live = LiveRun(served)
    use_run(served, earlier)
    look(live)
    assert live.current.recommender.movie(5).title == "Film 5"


def altered(served):
    put(folder_of(served) / FEATURES, b"other bytes")


def incomplete(served):
    (folder_of(served) / FEATURES).unlink()


def of_another_program(served):
    published(served)  # sealed as it should be, but its films are the text "first"


def named_and_not_there(served):
    (served / "current").write_text("20990101T000000Z-00000000\n")


def unnamed(served):
    (served / "current").unlink()


def not_even_text(served):
    (served / "current").write_bytes(b"\xff\x00/../../etc")


@pytest.mark.parametrize(
    "harm",
    [altered, incomplete, of_another_program, named_and_not_there, unnamed, not_even_text],
    ids=lambda f: f.__name__,
)
def test_a_broken_run_is_refused_and_the_old_one_stays(served, harm, caplog):
    live = LiveRun(served)
    good = live.current.info.run_id
    if harm in (altered, incomplete):
        publish(served, title="Movie")
    harm(served)
    for _ in range(3):
        look(live)
    assert live.current.info.run_id == good
    assert live.refused == (current_run_id(served) or "none")
    (said,) = [record for record in caplog.records if record.msg == "run refused"]
    assert (said.run, said.still) == (live.refused, good)
    assert said.reason
    use_run(served, good)
    look(live)
    assert (live.current.info.run_id, live.refused) == (good, None)


def test_a_refused_run_is_served_once_it_is_repaired(served, monkeypatch):
    live = LiveRun(served)
    monkeypatch.setattr("cinematch_lib.serving.live_run.RETRY_SECONDS", 0)
    newer = publish(served, title="Movie")
    path = folder_of(served) / FEATURES
    whole = path.read_bytes()
    altered(served)
    look(live)
    assert live.refused == newer
    put(path, whole)
    look(live)
    assert (live.current.info.run_id, live.refused) == (newer, None)


def test_the_health_check_reports_degraded_and_then_ok_again(served, monkeypatch):
    monkeypatch.setattr("cinematch_lib.serving.live_run.REFRESH_SECONDS", 0.01)
    good = current_run_id(served)
    bad = publish(served, title="Movie")
    altered(served)  # before it is the current run of the server, which would else load it unaltered
    use_run(served, good)
    with client(served) as api:
        assert api.get("/health").json()["status"] == "ok"
        write_text(served / "current", f"{bad}\n")  # use_run would refuse it
        health = wait_for_health(api, "degraded")
        assert (health["run_id"], health["refused_run"]) == (good, bad)
        assert "cinematch_run_refused 1.0" in api.get("/metrics").text
        newest = publish(served, title="Picture")
        health = wait_for_health(api, "ok", newest)
        assert health["refused_run"] is None
        wait_for(lambda: f'run_id="{newest}"' in api.get("/metrics").text, "the new run among the metrics")
        assert good not in api.get("/metrics").text
        assert api.get("/api/movies/5").json()["title"] == "Picture 5"


def wait_for_health(api, status, run_id=None):
    def as_wanted():
        health = api.get("/health").json()
        return health if health["status"] == status and run_id in (None, health["run_id"]) else None

    return wait_for(as_wanted, f"the status {status}")


def test_without_a_usable_run_create_app_raises(tmp_path):
    with pytest.raises(CineMatchError, match="has no current run yet; make one"):
        create_app(tmp_path / "artifacts")
    published(tmp_path / "artifacts")
    with pytest.raises(CineMatchError, match=r"cannot be served .*; make the run anew"):
        create_app(tmp_path / "artifacts")
    assert not (tmp_path / "state").exists()


def test_stored_films_that_the_new_run_lacks_are_skipped_but_kept(served, monkeypatch):
    monkeypatch.setattr("cinematch_lib.serving.live_run.REFRESH_SECONDS", 0.01)
    with client(served) as api:
        for movie_id, kind in ((60, "like"), (59, "dislike"), (58, "not_interested"), (1, "like")):
            api.post("/api/feedback/anna", json={"movie_id": movie_id, "feedback": kind})
        api.post("/api/watchlist/anna", json={"movie_id": 60})
        expected = films()[59]["title"]
        wait_for_health(api, "ok", publish(served, count=50))
        answer = api.post("/api/recommendations", json={"user_id": "anna"})
        assert answer.status_code == 200
        assert answer.json()["recommendations"][0]["movie_id"] == 2
        (item,) = api.get("/api/watchlist/anna").json()["items"]
        assert (item["title"], item["available"]) == (expected, False)
        assert [one["movie_id"] for one in api.get("/api/feedback/anna").json()["items"]] == [60, 59, 58, 1]
        (ignored,) = api.post("/api/recommendations", json={"liked_movie_ids": [60]}).json()["ignored"]
        assert (ignored["field"], ignored["value"]) == ("liked_movie_ids", 60)
        assert api.delete("/api/watchlist/anna/60").json()["title"] == expected
        assert json.loads(api.get("/api/users/anna/data").content)["watchlist"] == []


def test_a_stored_film_keeps_what_a_richer_run_knew_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr("cinematch_lib.serving.live_run.REFRESH_SECONDS", 0.01)
    publish_films(tmp_path / "artifacts", HEAT | {"original_language": "en"}, COLLATERAL, CASINO)
    with client(tmp_path / "artifacts", identify=True) as api:
        headers = {"X-User-Id": str(identify(api)["id"])}
        api.post("/api/watchlist", json={"movie_id": 1}, headers=headers)
        before = api.get(f"/api/watchlist/{headers['X-User-Id']}").json()
        newer = api.get("/api/watchlist", headers=headers).json()
        poor = HEAT | {"runtime": None, "overview": "", "director": "", "cast_top": ""}
        wait_for_health(api, "ok", publish_films(tmp_path / "artifacts", poor, COLLATERAL, CASINO))
        assert not api.get("/api/movies/1").json()["overview_known"]
        assert api.get(f"/api/watchlist/{headers['X-User-Id']}").json() == before
        assert api.get("/api/watchlist", headers=headers).json() == newer
    (item,) = before["items"]
    assert (item["overview"], item["director"], item["runtime"]) == (HEAT["overview"], ["Michael Mann"], 170)

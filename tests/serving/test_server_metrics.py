"""Request ids, Prometheus metrics, and logs without personal data."""

import io
import json
import logging
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.serving import client

from cinematch_lib.serving.logs import JsonLines


@pytest.fixture
def logged(monkeypatch):
    """Everything that the server logs at the default level, as text."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("cinematch.serving")
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "level", logging.INFO)
    logger.manager._clear_cache()
    yield stream
    logger.manager._clear_cache()


def metrics(api):
    families = text_string_to_metric_families(api.get("/metrics").text)
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in families
        for one in family.samples
    }


def test_requests_latency_and_recommendations_are_counted(served):
    with client(served) as api:
        for _ in range(3):
            api.post("/api/recommendations", json={"limit": 7})
        for movie_id in (1, 99998, 99999):
            api.get(f"/api/movies/{movie_id}")
        api.get("/no/such/path")
        api.request("BREW", "/api/genres")
        found = metrics(api)
        run_id = api.get("/health").json()["run_id"]
    assert found["cinematch_requests_total", "POST", "/api/recommendations", "200"] == 3
    assert found["cinematch_requests_total", "GET", "/api/movies/{movie_id}", "200"] == 1
    assert found["cinematch_requests_total", "GET", "/api/movies/{movie_id}", "404"] == 2
    assert found["cinematch_requests_total", "GET", "none", "404"] == 1
    assert found["cinematch_requests_total", "other", "/api/genres", "405"] == 1
    assert found["cinematch_request_seconds_count", "/api/recommendations"] == 3
    assert found["cinematch_recommendations_total",] == 21
    assert found["cinematch_run_info", "tiny", run_id] == 1
    assert found["cinematch_films",] == 60
    assert found["cinematch_run_refused",] == 0
    assert found["process_resident_memory_bytes",] > 0


def test_every_response_has_a_new_request_id_or_that_of_its_request(served):
    with client(served) as api:
        first, second = (api.get(path).headers["X-Request-ID"] for path in ("/api/genres", "/nothing"))
        assert first != second
        assert re.fullmatch(r"[0-9a-f]{16}", first)
        assert api.get("/health", headers={"X-Request-ID": "abc-123"}).headers["X-Request-ID"] == "abc-123"
        for odd in ("two words", "x" * 65, 'a"b'):
            assert re.fullmatch(
                r"[0-9a-f]{16}", api.get("/health", headers={"X-Request-ID": odd}).headers["X-Request-ID"]
            )


def test_each_request_is_logged_without_personal_data(served, logged):
    with client(served) as api:
        api.post("/api/watchlist/anna-of-the-hill", json={"movie_id": 1})
        api.post("/api/feedback/anna-of-the-hill", json={"movie_id": 99999, "feedback": "like"})
        api.get("/api/search", params={"q": "heathers"})
        api.post("/api/recommendations", json={"user_id": "anna-of-the-hill", "preferred_genres": ["secret taste"]})
        last = api.get("/api/users/anna-of-the-hill/data")
    text = logged.getvalue()
    for personal in ("anna", "heathers", "secret taste", "99999", "testclient"):
        assert personal not in text
    lines = [json.loads(line) for line in text.splitlines()]
    said = [(line["method"], line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert said == [
        ("POST", "/api/watchlist/{user_id}", 200),
        ("POST", "/api/feedback/{user_id}", 404),
        ("GET", "/api/search", 200),
        ("POST", "/api/recommendations", 200),
        ("GET", "/api/users/{user_id}/data", 200),
    ]
    assert lines[-1]["request_id"] == last.headers["X-Request-ID"]
    assert {"time", "level", "ms"} <= set(lines[-1])


def test_an_unhandled_error_is_a_500_without_details_and_a_traceback_in_the_log(served, logged):
    with client(served) as api:

        @api.app.get("/api/fails")
        def fails():
            raise RuntimeError("the innards")

        answer = api.get("/api/fails", headers={"Origin": "http://localhost:5173"})
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.status_code == 500
    assert answer.json() == {"detail": "internal error; the log has the details under this response's X-Request-ID"}
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    (failed,) = [line for line in lines if line["event"] == "failed"]
    assert failed["request_id"] == answer.headers["X-Request-ID"]
    assert "RuntimeError: the innards" in failed["traceback"]

"""Requests of careless clients: text that is none, parameters with slips."""

import json

import pytest

HALF = r"\ud800"  # half of a surrogate pair, which JSON can name and UTF-8 cannot hold


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/recommendations", '{"limit": 1, "HALF": 2}'),
        ("/api/recommendations", '{"limit": "HALF"}'),
        ("/api/recommendations", '{"preferred_genres": ["HALF"]}'),
        ("/api/recommendations", '{"user_id": "HALF"}'),
        ("/api/watchlist/anna", '{"movie_id": 1, "HALF": 2}'),
        ("/api/feedback/anna", '{"movie_id": 1, "feedback": "HALF"}'),
        ("/api/ratings", '{"text": "HALF"}'),
        ("/auth/identify", '{"email": "anna@example.org", "name": "HALF"}'),
    ],
)
def test_half_of_a_surrogate_pair_is_refused(api, path, body):
    answer = api.post(path, content=body.replace("HALF", HALF), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_it_is_repeated_as_it_came(api):
    body = {"text": "Name,Year,Rating\nNo \ud800 Film,1995,4\n"}
    answer = api.post("/api/ratings", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert [one["name"] for one in answer.json()["not_found"]] == ["No \ud800 Film (1995)"]


@pytest.mark.parametrize(
    ("path", "query", "close"),
    [
        ("/api/search", {"q": "heat", "limt": 1}, ["limit"]),
        ("/api/movies/1/similar", {"usr_id": "anna"}, ["user_id"]),
        ("/api/movies", {"genr": "drama"}, ["genre"]),
        ("/api/recommendations", {"year_buckt": "90s"}, ["year_bucket"]),
    ],
)
def test_unknown_parameters_are_named_with_close_ones(api, anna, path, query, close):
    answer = api.get(path, params=query, headers=anna)
    assert answer.status_code == 200
    assert [one["suggestions"] for one in answer.json()["ignored"]] == [close]


@pytest.mark.parametrize(
    ("path", "films"),
    [
        ("/api/search?q=film", "results"),
        ("/api/movies/1/similar?", "similar"),
        ("/api/movies?", "movies"),
        ("/api/recommendations?", "recommendations"),
    ],
)
def test_k_is_taken_as_limit(api, anna, path, films):
    answer = api.get(f"{path}&k=3", headers=anna).json()
    assert len(answer[films]) == 3
    assert not answer.get("ignored")
    answer = api.get(f"{path}&k=3&limit=2", headers=anna).json()
    assert len(answer[films]) == 2
    assert [one["field"] for one in answer["ignored"]] == ["k"]


def test_an_unknown_genre_of_the_newer_client_is_named(api, anna):
    answer = api.get("/api/recommendations", params={"mode": "genre", "genre": "dramma"}, headers=anna).json()
    assert answer["recommendations"] == []
    assert answer["ignored"][0]["suggestions"] == ["drama"]


def test_an_unknown_field_of_identify_is_named(api):
    answer = api.post("/auth/identify", json={"email": "a@example.org", "name": "Anna", "nam": "Z"}).json()
    assert answer["ignored"][0]["suggestions"] == []

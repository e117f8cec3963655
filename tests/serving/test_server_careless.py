"""Requests of careless clients: text that is none, parameters with slips."""

import json

import pytest

HALF = r"\ud800"  # half of a surrogate pair, which JSON can name and UTF-8 cannot hold
K_BESIDE_LIMIT = {
    "field": "k",
    "value": None,
    "reason": "another name of limit, which is given too and counts",
    "suggestions": ["limit"],
}


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


def test_a_time_in_milliseconds_is_refused_with_what_to_do(api):
    body = {"ratings": [{"movie_id": 1, "rating": 5, "timestamp": 1_700_000_000_000}], "limit": 1}
    answer = api.post("/api/recommendations", json=body)
    assert answer.status_code == 422
    assert "a time must be seconds since 1970" in answer.json()["detail"]
    assert answer.json()["detail"].endswith("divide milliseconds by 1,000")
    body["ratings"][0]["timestamp"] = 1_700_000_000
    assert api.post("/api/recommendations", json=body).json()["count"] == 1


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
    assert answer["ignored"] == [K_BESIDE_LIMIT]


@pytest.mark.parametrize(
    ("body", "count", "passed_over"),
    [
        ({"limit": None, "k": 2}, 2, []),
        ({"limit": 2, "k": None}, 2, []),
        ({"limit": None, "k": None}, 20, []),
        ({"limit": 2, "k": 3}, 2, [K_BESIDE_LIMIT]),
    ],
)
def test_of_limit_and_k_the_one_counts_that_is_not_null(api, body, count, passed_over):
    answer = api.post("/api/recommendations", json=body).json()
    assert (answer["count"], answer["ignored"]) == (count, passed_over)


def test_an_unknown_genre_of_the_newer_client_is_named(api, anna):
    answer = api.get("/api/recommendations", params={"mode": "genre", "genre": "dramma"}, headers=anna).json()
    assert answer["recommendations"] == []
    assert answer["ignored"][0]["suggestions"] == ["drama"]


def test_an_unknown_field_of_identify_is_named(api):
    answer = api.post("/auth/identify", json={"email": "a@example.org", "name": "Anna", "nam": "Z"}).json()
    assert answer["ignored"][0]["suggestions"] == []


@pytest.mark.parametrize(
    ("path", "field", "passed_over"),
    [
        ("/api/search?q=heat&q=casino&limit=1", "q", ["heat"]),
        ("/api/movies?genre=drama&genre=comedy&genre=crime&limit=1", "genre", ["drama", "comedy"]),
        ("/api/movies/1/similar?limit=2&limit=1", "limit", ["2"]),
        ("/api/recommendations?limit=2&limit=1", "limit", ["2"]),
    ],
)
def test_the_values_of_a_repeated_parameter_are_named(api, anna, path, field, passed_over):
    ignored = api.get(path, headers=anna).json()["ignored"]
    assert [(one["field"], one["value"]) for one in ignored] == [(field, value) for value in passed_over]
    assert {one["reason"] for one in ignored} == {"it is given more than once; the last value counts"}


def test_fields_may_be_repeated(api):
    assert api.get("/api/search?q=heat&fields=title&fields=people").json()["ignored"] == []


def test_parameters_beside_a_body_are_named(api):
    answer = api.post("/api/recommendations?limit=1&genre=drama", json={"limit": 2}).json()
    assert answer["count"] == 2
    assert [(one["field"], one["value"]) for one in answer["ignored"]] == [("limit", "1"), ("genre", "drama")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("GET", "/api/genres"),
        ("GET", "/api/services"),
        ("GET", "/api/about"),
        ("GET", "/api/movies/1"),
        ("GET", "/api/watchlist"),
        ("GET", "/api/watchlist/bob"),
        ("DELETE", "/api/watchlist/bob/1"),
        ("GET", "/api/feedback/bob"),
        ("GET", "/api/preferences/me"),
        ("POST", "/api/feedback/reset"),
        ("GET", "/api/users/bob/data"),
        ("DELETE", "/api/users/bob/data"),
    ],
)
def test_parameters_are_named_where_a_path_takes_none(api, anna, method, path):
    api.post("/api/watchlist/bob", json={"movie_id": 1})
    plain = api.request(method, path, headers=anna).json()
    api.post("/api/watchlist/bob", json={"movie_id": 1})
    answer = api.request(method, f"{path}?lmit=2", headers=anna).json()
    reason = "unknown parameter; this path takes none"
    assert answer.pop("ignored") == [{"field": "lmit", "value": None, "reason": reason, "suggestions": []}]
    assert answer.keys() == plain.keys()


def test_a_list_stays_a_list(api, anna):
    assert api.get("/api/feedback/my-likes?limit=2", headers=anna).json() == []


def test_a_parameter_beside_a_body_is_named_with_the_field_that_is_meant(api):
    answer = api.post("/api/watchlist/bob?movieid=2", json={"movie_id": 1, "titel": "Heat"}).json()
    assert [(one["field"], one["suggestions"]) for one in answer["ignored"]] == [
        ("titel", []),
        ("movieid", ["movie_id"]),
    ]


def test_a_repeated_mark_is_named(api):
    api.post("/api/watchlist/bob", json={"movie_id": 1})
    answer = api.put("/api/watchlist/bob/1/watched?watched=true&watched=false").json()
    assert answer["watched"] is False
    assert [(one["field"], one["value"]) for one in answer["ignored"]] == [("watched", "true")]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/recommendations", {"limit": True}),
        ("/api/recommendations", {"discovery": False}),
        ("/api/recommendations", {"year_min": True}),
        ("/api/recommendations", {"ratings": [{"movie_id": 1, "rating": True}]}),
        ("/api/feedback/anna", {"movie_id": 1, "feedback": "rating", "rating": True}),
    ],
)
def test_true_and_false_are_no_numbers(api, path, body):
    answer = api.post(path, json=body)
    assert answer.status_code == 422
    assert [one["msg"] for one in answer.json()["detail"]] == ["Value error, true and false are no numbers"]


@pytest.mark.parametrize("movie_id", ["1e30", "-1e30", "0.0", "1" + 30 * "0"])
def test_an_id_may_be_any_whole_number_however_it_is_written(api, movie_id):
    json_header = {"Content-Type": "application/json"}
    body = f'{{"liked_movie_ids": [{movie_id}], "ratings": [{{"movie_id": {movie_id}, "rating": 4}}]}}'
    answer = api.post("/api/recommendations", content=body, headers=json_header).json()
    assert [one["field"] for one in answer["ignored"]] == ["liked_movie_ids", "ratings"]
    body = f'{{"movie_id": {movie_id}, "feedback": "like"}}'
    for path in ("/api/watchlist/anna", "/api/feedback/anna"):
        assert api.post(path, content=body, headers=json_header).status_code == 404


def test_a_bound_may_be_any_whole_number_however_it_is_written(api):
    headers = {"Content-Type": "application/json"}
    assert api.post("/api/recommendations", content='{"year_max": 1e30}', headers=headers).json()["count"] == 20
    assert api.post("/api/recommendations", content='{"year_min": 1e30}', headers=headers).json()["count"] == 0


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"{'limit': 1}", 422, "JSON decode error: Expecting property name enclosed in double quotes"),
        (b'{"limit": 1 "k": 2}', 422, "JSON decode error: Expecting ',' delimiter"),
        (b'{"user_id": "\xff"}', 400, "the body could not be read as JSON in UTF-8: 'utf-8' codec can't decode byte"),
        (b"[" * 30_000, 400, "the body could not be read as JSON in UTF-8: maximum recursion depth exceeded"),
    ],
)
def test_a_body_that_is_no_json_is_told_why(api, body, status, told):
    answer = api.post("/api/recommendations", content=body, headers={"Content-Type": "application/json"})
    detail = answer.json()["detail"]
    assert answer.status_code == status
    assert (detail if isinstance(detail, str) else detail[0]["msg"]).startswith(told)


@pytest.mark.parametrize("cursor", ["AAA", "A" * 3000, "BqYCA", "BqYCAA", "vgL"])
def test_a_cursor_that_no_answer_gave_is_refused(api, cursor):
    answer = api.post("/api/recommendations", json={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith("is no cursor; send the next_cursor of an answer, or none to begin")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/api/watchlist/anna", "DELETE, GET, HEAD, POST"),
        ("OPTIONS", "/api/recommendations", "GET, HEAD, POST"),
    ],
)
def test_a_method_that_a_path_lacks_is_answered_with_those_that_it_has(api, method, path, allowed):
    answer = api.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


def test_spaces_around_the_number_of_a_user_do_not_matter(api, anna):
    headers = {"X-User-Id": f" {anna['X-User-Id']}\t"}
    assert api.get("/api/preferences/me", headers=headers).status_code == 200

"""The newer client's API: users with numbers, stored preferences, modes of recommendations."""

import re
import sqlite3
import subprocess

import pytest
import requests
from support.commands import COMMAND
from support.newer_client import EMAIL, identify, like, recommend
from support.serving import client, films, publish, server

PREFERENCES = {
    "preferred_genres": [],
    "services": [],
    "original_languages": [],
    "runtime_min": None,
    "runtime_max": None,
}


FILM_FIELDS = {
    *("movie_id", "title", "year", "runtime", "overview", "genres", "services", "poster_url", "poster_path"),
    *("score", "explanation"),
}


def test_a_user_is_identified_by_their_e_mail(api):
    unknown = api.post("/auth/identify", json={"email": EMAIL})
    assert unknown.status_code == 404
    assert "no user with this e-mail" in unknown.json()["detail"]
    made = identify(api)
    assert made == {"id": 1, "name": "Anna", "email": EMAIL, "created_at": made["created_at"]}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made["created_at"])
    assert api.post("/auth/identify", json={"email": f" {EMAIL.upper()} "}).json() == made
    assert api.post("/auth/identify", json={"email": EMAIL, "name": ""}).json() == made
    assert identify(api, name="Anna B.") == made | {"name": "Anna B."}
    assert identify(api, "ben@example.org", "Ben")["id"] == 2


@pytest.mark.parametrize(
    "email", ["anna", "@example.org", "anna@", "an na@example.org", "a\nb@example.org", "", 7, None]
)
def test_what_is_no_e_mail_is_refused(api, email):
    answer = api.post("/auth/identify", json={"email": email, "name": "Anna"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "email"]


def test_a_number_is_never_that_of_another_user(api, tmp_path):
    api.post("/api/watchlist/1", json={"movie_id": 5})  # the user "1" of the older API
    assert identify(api)["id"] == 2
    api.delete("/api/users/2/data")
    assert identify(api)["id"] == 3


@pytest.mark.parametrize("header", [None, "2", "0", "-1", "01", "x", "1.0", "9" * 30, "٣", ""])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/preferences/me", None),
        ("PUT", "/api/preferences/me", {}),
        ("GET", "/api/recommendations", None),
        ("GET", "/api/watchlist", None),
        ("POST", "/api/watchlist", {"movie_id": 1}),
        ("DELETE", "/api/watchlist/1", None),
        ("POST", "/api/watchlist/1/watched", None),
        ("POST", "/api/feedback", {"movie_id": 1, "signal": "like"}),
        ("GET", "/api/feedback/my-likes", None),
        ("GET", "/api/feedback/my-dislikes", None),
        ("POST", "/api/feedback/reset", None),
    ],
)
def test_without_a_known_user_the_status_is_401(api, anna, method, path, body, header):
    headers = {} if header is None else {"X-User-Id": header.encode()}
    answer = api.request(method, path, json=body, headers=headers)
    assert answer.status_code == 401
    assert isinstance(answer.json()["detail"], str)


def test_the_e_mail_is_in_the_users_data_and_goes_with_them(api, anna, tmp_path):
    api.put("/api/preferences/me", headers=anna, json={"services": ["Netflix"]})
    like(api, anna, 5)
    data = api.get("/api/users/1/data").json()
    assert (data["account"]["email"], data["preferences"]["services"]) == (EMAIL, ["Netflix"])
    assert [one["movie_id"] for one in data["feedback"]] == [5]
    deleted = api.delete("/api/users/1/data").json()
    assert (deleted["message"], deleted["account"], deleted["feedback"]) == ("All data deleted", True, 1)
    assert api.get("/api/preferences/me", headers=anna).status_code == 401
    assert api.get("/api/users/1/data").json() == {"user_id": "1", "watchlist": [], "feedback": [], "lists": []}
    with sqlite3.connect(tmp_path / "state" / "cinematch.sqlite") as db:
        assert db.execute("SELECT count(*) FROM preferences").fetchone() == (0,)
    assert all(EMAIL.encode() not in path.read_bytes() for path in (tmp_path / "state").iterdir())


def test_identify_is_there_only_if_asked_and_never_open_to_others(tmp_path):
    publish(tmp_path / "artifacts")
    with client(tmp_path / "artifacts", state_dir=tmp_path / "a") as api:
        assert api.post("/auth/identify", json={"email": EMAIL, "name": "A"}).status_code == 404
    with client(tmp_path / "artifacts", state_dir=tmp_path / "b", identify=True, api_token="secret") as api:
        assert api.post("/auth/identify", json={"email": EMAIL, "name": "A"}).status_code == 401
        allowed = {"Authorization": "Bearer secret"}
        assert api.post("/auth/identify/", json={"email": EMAIL, "name": "A"}, headers=allowed).status_code == 200
    command = [
        COMMAND,
        "serve",
        "--artifacts-dir",
        tmp_path / "artifacts",
        "--host",
        "0.0.0.0",
        "--identify",
        "--insecure",
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    assert done.returncode
    assert "--identify tells the number of any user whose e-mail is known" in done.stderr


def test_e_mails_are_not_logged(tmp_path):
    publish(tmp_path / "artifacts")
    with server(tmp_path / "artifacts", "--identify", "--log-level", "debug", "--state-dir", tmp_path / "state") as one:
        for body in ({"email": EMAIL}, {"email": EMAIL, "name": "Anna"}, {"email": f"{EMAIL} x"}, {"email": [EMAIL]}):
            requests.post(f"{one.url}/auth/identify", json=body, timeout=10)
        requests.get(f"{one.url}/api/users/1/data", timeout=10)
        one.stop()
    assert not [line for line in one.lines if "anna" in line.casefold()]


def test_preferences_are_made_with_defaults_and_changed_in_part(api, anna):
    at_first = api.get("/api/preferences/me", headers=anna).json()
    assert at_first == PREFERENCES | {"updated_at": at_first["updated_at"]}
    changes = {"preferred_genres": ["Sci-Fi"], "runtime_max": 120}
    changed = api.put("/api/preferences/me", headers=anna, json=changes).json()
    assert changed == PREFERENCES | changes | {"updated_at": changed["updated_at"]}
    changed = api.put("/api/preferences/me", headers=anna, json={"preferred_genres": None, "runtime_min": 60}).json()
    assert changed == PREFERENCES | {"runtime_max": 120, "runtime_min": 60, "updated_at": changed["updated_at"]}
    assert api.get("/api/preferences/me", headers=anna).json() == changed
    answer = api.put("/api/preferences/me", headers=anna, json={"genres": ["war"]}).json()
    assert answer["ignored"][0]["reason"] == "unknown field; did you mean preferred_genres?"
    assert api.put("/api/preferences/me", headers=anna, json={"runtime_min": -1}).status_code == 422


def test_recommendations_come_from_what_is_stored(api, anna):
    answer = recommend(api, anna)
    assert {name: answer[name] for name in answer if name != "recommendations"} == {
        "count": 20,
        "user_id": 1,
        "mode": "because_liked",
        "list_id": answer["list_id"],
    }
    assert all(set(film) == FILM_FIELDS for film in answer["recommendations"])
    api.put("/api/preferences/me", headers=anna, json={"preferred_genres": ["comedy"], "services": ["hulu"]})
    like(api, anna, 4)
    like(api, anna, 7, "dislike")
    like(api, anna, 15, "not_interested")
    found = recommend(api, anna, limit=100, genre="", service="", year_bucket="", runtime_bucket="")["recommendations"]
    assert found
    assert not {4, 7, 15} & {film["movie_id"] for film in found}
    assert all("comedy" in film["genres"] and "Hulu (demo)" in film["services"] for film in found)
    assert found[0]["explanation"].startswith("Similar to <script>")


YEARS = {
    "recent": (2018, 9999),
    "2010s": (2010, 2019),
    "2000s": (2000, 2009),
    "90s": (1990, 1999),
    "classic": (0, 1989),
}


RUNTIMES = {"short": (0, 89), "medium": (90, 150), "long": (151, 999)}


def test_pages_of_a_mode_repeat_nothing(api, anna):
    seen, cursor = [], ""
    while cursor is not None:
        page = recommend(api, anna, limit=15, cursor=cursor)
        seen += [film["movie_id"] for film in page["recommendations"]]
        cursor = page["next_cursor"]
        like(api, anna, seen[-1])
    assert sorted(seen) == list(range(1, 61))


def test_every_mode_has_its_filter(api, anna):
    like(api, anna, 1)

    def of_mode(**query):
        answer = recommend(api, anna, limit=100, **query)
        assert answer["mode"] == query["mode"]
        assert 1 not in [film["movie_id"] for film in answer["recommendations"]]
        return answer["recommendations"]

    assert {"sci-fi" in film["genres"] for film in of_mode(mode="genre", genre="Science Fiction")} == {True}
    assert {"Netflix (demo)" in film["services"] for film in of_mode(mode="service", service="netflix")} == {True}
    known_years = [one.get("year", 2000) for one in films()[1:]]
    for bucket, (low, high) in YEARS.items():
        years = [film["year"] for film in of_mode(mode="year", year_bucket=bucket)]
        assert sorted(years) == sorted(year for year in known_years if low <= year <= high)
    for bucket, (low, high) in RUNTIMES.items():
        found = of_mode(mode="runtime", runtime_bucket=bucket)
        wanted = [one["runtime"] for one in films()[1:] if one["runtime"] and low <= one["runtime"] <= high]
        assert sorted(film["runtime"] for film in found) == sorted(wanted)
    assert of_mode(mode="genre", genre="no such genre") == []


def test_trending_is_the_same_for_all_tastes(api, anna):
    ben = {"X-User-Id": str(identify(api, "ben@example.org", "Ben")["id"])}
    like(api, ben, 30, "dislike")
    found = [film["movie_id"] for film in recommend(api, anna, mode="trending", limit=100)["recommendations"]]
    like(api, anna, 1)
    without = [film["movie_id"] for film in recommend(api, anna, mode="trending", limit=100)["recommendations"]]
    assert sorted(without) == sorted(set(found) - {1})
    bens = [film["movie_id"] for film in recommend(api, ben, mode="trending", limit=100)["recommendations"]]
    assert sorted(bens) == sorted(set(found) - {30})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"mode": "genre"}, "genre"),
        ({"mode": "service", "service": ""}, "service"),
        ({"mode": "year"}, "year_bucket"),
        ({"mode": "runtime"}, "runtime_bucket"),
        ({"mode": "year", "year_bucket": "1990s"}, "year_bucket"),
        ({"mode": "popular"}, "mode"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
    ],
)
def test_a_request_without_sense_is_refused_in_fastapi_s_form(api, anna, query, field):
    answer = api.get("/api/recommendations", headers=anna, params=query)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", field]

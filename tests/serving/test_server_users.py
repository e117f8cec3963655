"""Watchlists, feedback and users' stored data over HTTP."""

import re
from urllib.parse import quote

import pytest
from support.serving import client


@pytest.fixture
def api(served):
    with client(served) as one:
        yield one


def post(api, path, status=200, **body):
    answer = api.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def recommended(api, **body):
    return [film["movie_id"] for film in post(api, "/api/recommendations", limit=100, **body)["recommendations"]]


def test_the_old_client_s_watchlist(api):
    path = "/api/watchlist/user123"
    assert api.get(path).json() == {"user_id": "user123", "items": [], "count": 0}
    assert post(api, path, movie_id=1) == {"message": "Added to watchlist", "movie_id": 1, "title": "Heat"}
    assert post(api, path, movie_id=1) == {"message": "Movie already in watchlist", "movie_id": 1}
    post(api, path, movie_id=3)
    answer = api.get(path).json()
    assert (answer["count"], [film["movie_id"] for film in answer["items"]]) == (2, [1, 3])
    heat = answer["items"][0]
    assert (heat["title"], heat["year"], heat["runtime"], heat["watched"]) == ("Heat", 1995, 170, False)
    assert heat["genres"] == ["action", "crime"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", heat["added_date"])
    done = api.put(f"{path}/1/watched", params={"watched": "true"})
    assert {**done.json(), "message": ""} == {"message": "", "movie_id": 1, "watched": True}
    assert [film["watched"] for film in api.get(path).json()["items"]] == [True, False]
    assert not api.put(f"{path}/1/watched", params={"watched": "false"}).json()["watched"]
    gone = api.delete(f"{path}/1")
    assert gone.json() == {"message": "Removed from watchlist", "movie_id": 1, "title": "Heat"}
    assert [film["movie_id"] for film in api.get(path).json()["items"]] == [3]


def test_a_missing_film_is_a_404_that_names_it(api):
    assert post(api, "/api/watchlist/anna", 404, movie_id=99999) == {"detail": "Movie 99999 not found"}
    assert post(api, "/api/feedback/anna", 404, movie_id=99999, feedback="like") == {"detail": "Movie 99999 not found"}
    not_on_it = {"detail": "Movie 1 not in watchlist"}
    for answer in (api.delete("/api/watchlist/anna/1"), api.put("/api/watchlist/anna/1/watched")):
        assert (answer.status_code, answer.json()) == (404, not_on_it)
    assert api.get("/api/users/anna/data").json() == {"user_id": "anna", "watchlist": [], "feedback": [], "lists": []}


def test_lists_are_separate_for_each_user(api):
    post(api, "/api/watchlist/anna", movie_id=1)
    post(api, "/api/feedback/anna", movie_id=2, feedback="like")
    assert api.get("/api/watchlist/ben").json()["count"] == 0
    assert api.get("/api/feedback/ben").json()["count"] == 0


@pytest.mark.parametrize(
    "user_id",
    ["user 123", "auth0|5/6", "björn@example.org", "データ", "a" * 128, "..?#", "علی\u200cرضا", "山田\u3000太郎"],
)
def test_user_ids_of_printable_characters(api, user_id):
    path = f"/api/watchlist/{quote(user_id, safe='')}"
    post(api, path, movie_id=1)
    assert api.get(path).json()["user_id"] == user_id
    assert api.put(f"{path}/1/watched").json()["watched"]
    data = f"/api/users/{quote(user_id, safe='')}/data"
    assert len(api.get(data).json()["watchlist"]) == 1
    assert api.delete(f"{path}/1").status_code == 200
    assert api.delete(data).json()["user_id"] == user_id


@pytest.mark.parametrize(
    "encoded", ["a%00b", "a%0Ab", "a%0A", "%E2%80%8B", "%FF", "a" * 129, "watched", "7%2Fwatched", "data"]
)
def test_user_ids_that_are_refused(api, encoded):
    assert api.get(f"/api/watchlist/{encoded}").status_code == 422
    refused = 401 if encoded == "7%2Fwatched" else 422  # the newer client's path, which needs its header
    assert api.post(f"/api/watchlist/{encoded}", json={"movie_id": 1}).status_code == refused
    assert api.delete(f"/api/users/{encoded}/data").status_code == 422


def test_a_user_is_one_in_both_forms_of_unicode_and_with_a_slash(api):
    post(api, "/api/watchlist/re\u0301ne\u0301", movie_id=1)
    for user_id in ("r\u00e9n\u00e9", "re\u0301ne\u0301", "r\u00e9n\u00e9/"):
        assert api.get(f"/api/watchlist/{user_id}").json()["count"] == 1
    post(api, "/api/watchlist/bob/", movie_id=1)
    assert api.get("/api/watchlist//bob").json()["user_id"] == "bob"
    assert api.get("/api/watchlist/bob").json()["count"] == 1
    post(api, "/api/feedback/bob", movie_id=2, feedback="dislike")
    for user_id in ("bob/", "/bob", "bob//"):
        assert 2 not in recommended(api, user_id=user_id)
    assert api.post("/api/recommendations", json={"user_id": "//"}).status_code == 422


@pytest.mark.parametrize("movie_id", [0, -1, 2**31, 2**64, 2**70])
def test_any_number_that_is_no_film_is_a_404(api, movie_id):
    assert api.post("/api/watchlist/anna", json={"movie_id": movie_id}).status_code == 404
    assert api.post("/api/feedback/anna", json={"movie_id": movie_id, "feedback": "like"}).status_code == 404
    assert api.delete(f"/api/watchlist/anna/{movie_id}").status_code == 404
    assert api.put(f"/api/watchlist/anna/{movie_id}/watched").status_code == 404
    assert api.post("/api/feedback/anna", json={"movie_id": movie_id, "feedback": "clear"}).status_code == 200
    assert api.post("/api/watchlist/anna", json={"movie_id": True}).status_code == 422


def test_unknown_fields_of_a_change_are_named(api):
    answer = api.post("/api/watchlist/anna", json={"movie_id": 1, "movieid": 2}).json()
    assert answer["message"] == "Added to watchlist"
    assert answer["ignored"] == [{"field": "movieid", "value": None, "reason": "unknown field", "suggestions": []}]
    marked = api.put("/api/watchlist/anna/1/watched", params={"watchd": "false"}).json()
    assert marked["watched"]
    assert marked["ignored"][0]["suggestions"] == ["watched"]


def test_films_that_a_user_watched_or_rejected_never_come_back(api):
    watched, disliked, boring = api.get("/api/movies/1/similar", params={"limit": 3}).json()["similar"]
    post(api, "/api/watchlist/eva", movie_id=watched["movie_id"])
    assert watched["movie_id"] in recommended(api, user_id="eva", liked_movie_ids=[1])
    assert api.put(f"/api/watchlist/eva/{watched['movie_id']}/watched").status_code == 200
    post(api, "/api/feedback/eva", movie_id=disliked["movie_id"], feedback="dislike")
    post(api, "/api/feedback/eva", movie_id=boring["movie_id"], feedback="not_interested")
    gone = {watched["movie_id"], disliked["movie_id"], boring["movie_id"]}
    assert not gone & set(recommended(api, user_id="eva", liked_movie_ids=[1]))
    similar = api.get("/api/movies/1/similar", params={"limit": 100, "user_id": "eva"}).json()["similar"]
    assert similar
    assert not gone & {film["movie_id"] for film in similar}
    assert [film["rank"] for film in similar] == list(range(1, len(similar) + 1))
    everybody = api.get("/api/movies/1/similar", params={"limit": 100}).json()["similar"]
    assert gone <= {film["movie_id"] for film in everybody}


def test_feedback_changes_the_next_recommendations(api):
    before = recommended(api, user_id="anna")
    assert before[0] != 2
    assert post(api, "/api/feedback/anna", movie_id=1, feedback="like") == {
        "message": "Feedback saved",
        "movie_id": 1,
        "title": "Heat",
        "feedback": "like",
    }
    post(api, "/api/feedback/anna", movie_id=10, feedback="dislike")
    post(api, "/api/feedback/anna", movie_id=11, feedback="not_interested")
    after = recommended(api, user_id="anna")
    assert after[0] == 2
    assert not {1, 10, 11} & set(after)
    assert recommended(api, user_id="anna", use_feedback=False) == before
    assert recommended(api, user_id="ben") == before


def test_feedback_is_listed_changed_and_cleared(api):
    for kind in ("like", "not_interested", "dislike"):
        post(api, "/api/feedback/anna", movie_id=1, feedback=kind)
    (item,) = api.get("/api/feedback/anna").json()["items"]
    assert (item["movie_id"], item["title"], item["year"], item["feedback"]) == (1, "Heat", 1995, "dislike")
    cleared = post(api, "/api/feedback/anna", movie_id=1, feedback="clear")
    assert (cleared["title"], cleared["feedback"]) == ("Heat", None)
    assert api.get("/api/feedback/anna").json()["items"] == []
    assert post(api, "/api/feedback/anna", movie_id=99999, feedback="clear")["title"] is None
    post(api, "/api/feedback/anna", 422, movie_id=1, feedback="love")


@pytest.mark.parametrize(
    "body",
    [{"disliked_movie_ids": [1]}, {"not_interested_ids": [1]}, {"liked_movie_ids": [2], "disliked_movie_ids": [1]}],
)
def test_the_request_takes_precedence_over_feedback(api, body):
    expected = recommended(api, user_id="anna", **body)
    post(api, "/api/feedback/anna", movie_id=1, feedback="like")
    assert recommended(api, user_id="anna", **body) == expected


def test_without_a_user_id_the_default_user_s_feedback_is_used(api):
    post(api, "/api/feedback/default_user", movie_id=1, feedback="like")
    assert recommended(api)[0] == 2


def test_data_is_exported_and_deleted(api):
    post(api, "/api/watchlist/anna", movie_id=1)
    post(api, "/api/feedback/anna", movie_id=2, feedback="like")
    post(api, "/api/watchlist/ben", movie_id=3)
    data = api.get("/api/users/anna/data").json()
    assert [film["title"] for film in data["watchlist"]] == ["Heat"]
    assert [(one["title"], one["feedback"]) for one in data["feedback"]] == [("Collateral", "like")]
    assert {**api.delete("/api/users/anna/data").json(), "message": ""} == {
        "message": "",
        "user_id": "anna",
        "watchlist": 1,
        "feedback": 1,
        "lists": 0,
    }
    assert api.get("/api/users/anna/data").json() == {"user_id": "anna", "watchlist": [], "feedback": [], "lists": []}
    assert api.get("/api/watchlist/ben").json()["count"] == 1


def test_a_deleted_user_leaves_no_text_in_the_files(served, tmp_path):
    with client(served, state_dir=tmp_path / "kept") as api:
        post(api, "/api/watchlist/anna-of-the-hill", movie_id=1)
        files = list((tmp_path / "kept").iterdir())
        assert any(b"anna-of-the-hill" in path.read_bytes() for path in files)
        api.delete("/api/users/anna-of-the-hill/data")
        assert not any(b"anna-of-the-hill" in path.read_bytes() for path in files)
    assert not (tmp_path / "state").exists()

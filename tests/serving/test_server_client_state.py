"""The newer client's API: watchlist, feedback, and what older versions stored."""

import json
from collections import Counter

from support.newer_client import identify, like, recommend
from support.serving import client, publish, publish_films

from cinematch_lib.serving.store import Store

ITEM_FIELDS = {
    *("id", "movie_id", "title", "service", "watched", "created_at", "poster_url", "overview", "year", "runtime"),
    "genres",
}


def test_at_most_half_of_a_list_is_of_one_genre(tmp_path):
    table = [{"genres": "horror", "title": f"Fright {'x' * at}", "keywords": "fright"} for at in range(1, 30)]
    table += [{"genres": f"kind {at % 9}", "title": f"Thing {'y' * at}"} for at in range(30)]
    publish_films(tmp_path / "artifacts", *table)
    with client(tmp_path / "artifacts", identify=True) as api:
        anna = {"X-User-Id": str(identify(api)["id"])}
        like(api, anna, 1)
        for limit, most in ((20, 10), (4, 3), (2, 2)):
            found = recommend(api, anna, limit=limit)["recommendations"]
            assert Counter(film["genres"][0] for film in found)["horror"] == most
        assert recommend(api, anna, mode="genre", genre="horror")["count"] == 20


def test_the_watchlist(api, anna):
    assert api.get("/api/watchlist", headers=anna).json() == {"items": [], "count": 0}
    body = {"movie_id": 1, "title": "Something else", "service": "Netflix"}
    item = api.post("/api/watchlist", headers=anna, json=body).json()
    assert set(item) == ITEM_FIELDS
    assert (item["movie_id"], item["title"], item["service"], item["watched"]) == (1, "Heat", "Netflix", False)
    assert api.post("/api/watchlist", headers=anna, json={"movie_id": 1}).json() == item
    second = api.post("/api/watchlist", headers=anna, json={"movie_id": 2}).json()
    assert second["service"] is None
    assert api.get("/api/watchlist", headers=anna).json() == {"items": [second, item], "count": 2}
    assert api.post("/api/watchlist/1/watched", headers=anna).json() == item | {"watched": True}
    assert api.get("/api/watchlist/1").json()["items"][0]["watched"]  # the same user in the older API
    assert 1 not in [film["movie_id"] for film in recommend(api, anna, limit=100)["recommendations"]]
    removed = api.delete("/api/watchlist/1", headers=anna)
    assert removed.json() == {"message": "Removed from watchlist", "movie_id": 1}
    assert api.delete("/api/watchlist/1", headers=anna).status_code == 404
    for movie_id in (1, 99999, 10**30, -1):
        assert api.post(f"/api/watchlist/{movie_id}/watched", headers=anna).status_code == 404
        assert api.delete(f"/api/watchlist/{movie_id}", headers=anna).status_code == 404
    assert api.post("/api/watchlist", headers=anna, json={"movie_id": 99999}).json() == {
        "detail": "Movie 99999 not found"
    }


def test_feedback_replaces_earlier_feedback_and_is_reset(api, anna):
    api.put("/api/preferences/me", headers=anna, json={"runtime_max": 120})
    api.post("/api/watchlist", headers=anna, json={"movie_id": 9})
    first = like(api, anna, 5)
    assert set(first) == {"id", "movie_id", "signal", "created_at"}
    like(api, anna, 6)
    like(api, anna, 7, "dislike")
    like(api, anna, 8, "not_interested")
    like(api, anna, 6, "dislike")
    assert api.get("/api/feedback/my-likes", headers=anna).json() == [5]
    assert sorted(api.get("/api/feedback/my-dislikes", headers=anna).json()) == [6, 7, 8]
    assert api.post("/api/feedback", headers=anna, json={"movie_id": 5, "signal": "clear"}).status_code == 422
    assert api.post("/api/feedback", headers=anna, json={"movie_id": 99999, "signal": "like"}).status_code == 404
    reset = api.post("/api/feedback/reset", headers=anna).json()
    assert reset == {"success": True, "message": "Feedback history cleared", "deleted_count": 4}
    assert api.get("/api/feedback/my-likes", headers=anna).json() == []
    assert api.get("/api/preferences/me", headers=anna).json()["runtime_max"] == 120
    assert api.get("/api/watchlist", headers=anna).json()["count"] == 1
    assert api.post("/api/feedback/reset", headers=anna).json()["deleted_count"] == 0


def test_pages_of_other_origins_may_call_it(api):
    for origin in ("http://localhost:5173", "http://127.0.0.1:3000"):
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "x-user-id",
        }
        answer = api.options("/api/preferences/me", headers=asked)
        assert answer.headers["access-control-allow-origin"] == origin
        assert "x-user-id" in answer.headers["access-control-allow-headers"].lower()


def test_a_watchlist_of_the_older_api_is_unchanged(api):
    assert api.post("/api/watchlist/ben", json={"movie_id": 1}).json() == {
        "message": "Added to watchlist",
        "movie_id": 1,
        "title": "Heat",
    }
    for word in ("my-likes", "my-dislikes", "reset"):
        assert api.get(f"/api/watchlist/{word}").status_code == 422
        assert "which is a part of the API's paths" in json.dumps(api.get(f"/api/watchlist/{word}").json())


def test_a_film_that_an_earlier_version_stored_has_no_poster(tmp_path):
    publish(tmp_path / "artifacts")
    old = {"movie_id": 999, "title": "Gone", "overview": "Gone", "year": 1999, "runtime": 90, "genres": ["drama"]}
    store = Store(tmp_path / "state")
    store.add_to_watchlist("1", old)
    store.add_to_watchlist("2", old)
    store.close()
    with client(tmp_path / "artifacts", state_dir=tmp_path / "state", identify=True) as api:
        assert identify(api)["id"] == 3
        assert api.get("/api/watchlist/1").json()["items"][0]["poster_url"] is None
        api.delete("/api/users/3/data")
    store = Store(tmp_path / "state")
    with store.database.transaction("1") as db:
        db.execute("INSERT INTO accounts (id, email, email_key, name, created) VALUES (2, 'b@c.d', 'b@c.d', 'B', '')")
    store.close()
    with client(tmp_path / "artifacts", state_dir=tmp_path / "state") as api:
        (item,) = api.get("/api/watchlist", headers={"X-User-Id": "2"}).json()["items"]
        assert (item["title"], item["poster_url"]) == ("Gone", None)

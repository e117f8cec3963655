"""Feedback that is learned from: allowed, told, exported under pseudonyms, bounded, and gone on request."""

import stat

import pytest
from support.serving import client, publish

from cinematch_lib.data.feedback import FEEDBACK, FEEDBACK_USERS, MAX_FILMS, Opinion, read_feedback, write_feedback
from cinematch_lib.serving.learning import opinions, set_learning, take_feedback
from cinematch_lib.serving.store import Store


@pytest.fixture
def store(tmp_path):
    one = Store(tmp_path / "state")
    yield one
    one.close()


def told(store):
    return sorted((one.user, one.movie_id, one.stars) for one in opinions(store))


def say(store, user, movie_id, kind, rating=None):
    store.set_feedback(user, movie_id, "Film", 2000, kind, rating)


def test_nothing_is_learned_unless_it_is_allowed_and_nothing_of_before(store):
    say(store, "anna", 1, "like")
    with store.database.transaction("anna") as db:
        db.execute("UPDATE feedback SET given = '2020-01-01T00:00:00Z'")
    assert opinions(store) == []
    set_learning(store, True)
    assert opinions(store) == []
    say(store, "anna", 2, "like")
    set_learning(store, True)  # the next start of the server
    assert told(store) == [("anna", 2, 4.0)]
    set_learning(store, False)
    set_learning(store, True)
    with store.database.transaction("anna") as db:
        db.execute("UPDATE learning SET since = '2100-01-01T00:00:00Z'")
    assert opinions(store) == []


def test_stars_likes_dislikes_and_watched_films_of_people_are_learned_from(store):
    set_learning(store, True)
    for movie_id, kind, rating in ((1, "like", None), (2, "dislike", None), (3, "rating", 4.5), (4, "seen", None)):
        say(store, "anna", movie_id, kind, rating)
    say(store, "anna", 5, "not_interested")
    for movie_id in (3, 6, 7):
        store.add_to_watchlist("anna", {"movie_id": movie_id, "title": "Film"})
    for movie_id in (3, 6):
        store.set_watched("anna", movie_id, True)
    say(store, "default_user", 1, "like")
    assert told(store) == [("anna", 1, 4.0), ("anna", 2, 2.0), ("anna", 3, 4.5), ("anna", 4, 3.0), ("anna", 6, 3.0)]


def test_the_shard_has_other_names_each_time_and_loses_who_deletes_their_data(store, tmp_path):
    state, data = tmp_path / "state", tmp_path / "data"
    set_learning(store, True)
    for at in range(40):
        say(store, f"user {at}", 1, "rating", 5.0)
        say(store, f"user {at}", 2 + at, "like")
    assert take_feedback(state, data) == "Feedback to learn from: 80 opinions of 40 users."
    first = read_feedback(data)
    assert (first["userId"] >= FEEDBACK_USERS).all()
    assert (first["timestamp"] % 86_400 == 0).all()
    assert stat.S_IMODE((data / FEEDBACK).stat().st_mode) == 0o600
    assert take_feedback(state, data) == ""
    assert read_feedback(data).equals(first)
    store.delete_user("user 7")
    assert take_feedback(state, data) == "Feedback to learn from: 78 opinions of 39 users."
    second = read_feedback(data)
    assert 9 not in second["movieId"].tolist()
    names = [shard[shard["movieId"] > 1].set_index("movieId")["userId"].sort_index() for shard in (first, second)]
    assert names[0].drop(9).tolist() != names[1].tolist()
    set_learning(store, False)
    assert take_feedback(state, data) == "No more feedback."
    assert not (data / FEEDBACK).exists()


def test_of_one_user_the_newest_films_count(tmp_path):
    write_feedback([Opinion("anna", at, 4.0, 86_400.0 * at) for at in range(1, MAX_FILMS + 11)], tmp_path)
    assert read_feedback(tmp_path)["movieId"].tolist() == list(range(11, MAX_FILMS + 11))


def test_the_server_tells_that_it_learns_and_counts_stars_and_seen_films_at_once(tmp_path):
    publish(tmp_path / "artifacts")
    with client(tmp_path / "artifacts", learn_from_feedback=True) as server:
        assert server.get("/api/about").json()["learns_from_feedback"] is True
        said = server.post("/api/feedback/anna", json={"movie_id": 1, "feedback": "rating", "rating": 4.5})
        assert said.json()["rating"] == 4.5
        assert server.post("/api/feedback/anna", json={"movie_id": 2, "feedback": "seen"}).status_code == 200
        for wrong in ({"feedback": "rating"}, {"feedback": "like", "rating": 4}, {"feedback": "rating", "rating": 6}):
            assert server.post("/api/feedback/anna", json={"movie_id": 3} | wrong).status_code == 422
        items = server.get("/api/feedback/anna").json()["items"]
        assert [(one["feedback"], one.get("rating")) for one in items] == [("rating", 4.5), ("seen", None)]
        answer = server.post("/api/recommendations", json={"user_id": "anna", "include_reasons": True}).json()
        assert {1, 2}.isdisjoint(one["movie_id"] for one in answer["recommendations"])
        assert "Heat" in answer["recommendations"][0]["explanation"]
        assert len(take_and_read(tmp_path)) == 2
    with client(tmp_path / "artifacts") as server:
        assert server.get("/api/about").json()["learns_from_feedback"] is False


def take_and_read(folder):
    take_feedback(folder / "state", folder / "data")
    return read_feedback(folder / "data")

"""One's own ratings from an export, over HTTP."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.serving import client, publish

from cinematch_lib.serving.middleware import MAX_BODY, MAX_EXPORT
from cinematch_lib.serving.rating_routes import MAX_RATED

LETTERBOXD = "Date,Name,Year,Letterboxd URI,Rating\n,Heat,1995,,4.5\n,Colateral,2004,,3\n,Film 7,,,2\n"


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ratings")
    publish(folder / "artifacts")
    with client(folder / "artifacts") as one:
        yield one


def test_rated_films_are_found_and_the_others_come_with_suggestions(api):
    answer = api.post("/api/ratings", json={"text": LETTERBOXD}).json()
    assert answer["ratings"] == [
        {"movie_id": 1, "title": "Heat", "year": 1995, "rating": 4.5},
        {"movie_id": 7, "title": "Film 7", "year": 1987, "rating": 2},
    ]
    assert answer["count"] == 2
    (missing,) = answer["not_found"]
    assert (missing["line"], missing["name"], missing["rating"]) == (3, "Colateral (2004)", 3)
    assert {"movie_id": 2, "title": "Collateral", "year": 2004} in missing["suggestions"]
    ratings = [{"movie_id": one["movie_id"], "rating": one["rating"]} for one in answer["ratings"]]
    found = api.post("/api/recommendations", json={"ratings": ratings}).json()
    assert not {1, 7} & {one["movie_id"] for one in found["recommendations"]}


def test_nothing_of_it_is_stored(api):
    api.post("/api/ratings", json={"text": LETTERBOXD, "user_id": "anna"})
    data = api.get("/api/users/anna/data").json()
    assert (data["watchlist"], data["feedback"]) == ([], [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file has no columns that say which film and how many stars"),
        ("Name,Rating\nHeat,good\n", "the file has the rating 'good' on line 2"),
        ("[{}", "the file is not JSON"),
        (
            "Name,Rating\n" + "".join(f"F{at},5\n" for at in range(MAX_RATED + 1)),
            "rates 5,001 films, and at most 5,000",
        ),
    ],
)
def test_a_text_that_is_no_export_is_refused_with_the_reason(api, text, reason):
    answer = api.post("/api/ratings", json={"text": text})
    assert answer.status_code == 422
    assert reason in answer.json()["detail"]


def test_an_export_may_be_longer_than_other_requests_but_not_endless(api):
    row = "Heat,1995,4.5\n"
    text = "Name,Year,Rating\n" + row * (MAX_BODY // len(row) + 1)
    assert api.post("/api/ratings", json={"text": text}).json()["count"] == 1
    answer = api.post("/api/ratings", json={"text": "x" * MAX_EXPORT})
    assert answer.status_code == 413
    assert answer.json()["detail"] == "the body of a request must not be longer than 2,097,152 bytes"
    assert api.post("/api/recommendations", json={"user_id": "x" * MAX_BODY}).status_code == 413


def test_exports_take_turns_and_leave_room_for_searches(api):
    text = "Name,Year,Rating\n" + "".join(f"Nothing {at},1995,4\n" for at in range(1000))
    with ThreadPoolExecutor(60) as pool:
        sent = [pool.submit(api.post, "/api/ratings", json={"text": text}) for _ in range(60)]
        assert api.get("/api/search", params={"q": "heat"}).json()["count"]
        assert not all(one.done() for one in sent)
        answers = [one.result() for one in sent]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert 0 < len(refused) < 60
    for answer in refused:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.json() == {"detail": "8 exports are waiting; try again"}

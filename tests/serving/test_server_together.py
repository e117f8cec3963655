"""Requests that come at the same time are answered together, each as it would be alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.serving import client, publish


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    publish(folder / "artifacts")
    return folder


def server(folder, state):
    return client(folder / "artifacts", state_dir=folder / state)


def answer(api, body):
    got = api.post("/api/recommendations", json=body)
    rest = {name: value for name, value in got.json().items() if name != "list_id"}
    return got.status_code, rest


def bodies():
    for at in range(40):
        liked = [1 + at, 1 + (7 * at + 3) % 60]
        yield {
            "user_id": f"user{at % 5}",
            "liked_movie_ids": liked,
            "limit": 3 + at % 9,
            "include_reasons": at % 2 == 0,
        }
    yield {"liked_movie_ids": list(range(1, 57)), "limit": 4}  # long, so that it is worked on in a thread
    yield {"disliked_movie_ids": [2], "services": ["Hulu"], "capped": True, "diversity": 0.5}
    yield {"year_min": 2000, "year_max": 1990}
    yield {"liked_movie_ids": [10**9], "year_min": 1990}


def test_requests_at_the_same_time_are_answered_as_one_after_another(folder):
    wanted = list(bodies())
    with server(folder, "many") as api, ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda body: answer(api, body), wanted))
    with server(folder, "one") as api:  # another one, which has no lists in its cache
        assert together == [answer(api, body) for body in wanted]
    assert {status for status, _ in together} == {200}

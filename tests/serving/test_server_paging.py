"""Pages of a list that repeat no film, and limits on what a list may share."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.serving import client, publish, publish_films, recommend

from cinematch_lib.errors import CineMatchError
from cinematch_lib.serving.cursor import MAX_FILMS, decode_cursor, encode_cursor
from cinematch_lib.serving.fields import MAX_ID


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paging")
    publish(folder / "artifacts")
    with client(folder / "artifacts") as one:
        yield one


def test_all_pages_together_are_all_films_once_in_order(api):
    whole = recommend(api, liked_movie_ids=[1], limit=100)
    pages, cursor = [], None
    while cursor is not None or not pages:
        pages.append(recommend(api, liked_movie_ids=[1], limit=25, cursor=cursor))
        cursor = pages[-1]["next_cursor"]
    assert [one["count"] for one in pages] == [25, 25, 9]
    films = [film for page in pages for film in page["recommendations"]]
    assert films == whole["recommendations"]
    assert whole["next_cursor"] is None


def test_pages_repeat_nothing_while_likes_and_the_run_change(tmp_path):
    publish(tmp_path / "artifacts")
    seen, cursor = [], None
    for liked in ([], [1], [1, 2], [3]):
        with client(tmp_path / "artifacts") as api:
            page = recommend(api, liked_movie_ids=liked, limit=12, cursor=cursor)
        seen += [film["movie_id"] for film in page["recommendations"]]
        cursor = page["next_cursor"]
        publish(tmp_path / "artifacts", count=58)  # which lacks two of the films
    assert len(seen) == len(set(seen)) == 48


@given(st.lists(st.integers(0, MAX_ID), max_size=50))
def test_a_cursor_gives_its_films_back(movie_ids):
    assert decode_cursor(encode_cursor(movie_ids)) == set(movie_ids)


@given(st.text(max_size=40))
def test_any_text_is_a_cursor_or_is_refused(text):
    try:
        assert all(0 <= one <= MAX_ID for one in decode_cursor(text))
    except CineMatchError as error:
        assert "is no cursor; send the next_cursor of an answer, or none to begin" in str(error)


def test_a_cursor_of_too_many_films_is_refused(api):
    answer = api.post("/api/recommendations", json={"cursor": encode_cursor(range(MAX_FILMS + 1))})
    assert answer.status_code == 422
    assert "is no cursor" in answer.json()["detail"]


def test_a_list_is_capped_only_if_asked(tmp_path):
    films = [{"genres": "horror", "title": f"Saw {at}", "keywords": "saw"} for at in range(1, 20)]
    films += [{"genres": f"kind {at % 9}", "title": f"Thing {at}{at}a"} for at in range(20)]
    publish_films(tmp_path / "artifacts", *films)

    def counts(api, **body):
        found = recommend(api, liked_movie_ids=[1], limit=10, **body)["recommendations"]
        return Counter(film["genres"][0] for film in found)["horror"]

    with client(tmp_path / "artifacts") as api:
        assert counts(api) == counts(api, capped=False) == 10
        assert counts(api, capped=True) == 3

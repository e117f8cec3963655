"""Limits on how much of a list shares a genre or a series."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_runs import check_order, check_reasons, ids, recommender_of, sample_recommender

from cinematch_lib import Preferences
from cinematch_lib.vocabulary.series import series_key, series_keys

GENRES = ["drama", "comedy", "horror", "war"]


def genre_counts(found):
    return Counter(genre for one in found for genre in one.movie.genres)


@pytest.fixture(scope="module")
def mixed():
    draw = np.random.default_rng(3)
    films = [
        {
            "genres": "|".join(one for one in GENRES if draw.random() < 0.5),
            "title": f"Thing {at}: Part" if at % 4 else f"No {at} alone",
        }
        for at in range(60)
    ]
    return recommender_of(*films, quality=draw.normal(0, 0.1, 60))


def is_within_caps(found, k, exempt=()):
    series = Counter(key for one in found for key in series_keys(one.movie.title))
    most = max(3, k // 2)
    return max(series.values(), default=0) <= 3 and all(
        count <= most for genre, count in genre_counts(found).items() if genre not in exempt
    )


@pytest.fixture(scope="module")
def many():
    """Most of these films share a genre, and most of the others a series."""
    draw = np.random.default_rng(4)
    films = [
        {
            "genres": "|".join({"drama", str(draw.choice(GENRES))} if draw.random() < 0.97 else {"war", "horror"}),
            "title": f"Thing {at}: Part" if draw.random() < 0.9 else f"No {at} alone",
        }
        for at in range(500)
    ]
    return recommender_of(*films, quality=draw.normal(0, 0.1, 500))


def test_a_diverse_list_looks_as_far_for_films_within_the_caps_as_any_other():
    """250 dramas are above the fifty comedies."""
    films = [{"genres": "drama" if at < 250 else "comedy", "title": f"No {at} alone"} for at in range(300)]
    recommender = recommender_of(*films, quality=np.linspace(0.5, -0.5, 300))
    for diversity in (0, 0.1, None):
        found = recommender.recommend(Preferences(diversity=diversity), k=10, capped=True)
        assert genre_counts(found) == {"drama": 5, "comedy": 5}
        check_reasons(found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(GENRES), max_size=3, unique=True),
    st.integers(1, 80),
    st.sampled_from([0.0, 0.4]),
)
def test_a_list_with_caps_is_chosen_of_the_whole_list_from_the_best_on(many, liked, genres, k, unrated_share):
    wanted = Preferences(liked_movie_ids=liked, preferred_genres=genres, diversity=0, unrated_share=unrated_share)
    free, chosen = many.recommend(wanted, len(many)), []
    for one in free:
        if len(chosen) < k and is_within_caps([*chosen, one], k, genres if len(genres) == 1 else []):
            chosen.append(one)
    taken = {one.movie_id for one in chosen}
    others = [one for one in free if one.movie_id not in taken]
    expected = sorted([*chosen, *others[: k - len(chosen)]], key=lambda one: (-one.score, one.movie_id))
    assert ids(many.recommend(wanted, k, capped=True)) == [one.movie_id for one in expected]


@settings(max_examples=80)
@given(
    st.lists(st.integers(1, 60), max_size=3, unique=True),
    st.lists(st.sampled_from(GENRES), max_size=2, unique=True),
    st.integers(1, 60),
)
def test_as_many_films_come_back_and_a_film_beyond_the_caps_only_for_want_of_others(mixed, liked, genres, k):
    wanted = Preferences(liked_movie_ids=liked, preferred_genres=genres)
    exempt = genres if len(genres) == 1 else []
    found, free = mixed.recommend(wanted, k, capped=True), mixed.recommend(wanted, 60)
    assert len(found) == min(k, len(free))
    check_order(found)
    check_reasons(found)
    if not is_within_caps(found, k, exempt):
        kept = set()  # those that are taken within the caps, best first, leave a place
        for one in free:
            together = [other for other in free if other.movie_id in kept or other is one]
            if is_within_caps(together, k, exempt):
                kept.add(one.movie_id)
        assert len(kept) < k
        if liked:
            assert kept <= set(ids(found))


def test_films_within_the_caps_keep_their_scores_and_order(tmp_path_factory):
    films = sample_recommender(tmp_path_factory)
    wanted = Preferences(liked_movie_ids=[260])
    free, capped = films.recommend(wanted, 500), films.recommend(wanted, 20, capped=True)
    assert [one for one in ids(free) if one in set(ids(capped))] == ids(capped)
    scores = {one.movie_id: one.score for one in free}
    assert [one.score for one in capped] == pytest.approx([scores[one] for one in ids(capped)], abs=1e-6)
    assert not is_within_caps(free[:20], 20)
    assert is_within_caps(capped, 20)
    assert films.recommend(wanted, 20, capped=True) == capped


def test_the_only_genre_that_is_asked_for_is_not_limited_but_each_of_several_is(tmp_path_factory):
    films = sample_recommender(tmp_path_factory)
    found = films.recommend(Preferences(preferred_genres=["western"]), 20, capped=True)
    assert genre_counts(found)["western"] == 20
    assert is_within_caps(found, 20, ["western"])
    several = Preferences(liked_movie_ids=[1], preferred_genres=["comedy", "western"])
    assert genre_counts(films.recommend(several, 20))["comedy"] > 10
    assert is_within_caps(films.recommend(several, 20, capped=True), 20)


@pytest.mark.parametrize(
    ("titles", "key"),
    [
        (["Alien", "Aliens", "Alien: Resurrection", "Alien 3"], "alien"),
        (["The Godfather", "The Godfather: Part II", "The Godfather, Part III"], "godfather"),
        (["Star Wars: Episode IV - A New Hope", "Star Wars"], "star war"),
        (["Harry Potter and the Goblet of Fire", "Harry Potter and the Half-Blood Prince"], "harry potter"),
        (["Rocky", "Rocky II", "Rocky Two"], "rocky"),
        (["2001: A Space Odyssey"], "2001"),
        (["The Lord of the Rings: The Two Towers"], "lord ring"),
    ],
)
def test_a_series_is_told_by_its_titles(titles, key):
    assert {series_key(title) for title in titles} == {key}

"""What a recommender says that has item-to-item weights: sums by hand, and sums that add up whatever is asked."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from support.rated_scores import RATINGS_ONLY, scores
from support.small_runs import (
    ONLY_GENRES,
    check_order,
    check_reasons,
    film_table,
    genre_films,
    ids,
    item_weights,
    rated_artifacts,
    recommender_of,
    sample_recommender,
)

from cinematch_lib import CineMatchError, Preferences, Recommender
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.recommender.score_weights import ScoreWeights
from cinematch_lib.recommender.scoring import ScoreModel
from cinematch_lib.recommender.similarity import ContentSimilarity

GENRES = ("crime", "crime", "crime|drama", "western", "western")


SAID = [
    [0.0, 0.2, 0.4, 0.0, 0.0],
    [0.1, 0.0, -0.1, 0.2, 0.0],
    [0.3, 0.1, 0.0, 0.1, 0.0],
    [0.0, 0.1, 0.1, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0],  # nobody has rated the fifth
]


def five(weights=RATINGS_ONLY, cold=(0, 0, 0, 0, 0.5), likes=0):
    """Five films of one genre or two, the last of which nobody has rated."""
    films = genre_films(*GENRES, title=["A", "B", "C", "D", "E"])
    said, quality = (SAID, cold, likes), [0.0, 0.2, 0.1, -0.4, 0.3]
    return recommender_of(*films, quality=quality, weights=weights, said=said, **ONLY_GENRES)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return sample_recommender(tmp_path_factory)


# --- answers known by hand ---------------------------------------------------------------------------


def test_the_score_is_what_the_liked_films_say_over_the_most_that_they_say():
    found = five().recommend(Preferences(liked_movie_ids=[1, 2]), k=5)
    # A and B say 0.1, 0.2, 0.3, 0.2, 0 of the five; the most is 0.3. E has no crime.
    assert scores(found) == {"C": 1.0, "D": 0.666667, "E": 0.0}
    assert found[0].explanation == (
        "People who like A (2000) also like it. People who like B (2000) (−25%) choose it less often."
    )
    assert [(one.kind, one.movie.title, round(one.value, 6)) for one in found[0].reasons] == [
        ("rated_with_liked", "A", 1.333333),
        ("rated_with_liked", "B", -0.333333),
    ]


def test_a_disliked_film_says_a_fifth_against():
    found = five().recommend(Preferences(liked_movie_ids=[1], disliked_movie_ids=[4]), k=5)
    assert scores(found) == {"C": 0.95, "B": 0.45, "E": pytest.approx(-0.25)}
    assert found[0].explanation == ("People who like A (2000) also like it.")
    # D is a western as E is; half of that counts, as for any disliked film, and half again since E is half cold
    assert found[2].explanation == "It resembles D (2000) (−100%), which you disliked."


def test_likeness_counts_beside_ratings_and_more_where_they_are_few():
    cold, share = (0, 0, 0.3, 0, 0.5), 0.95  # with one known film
    found = five(ScoreWeights(discovery=0.0, enough_likes=0), cold).recommend(Preferences(liked_movie_ids=[1]), k=5)
    of_c = found[0]
    assert of_c.title == "C" and of_c.score == pytest.approx(1 + (0.3 + share) * 0.5**0.5)
    assert scores(found)["B"] == pytest.approx(0.5 + share)
    assert [one.kind for one in of_c.reasons] == ["rated_with_liked", "liked"]
    assert of_c.explanation == "People who like A (2000) (53%) also like it; the two films share the genre crime (47%)."


@pytest.mark.parametrize(("likes", "z"), [(0, 0), (2, 0.25), (8, 1), (80, 1)])
def test_ratings_count_by_the_likes_of_the_most_liked_known_film(likes, z):
    """A says that C is liked by 1 and B by 0.5, at most; without its likes, how well liked they are counts."""
    weights = replace(RATINGS_ONLY, enough_likes=8)
    found = five(weights, likes=(likes, 0, 80, 0, 0)).recommend(Preferences(liked_movie_ids=[1]), k=4)
    by_title = {"C": (1.0, 0.0, 0.1, 0.5**0.5), "B": (0.5, 1.0, 0.2, 1.0)}
    for title, (said, gap, quality, cosine) in by_title.items():
        without = quality / 4 + cosine * (z == 0)  # the genre counts where ratings tell nothing
        assert scores(found)[title] == pytest.approx(z * (said - gap * 0.5**0.5) + (1 - z) * without, abs=1e-5)
    check_reasons(found)


def test_likeness_counts_alike_for_up_to_three_known_films_and_then_ever_less():
    model = ScoreModel(
        None, ContentSimilarity(sparse.identity(5, format="csr", dtype=np.float32)), None, ScoreWeights()
    )
    assert model.least_content_share(np.array([1, 3, 7, 11])).tolist() == [0.95, 0.95, 0.525, 0.3125]


def test_the_popularity_prior_halves_with_every_two_known_films_and_its_lasting_part_with_every_20():
    weights = replace(item_weights(SAID), prior_weight=2.0, lasting_prior_weight=0.5)
    similarity = ContentSimilarity(sparse.identity(5, format="csr", dtype=np.float32))
    model = ScoreModel(None, similarity, weights, ScoreWeights())
    n_known = np.array([0, 20, 40])
    assert model.prior_weight(n_known, discovery=0).tolist() == [2.5, 0.25 + 2 / 2**10, 0.125 + 2 / 2**20]
    assert model.prior_weight(n_known, discovery=1).tolist() == [0, 0, 0]


def test_genres_that_were_asked_for_add_to_it():
    wanted = Preferences(liked_movie_ids=[1], preferred_genres=["drama", "crime"])
    assert scores(five().recommend(wanted, k=5)) == {"C": 1.2, "B": 0.6}


def test_how_well_liked_films_are_says_nothing_beside_ratings():
    kinds = {reason.kind for one in five().recommend(Preferences(liked_movie_ids=[1]), k=5) for reason in one.reasons}
    assert "quality" not in kinds


def test_few_likes_count_against_a_film_half_as_much_with_every_two_films():
    few = five(replace(RATINGS_ONLY, popularity_penalty=2.0), likes=(0, 99, 9, 1, 0))
    found = few.recommend(Preferences(liked_movie_ids=[1]), k=5)
    most = 2 * 0.5**0.5  # of one film
    assert scores(found) == {
        "B": 0.5,
        "C": pytest.approx(1 - most / 2, abs=1e-6),
        "D": pytest.approx(-most * (1 - np.log(2) / np.log(100)), abs=1e-6),
        "E": pytest.approx(-most, abs=1e-6),
    }
    assert found[0].explanation == "People who like A (2000) also like it."
    assert found[1].explanation == (
        "People who like A (2000) also like it. 9 people like it, far fewer than the 99 who like the most popular film."
    )
    assert [one.explanation for one in found[2:]] == ["Only 1 person likes it.", "Nobody is known to like it."]
    (few_likes,) = [one for one in found[1].reasons if one.kind == "popularity"]
    assert [one.name for one in few_likes.features] == ["9 people", "99 people like the most popular film"]
    check_reasons(found)
    of_two = few.recommend(Preferences(liked_movie_ids=[1, 4]), k=5)
    assert next(one.value for one in of_two[-1].reasons if one.kind == "popularity") == pytest.approx(-1)


def test_films_like_one_are_not_those_that_many_like():
    assert {reason.kind for one in five(likes=(0, 99, 9, 0, 0)).similar(1, k=5) for reason in one.reasons} == {
        "liked",
        "rated_with_liked",
    }


def test_who_likes_nothing_gets_what_many_like_varied():
    found = five(ScoreWeights(diversity=0.1, discovery=0.0), likes=(9, 99, 1, 0, 0)).recommend(k=3)
    assert [one.title for one in found] == ["B", "A", "D"]  # C is a crime film as B is, which costs it too much
    assert scores(found) == {"B": 0.25, "A": pytest.approx(0.125 - 0.1), "D": 0.0}
    assert found[0].explanation == "99 people like it."
    rest = five(likes=(9, 99, 1, 0, 0)).recommend(k=5)[2:]
    of_c = next(one for one in rest if one.title == "C")
    assert next(one.features[0].name for one in of_c.reasons if one.kind == "popularity") == "1 person"
    check_reasons(found)


# --- where ratings do not speak ----------------------------------------------------------------------


def same_lists(one, other):
    assert [(got.movie_id, got.score, got.reasons) for got in one] == [
        (got.movie_id, got.score, got.reasons) for got in other
    ]


@pytest.mark.parametrize(
    "wanted",
    [{"liked_movie_ids": [5]}, {"liked_movie_ids": [5], "disliked_movie_ids": [1]}],
)
def test_who_likes_only_films_that_nobody_rated_gets_what_content_says(wanted):
    plain = recommender_of(
        *genre_films(*GENRES, title=["A", "B", "C", "D", "E"]), quality=[0.0, 0.2, 0.1, -0.4, 0.3], **ONLY_GENRES
    )
    same_lists(five().recommend(Preferences(**wanted), k=5), plain.recommend(Preferences(**wanted), k=5))


def test_on_the_sample_too(rated, sample, tmp_path_factory):
    said = Run.current(rated_artifacts(tmp_path_factory)).read_item_weights()
    silent = said.movie_ids[sum(np.diff(one.indptr) for one in said.matrices) == 0][:3].tolist()
    wanted = Preferences(liked_movie_ids=silent, discovery=0)
    same_lists(rated.recommend(wanted), sample.recommend(wanted))


def test_a_large_run_is_prepared_when_it_is_loaded_and_gives_the_same_lists(rated, tmp_path_factory, monkeypatch):
    monkeypatch.setattr("cinematch_lib.recommender.recommender.LARGE", 1)
    prepared = Recommender.load(rated_artifacts(tmp_path_factory))
    for liked in ([], [1], rated.movie_ids[:30].tolist()):
        wanted = Preferences(liked_movie_ids=liked)
        same_lists(prepared.recommend(wanted), rated.recommend(wanted))


@pytest.mark.parametrize("wanted", [{}, {"disliked_movie_ids": [1]}])
def test_a_newcomer_gets_films_that_are_known_to_many(rated, tmp_path_factory, wanted):
    likes = Run.current(rated_artifacts(tmp_path_factory)).read_item_weights().like_counts
    found = rated.recommend(Preferences(**wanted))
    assert likes[np.searchsorted(rated.movie_ids, ids(found))].min() > np.sort(likes)[-200]
    check_reasons(found)


def test_a_liked_film_that_hardly_anybody_rated_speaks_by_its_likeness_in_full():
    found = five().recommend(Preferences(liked_movie_ids=[1, 5]), k=5)
    length = 2**0.5  # of A and E together, which share nothing
    assert scores(found) == {
        "C": 1.0,
        "D": pytest.approx(1 / length),
        "B": 0.5,
    }
    assert found[1].explanation == "Similar to E (2000): western."


def test_a_film_that_nobody_rated_can_be_recommended():
    found = five().recommend(Preferences(liked_movie_ids=[4]), k=5)
    assert scores(found) == {"B": 1.0, "C": 1.0, "E": 0.5, "A": 0.0}
    assert found[2].explanation == "Similar to D (2000): western."


# --- whatever is asked -------------------------------------------------------------------------------


FILMS = st.lists(st.integers(0, 1200), max_size=6, unique=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    FILMS,
    FILMS,
    FILMS,
    st.sampled_from([[], ["crime"], ["crime", "drama", "sci-fi"]]),
    st.sampled_from([{}, {"services": ["netflix"], "year_min": 1990, "runtime_max": 130}]),
)
def test_reasons_add_up_to_the_score_and_the_filters_hold(rated, liked, disliked, no, genres, bounds):
    liked, disliked, no = ([int(rated.movie_ids[at * 7]) for at in some] for some in (liked, disliked, no))
    wanted = Preferences(liked, [one for one in disliked if one not in liked], no, genres, **bounds)
    found = rated.recommend(wanted, k=12)
    check_order(found)
    check_reasons(found)
    assert not {*liked, *disliked, *no} & set(ids(found))
    for one in found:
        assert one.strongest_reasons(2) == one.reasons[:2]
        for k in (1, len(one.reasons) - 2, len(one.reasons) - 1, len(one.reasons)):
            shown = one.reasons_and_rest(max(k, 0))
            assert sum(reason.value for reason in shown) == pytest.approx(one.score, abs=1e-5)
            assert (shown == one.reasons) == (len(one.reasons) <= max(k, 0) + 1)
            assert not any(reason.kind == "rest" for reason in shown[:-1])
        assert not genres or set(genres) & set(one.movie.genres)
        assert not bounds or ("Netflix (demo)" in one.movie.services and one.movie.year >= 1990)
        adding = {reason.movie.movie_id for reason in one.reasons if reason.movie}
        for film in {*wanted.liked_movie_ids, *wanted.disliked_movie_ids} - adding:
            label = rated.movie(film).label
            if label not in {rated.movie(other).label for other in adding}:
                assert label not in one.explanation


def test_a_longer_list_begins_like_a_shorter_one(rated):
    wanted = Preferences(liked_movie_ids=[1, 6, 260], disliked_movie_ids=[4], services=["netflix"])
    assert ids(rated.recommend(wanted, k=40))[:10] == ids(rated.recommend(wanted, k=10))


def test_similar_films_are_so_by_features_and_by_ratings(rated):
    found = rated.similar(6, k=20)
    assert {reason.kind for one in found for reason in one.reasons} == {"liked", "rated_with_liked"}
    check_reasons(found)
    by_hand = five().similar(1, k=5)
    assert scores(by_hand) == {"C": pytest.approx(0.5 + 0.5**0.5, abs=1e-6), "B": 1.25, "D": 0.0, "E": 0.0}


# --- loading -----------------------------------------------------------------------------------------


def test_weights_of_another_run_are_refused():
    table = film_table(*genre_films("crime", "drama"))
    meta = movies_meta(table, np.zeros(2), ["genres__crime"], "none", [])
    with pytest.raises(
        CineMatchError, match=r"item_weights\.npz has weights of 3 films, and the run has 2, of which 1"
    ):
        Recommender(sparse.csr_matrix((2, 1), dtype=np.float32), meta, item_weights=item_weights(np.eye(3)))

"""What a recommender with embeddings says of films that few have rated."""

import pickle

import numpy as np
import pytest
from support.small_runs import check_reasons, rated_recommender, sample_recommender

from cinematch_lib import CineMatchError, Preferences, UnknownNameError

HEAT, TOY_STORY = 6, 1


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    return rated_recommender(tmp_path_factory)


def unrated(recommender):
    return {int(one) for one in recommender.movie_ids[recommender._model._item_weights.like_counts == 0]}


def test_the_scores_of_unrated_films_add_up(rated):
    found = rated.recommend(Preferences(liked_movie_ids=[HEAT, TOY_STORY]), k=50, among=unrated(rated))
    check_reasons(found)
    for one in found:
        assert {"taste", "expected_similarity"} <= {reason.kind for reason in one.reasons}


def test_the_features_of_a_taste_add_up_to_it(rated):
    first = rated.recommend(Preferences(liked_movie_ids=[HEAT]), k=1, among=unrated(rated))[0]
    (reason,) = [one for one in first.reasons if one.kind == "taste"]
    assert reason.movie.movie_id == HEAT
    assert sum(one.value for one in reason.features) == pytest.approx(reason.value, abs=1e-5)
    assert {one.field for one in reason.features} >= {"period", "genres"}


def test_an_explanation_names_the_taste_and_the_features(rated):
    liked = [HEAT, 50, 296, 318, 593, 608, 858, 1213]
    found = rated.recommend(Preferences(liked_movie_ids=liked), k=20, among=unrated(rated))
    told = [one.explanation for one in found if "tend to like films with" in one.explanation]
    assert len(told) > 10
    assert any("crime" in one for one in told)


def test_a_disliked_film_turns_the_taste_round(rated):
    liked = rated.user_embedding(Preferences(liked_movie_ids=[HEAT]))
    disliked = rated.user_embedding(Preferences(disliked_movie_ids=[HEAT]))
    np.testing.assert_allclose(disliked, -liked / 2, rtol=1e-5)
    assert not rated.user_embedding(Preferences()).any()


def test_the_embeddings_rank_films_of_the_liked_kind_first(rated):
    user = rated.user_embedding(Preferences(liked_movie_ids=[HEAT, 50, 296]))  # crime
    ids = sorted(unrated(rated))
    scores = np.array([rated.item_embedding(one) for one in ids]) @ user
    best = [rated.movie(ids[at]) for at in np.argsort(-scores)[:20]]
    share = np.mean(["crime" in film.genres for film in best])
    assert share > 1.5 * np.mean(["crime" in rated.movie(one).genres for one in ids])


def test_an_embedding_is_a_copy_and_survives_pickling(rated):
    before = rated.item_embedding(HEAT)
    rated.item_embedding(HEAT)[:] = 0
    assert (rated.item_embedding(HEAT) == before).all()
    again = pickle.loads(pickle.dumps(rated))  # noqa: S301
    assert (again.item_embedding(HEAT) == before).all()


def test_without_embeddings_the_reason_is_told(rated, tmp_path_factory):
    sample = sample_recommender(tmp_path_factory)
    with pytest.raises(CineMatchError, match=r"^this run has no embeddings, because it has learned nothing"):
        sample.item_embedding(HEAT)
    with pytest.raises(CineMatchError, match="has no embeddings"):
        sample.user_embedding(Preferences(liked_movie_ids=[HEAT]))
    with pytest.raises(UnknownNameError):
        rated.item_embedding(999_999_999)

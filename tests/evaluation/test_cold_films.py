"""Films whose ratings are hidden, ranked by what is known of them."""

import pandas as pd
import pytest
from support.tastes import catalog_by_taste, ratings_by_taste

from cinematch_lib.errors import NothingToDoError
from cinematch_lib.evaluation.cold_films import evaluate_cold_films

FIXED = {"dropout": 0.3, "session_weight": 0.0, "year_weight": 0.0, "content_weight": 0.25}
HYBRID_PARAMS = FIXED | {"regularization": 20.0}
RATINGS = ratings_by_taste()


def test_unrated_films_are_ranked_by_their_content():
    found = evaluate_cold_films(RATINGS, catalog_by_taste(), hybrid_params=HYBRID_PARAMS)
    assert found.n_films == 18
    assert found.auc["hybrid"].low > 0.5  # the genre says much about what these users like
    assert found.auc["hybrid"].mean == pytest.approx(found.auc["content"].mean, abs=0.05)
    assert found.auc["hybrid without content"].mean == 0.5
    assert found.auc_all["hybrid"].mean > found.auc_all["hybrid without content"].mean
    assert found.chance_recall == 1
    assert found.table().index.tolist() == ["hybrid", "content", "hybrid without content", "chance"]
    assert found.mixed.unrated_share == found.liked_share
    assert found.listed_share < found.mixed.listed_share
    assert found.mixed.other_difference.mean < 0 < found.mixed.difference.mean
    assert found.description().startswith("The ratings of 18 films are hidden; ")


def test_cold_films_are_not_measured_with_too_few_users():
    with pytest.raises(NothingToDoError, match=r"^9 users like enough of the other films, and the test needs 10$"):
        evaluate_cold_films(RATINGS[RATINGS["userId"] <= 9], catalog_by_taste(), hybrid_params=HYBRID_PARAMS)


def test_cold_films_are_not_measured_where_every_user_has_rated_every_film():
    everything = pd.DataFrame(
        [(user, film, 5.0) for user in range(1, 21) for film in catalog_by_taste()["movieId"]],
        columns=["userId", "movieId", "rating"],
    )
    with pytest.raises(NothingToDoError, match=r"^no test user likes one of 18 hidden films and has not rated"):
        evaluate_cold_films(everything, catalog_by_taste(), hybrid_params=HYBRID_PARAMS)

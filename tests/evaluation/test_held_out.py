"""Held-out people in a run: their ratings, the models' lists, and a recommender that learned nothing from them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from support.tastes import catalog_by_taste, ratings_by_taste

from cinematch_lib import Preferences
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.embeddings import Embeddings
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.artifacts.runs import FEATURES, Run, run_folder
from cinematch_lib.evaluation.compare import compare_models
from cinematch_lib.evaluation.held_out import (
    EMBEDDINGS,
    WEIGHTS,
    chosen_people,
    held_out_people,
    read_people,
    read_recommender,
)
from cinematch_lib.evaluation.protocols import make_protocol
from cinematch_lib.evaluation.served import Serve
from cinematch_lib.features import build_features

PARAMS = {"regularization": 30.0, "dropout": 0.3, "session_weight": 0.0, "year_weight": 0.0, "content_weight": 0.25}


@pytest.fixture(scope="module")
def serve():
    return Serve({"min_df": 1}, weights_per_film=30)


@pytest.fixture(scope="module")
def result(serve):
    protocol = make_protocol(ratings_by_taste(), catalog_by_taste(), folds=2)
    options = {"hybrid_params": PARAMS | {"feature_weight": 1.0}, "serve": serve, "tune": False}
    return compare_models(protocol, ["popular", "ease", "hybrid"], [10, 20], **options)


@pytest.fixture(scope="module")
def run(result, serve, tmp_path_factory):
    artifacts = tmp_path_factory.mktemp("held-out") / "artifacts"
    draft, films = Draft.create(artifacts), catalog_by_taste()
    built = build_features(films, min_df=1)
    draft.write_features(built, movies_meta(films, built.quality_prior, built.names, "none", []))
    held_out_people(result, serve.first).write(draft)
    return Run(run_folder(artifacts, draft.publish().run_id))


TAG, ADDED = "keywords__seen", 91


@pytest.fixture(scope="module")
def longer_run(result, serve, tmp_path_factory):
    """A run with a feature that the evaluation did without, and, since, one more film, with all features of film 1."""
    artifacts = tmp_path_factory.mktemp("added") / "artifacts"
    draft, films = Draft.create(artifacts), catalog_by_taste()
    built = build_features(films, min_df=1)
    matrix = sparse.vstack([built.matrix, built.matrix[:1]])
    tagged = sparse.csr_matrix(np.full((len(films) + 1, 1), 0.0, dtype=np.float32))
    draft.write_matrix(FEATURES, sparse.csr_matrix(sparse.hstack([matrix[:, :3], tagged, matrix[:, 3:]])))
    more = pd.concat([films, films[:1].assign(movieId=ADDED)], ignore_index=True)
    names = [*built.names[:3], TAG, *built.names[3:]]
    draft.write_movies_meta(movies_meta(more, np.append(built.quality_prior, 0), names, "none", []))
    held_out_people(result, serve.first).write(draft)
    return Run(run_folder(artifacts, draft.publish().run_id))


def test_the_recommender_gives_held_out_people_the_lists_of_the_evaluation(run):
    ratings, lists = read_people(run)
    recommender = read_recommender(run)
    for user, of_user in ratings[ratings["hidden"] == 0].groupby("userId"):
        stars = dict(zip(of_user["movieId"], of_user["rating"], strict=True))
        served = lists[(lists["userId"] == user) & (lists["model"] == "served")].sort_values("rank")
        found = recommender.recommend(Preferences(ratings=stars), 30)
        scores = {one.movie_id: one.score for one in found}
        # Of films with equal scores, rounding decides, which lists of many people do in another order.
        assert [scores[one] for one in served["movieId"]] == pytest.approx([one.score for one in found[:20]], abs=1e-6)


def test_films_added_since_leave_the_others_their_scores_and_have_embeddings(run, longer_run):
    ratings, _ = read_people(longer_run)
    before, since = read_recommender(run), read_recommender(longer_run)
    assert ADDED in since and ADDED not in before
    np.testing.assert_allclose(since.item_embedding(ADDED), since.item_embedding(1), rtol=1e-5, atol=1e-7)
    for _, of_user in ratings[ratings["hidden"] == 0].groupby("userId"):
        wanted = Preferences(ratings=dict(zip(of_user["movieId"], of_user["rating"], strict=True)))
        found = since.recommend(replace(wanted, not_interested_ids=[ADDED]))
        scores = {one.movie_id: one.score for one in before.recommend(wanted)}
        assert {one.movie_id: one.score for one in found} == pytest.approx(scores)
        assert any(reason.kind == "taste" for one in since.recommend(wanted) for reason in one.reasons)


def test_features_that_the_evaluation_did_without_have_no_embedding(longer_run, serve):
    stored = Embeddings.read(longer_run.content(EMBEDDINGS)).feature_embeddings
    names = longer_run.read_movies_meta().features
    of_fold = dict(zip(serve.first.features, serve.first.embeddings.feature_embeddings, strict=True))
    for name, vector in zip(names, stored, strict=True):
        np.testing.assert_array_equal(vector, np.zeros_like(vector) if name == TAG else of_fold[name])
    assert stored[names.index(TAG) - 1].any()


def test_histories_and_hidden_likes_are_those_of_the_first_fold(run, result):
    ratings, _ = read_people(run)
    split = result.protocol.folds[0].split
    for hidden, table in ((0, split.histories), (1, split.held_out)):
        stored = ratings[ratings["hidden"] == hidden].set_index(["userId", "movieId"])["rating"].sort_index()
        expected = table[table["userId"].isin(ratings["userId"])].set_index(["userId", "movieId"])["rating"]
        pd.testing.assert_series_equal(stored, expected.sort_index(), check_dtype=False)
    assert not set(ratings["userId"]) & set(split.train["userId"])


def test_the_people_whom_the_hybrid_serves_worst_are_among_them(result):
    values = result.values(result.main_metrics[0]).loc[result.protocol.folds[0].split.users]
    lost = values["hybrid"] - values[result.baselines[0]]
    chosen = chosen_people(result)
    assert set(lost.index[lost == lost.min()]) <= set(chosen)
    assert chosen == sorted(set(chosen))


def test_only_the_rows_of_films_that_they_rated_are_stored(run, serve):
    ratings, _ = read_people(run)
    from cinematch_lib.artifacts.item_weights import ItemWeights

    stored, ids = ItemWeights.read(run.content(WEIGHTS)), serve.first.weights.movie_ids
    rated = np.isin(ids, ratings.loc[ratings["hidden"] == 0, "movieId"])
    for mine, whole in zip(stored.matrices, serve.first.weights.matrices, strict=True):
        assert abs(mine[rated] - whole[rated]).nnz == 0
        assert mine[~rated].nnz == 0


def test_without_a_recommender_or_where_histories_were_learned_from_nobody_is_stored(result, serve):
    assert held_out_people(result, None) is None
    by_time = make_protocol(ratings_by_taste(), catalog_by_taste(), name="time")
    measured = compare_models(by_time, ["popular"], [5, 10], tune=False)
    assert held_out_people(measured, serve.first) is None


def test_a_run_without_them_says_so(artifacts):
    run = Run.current(artifacts)
    assert read_people(run) is None
    assert read_recommender(run) is None

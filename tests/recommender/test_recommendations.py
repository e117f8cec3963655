"""What can be done with recommendations: tables, data frames, JSON, pickles, and many people at once."""

import concurrent.futures
import json
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
from support.small_runs import (
    CASINO,
    COLLATERAL,
    HEAT,
    NOBODY_KNOWS,
    check_reasons,
    rated_artifacts,
    rated_recommender,
    recommender_of,
)

from cinematch_lib import CineMatchError, Preferences, Recommendations, Recommender
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.recommender.best_films import BestFilms

FILMS = (HEAT, COLLATERAL, CASINO, NOBODY_KNOWS)
LIKES_HEAT = Preferences(liked_movie_ids=[1])


@pytest.fixture(scope="module")
def small():
    return recommender_of(*FILMS)


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    return rated_recommender(tmp_path_factory)


def test_a_list_is_a_table_in_a_notebook(small):
    found = small.recommend(LIKES_HEAT, k=2)
    table = found._repr_html_()
    assert table.count("<tr>") == 3
    assert "<td>Casino (1995)</td>" in table or "<td>Collateral (2004)</td>" in table
    assert isinstance(found[:1], Recommendations)
    assert found[:1]._repr_html_().count("<tr>") == 2


def test_no_script_gets_into_the_table():
    films = recommender_of(HEAT, {"title": "<script>alert(1)</script>", "genres": "crime"})
    assert "<script>" not in films.recommend(LIKES_HEAT, k=1)._repr_html_()


def test_a_list_goes_to_pandas(small):
    frame = small.recommend(LIKES_HEAT, k=3).to_frame()
    assert frame.columns.tolist() == [
        "rank", "movieId", "title", "year", "genres", "services", "runtime", "score", "explanation",
    ]  # fmt: skip
    assert frame["rank"].tolist() == [1, 2, 3]
    assert (frame["year"].dtype, frame["runtime"].dtype) == ("Int64", "Int64")
    assert frame.loc[frame["title"] == "Lost", "year"].isna().all()
    assert Recommendations().to_frame().columns.tolist() == frame.columns.tolist()


def test_everything_goes_to_json(rated):
    found = rated.recommend(Preferences(liked_movie_ids=[1, 6], disliked_movie_ids=[2]), k=5)
    plain = json.loads(json.dumps(found.to_dicts()))
    assert [one["movie_id"] for one in plain] == [one.movie_id for one in found]
    first = plain[0]
    assert {"rank", "title", "score", "explanation", "reasons", "overview_known"} <= set(first)
    assert sum(reason["value"] for reason in first["reasons"]) == pytest.approx(first["score"], abs=1e-5)


def test_short_representations(small):
    (first,) = small.recommend(LIKES_HEAT, k=1)
    assert repr(first) == f"Recommendation(1. {first.movie.label}, score={first.score:.4f})"
    assert repr(LIKES_HEAT) == "Preferences(liked_movie_ids=[1])"
    assert repr(Preferences()) == "Preferences()"
    assert repr(small) == "Recommender(4 films)"
    assert repr(first.reasons[0]).startswith("Reason(liked of Heat (1995): +")


def test_preferences_as_plain_values_make_the_same_preferences():
    given = Preferences(liked_movie_ids=[6, 6], services={"Netflix"}, year_min=1990)
    assert json.loads(json.dumps(given.to_dict())) == {
        "liked_movie_ids": [6], "services": ["Netflix"], "year_min": 1990,
    }  # fmt: skip
    assert Preferences(**given.to_dict()) == given


def test_recommendations_pickle_with_their_reasons(rated):
    found = rated.recommend(Preferences(liked_movie_ids=[1, 6]), k=5)
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own bytes
    assert again == found
    assert [one.explanation for one in again] == [one.explanation for one in found]
    assert [one.reasons for one in again] == [one.reasons for one in found]
    check_reasons(again)


def test_a_recommender_pickles_and_recommends_the_same(rated):
    again = pickle.loads(pickle.dumps(rated))  # noqa: S301 - our own bytes
    wanted = Preferences(liked_movie_ids=[1, 6], preferred_genres=["Sci-Fi", "drama"])
    assert again.recommend(wanted) == rated.recommend(wanted)
    assert again.similar(1) == rated.similar(1)
    assert again.search("heat") == rated.search("heat")


def test_processes_share_the_work(small):
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        found = pool.submit(small.recommend, LIKES_HEAT, 2).result()
    assert found == small.recommend(LIKES_HEAT, 2)


# --- many people at once -----------------------------------------------------------------------------


def test_many_people_get_what_each_gets_alone(rated):
    draw = np.random.default_rng(3)
    wanted = [Preferences(), *(Preferences(liked_movie_ids=draw.choice(rated.movie_ids, 5, False)) for _ in range(20))]
    stars = dict(zip(draw.choice(rated.movie_ids, 60, False).tolist(), draw.choice([1.0, 3.0, 4.5], 60), strict=True))
    wanted.append(Preferences(preferred_genres=["crime"], year_min=2000, disliked_movie_ids=[1]))
    wanted.append(Preferences(ratings=stars, disliked_movie_ids=[6], not_interested_ids=[50], services=["Netflix"]))
    wanted.append(Preferences(seen=[1, 6], preferred_genres=["crime", "drama"], discovery=0.6, diversity=0.3))
    found = rated.recommend_many(wanted, k=7)
    for together, alone in zip(found, [rated.recommend(one, k=7) for one in wanted], strict=True):
        assert [one.movie_id for one in together] == [one.movie_id for one in alone]
        assert [one.score for one in together] == pytest.approx([one.score for one in alone], abs=1e-6)
    assert found == rated.recommend_many(iter(wanted), k=7, threads=1)
    assert [one.explanation for one in found[3]] == [one.explanation for one in rated.recommend(wanted[3], k=7)]
    assert rated.recommend_many([]) == []


@pytest.mark.parametrize(
    "filters",
    [
        None,
        Preferences(preferred_genres=["crime"], year_max=2000),
        Preferences(discovery=0.8),
        Preferences(not_interested_ids=[1, 50, 260, 296, 318, 356], year_max=2000),
    ],
)
def test_a_table_of_ratings_gives_what_each_user_gets_alone(rated, filters):
    draw = np.random.default_rng(4)
    sizes = [1, 2, 5, 40, 200, 3] * 12
    users = np.repeat(np.arange(len(sizes)) * 7, sizes)
    movies = np.concatenate([draw.choice(rated.movie_ids, size, False) for size in sizes])
    stars = draw.choice([0.5, 2.5, 3.0, 4.0, 5.0], len(users))
    movies[users == 0] = 999_999_999  # a user of whom nothing is known here
    found = rated.recommend_ratings(users, movies, stars, 12, filters=filters)
    for user in np.unique(users)[:8]:
        known = (users == user) & (movies < 999_999_999)
        ratings = dict(zip(movies[known].tolist(), stars[known].tolist(), strict=True))
        alone = rated.recommend(replace(filters or Preferences(), ratings=ratings), 12)
        of_user = found.userId == user
        assert found.movieId[of_user].tolist() == [one.movie_id for one in alone]
        assert found.rank[of_user].tolist() == [one.rank for one in alone]
        assert found.score[of_user].tolist() == pytest.approx([one.score for one in alone], abs=1e-6)


def test_a_high_weight_of_content_counts_for_many_people_as_for_one(tmp_path_factory, tmp_path):
    run, draft = Run.current(rated_artifacts(tmp_path_factory)), Draft.create(tmp_path)
    for file in run.info.files:
        shutil.copyfile(run.folder / file, draft.path(file))
    weights = run.read_item_weights()
    draft.write_item_weights(replace(weights, content_weight=weights.content_weight * 50))
    draft.publish()
    recommender = Recommender.load(tmp_path)
    draw = np.random.default_rng(5)
    wanted = [Preferences(liked_movie_ids=draw.choice(recommender.movie_ids, n, False)) for n in (1, 3, 10, 30)]
    for together, one in zip(recommender.recommend_many(wanted, k=50), wanted, strict=True):
        scores = {film.movie_id: film.score for film in recommender.recommend(one, k=60)}
        assert [film.score for film in together] == pytest.approx(list(scores.values())[:50], abs=1e-5)
        assert all(film.score == pytest.approx(scores[film.movie_id], abs=1e-5) for film in together)


def test_of_repeated_ratings_the_last_counts_and_wrong_ones_are_told(rated):
    once = rated.recommend_ratings([1, 1], [6, 1], [5.0, 1.0], 5)
    twice = rated.recommend_ratings([1, 1, 1], [6, 1, 6], [1.0, 1.0, 5.0], 5)
    assert once.movieId.tolist() == twice.movieId.tolist()
    with pytest.raises(CineMatchError, match=r"from 0\.5 to 5 stars, got 7\.0 for 6"):
        rated.recommend_ratings([1], [6], [7.0])
    with pytest.raises(CineMatchError, match="of one length, got 2, 1 and 1"):
        rated.recommend_ratings([1, 2], [6], [5.0])
    with pytest.raises(CineMatchError, match="users must be whole numbers, got 'a'; number the users"):
        rated.recommend_ratings(["a"], [6], [5.0])
    with pytest.raises(CineMatchError, match=r"users must be whole numbers, got 1\.5"):
        rated.recommend_ratings([2, 1.5], [6, 6], [5.0, 5.0])
    with pytest.raises(CineMatchError, match="movie_ids must be whole numbers, got 'Heat'; give MovieLens ids"):
        rated.recommend_ratings([1], ["Heat"], [5.0])
    with pytest.raises(CineMatchError, match=r"ratings must be numbers of stars, from 0\.5 to 5, got 'good'"):
        rated.recommend_ratings([1, 1], [6, 1], [5.0, "good"])
    with pytest.raises(CineMatchError, match=r"users must be a flat list, got one of the shape \(1, 1\)"):
        rated.recommend_ratings([[1]], [6], [5.0])
    for known in ({"liked_movie_ids": [6]}, {"disliked_movie_ids": [6]}, {"seen": [6]}, {"ratings": {6: 3.0}}):
        with pytest.raises(CineMatchError, match="filters must not say what people know, got film 6"):
            rated.recommend_ratings([1], [1], [5.0], filters=Preferences(**known))
    with pytest.raises(CineMatchError, match="filters must not say when something was said, got the time of film 1;"):
        rated.recommend_ratings([1], [1], [5.0], filters=Preferences(times={1: 1e9}))
    assert len(rated.recommend_ratings([], [], []).userId) == 0


def test_a_long_list_of_many_is_ranked_once_more_for_all_its_explanations(rated, monkeypatch):
    wanted, ranked, calls = Preferences([1, 6, 50]), BestFilms.ranked, []
    alone = rated.recommend(wanted, 250)
    (found,) = rated.recommend_many([wanted], 250)
    monkeypatch.setattr(BestFilms, "ranked", lambda *given: calls.append(given) or ranked(*given))
    assert [one.explanation for one in found] == [one.explanation for one in alone]
    assert len(calls) == 1


def test_one_of_many_that_is_wrong_is_told(rated):
    with pytest.raises(CineMatchError, match="no film here has the id 999999999"):
        rated.recommend_many([Preferences(), Preferences(liked_movie_ids=[999999999])])
    with pytest.raises(CineMatchError, match="preferences must be a Preferences, got a dict"):
        rated.recommend_many([{"liked_movie_ids": [1]}])


# --- what is passed wrongly --------------------------------------------------------------------------


def test_other_things_than_preferences(small):
    with pytest.raises(CineMatchError) as raised:
        small.recommend({"liked_movie_ids": [1]})
    assert str(raised.value) == "preferences must be a Preferences, got a dict; write Preferences(**{...})"
    with pytest.raises(CineMatchError, match=r"^preferences must be a Preferences, got a list$"):
        small.recommend([1, 2])


def test_a_number_given_as_text(small):
    with pytest.raises(CineMatchError, match=r"k must be between 1 and 4 \(the number of films\), got '5'$"):
        small.recommend(k="5")
    with pytest.raises(CineMatchError, match=r"^movie_id must be a whole number, got '6'$"):
        small.movie("6")
    with pytest.raises(CineMatchError, match=r"recommender\.find\('Heat \(1995\)'\)\.movie_id is that of a title"):
        small.recommend(Preferences(liked_movie_ids=["Heat (1995)"]))


def test_numbers_of_numpy_are_numbers():
    wanted = Preferences(liked_movie_ids=np.array([1]), year_min=np.int64(1990), runtime_max=np.float32(90))
    assert json.loads(json.dumps(wanted.to_dict())) == {
        "liked_movie_ids": [1],
        "runtime_max": 90.0,
        "year_min": 1990,
    }
    assert repr(wanted) == "Preferences(liked_movie_ids=[1], runtime_max=90.0, year_min=1990)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda films: films.find(6), "title must be text, got 6"),
        (lambda films: films.search(None), "text must be text, got None"),
        (lambda films: films.recommend(among="6"), "among must be a list, got the text '6'; put it in a list"),
        (lambda films: films.recommend(among=["Heat"]), "among must hold MovieLens ids, which are whole numbers"),
        (lambda films: films.recommend(among=np.array(["1"])), "among must hold MovieLens ids"),
        (
            lambda films: films.recommend_many(LIKES_HEAT),
            "preferences must be a list of Preferences, got a Preferences",
        ),
        (lambda films: films.recommend_many(None), "preferences must be a list of Preferences, got a NoneType"),
        (
            lambda films: films.recommend_many([], threads=-1),
            "threads must be a whole number from 1 up, got -1; leave it out for one thread a processor",
        ),
        (lambda films: films.recommend_many([], threads=0), "threads must be a whole number from 1 up, got 0;"),
        (lambda films: films.recommend_many([], threads="2"), "threads must be a whole number from 1 up, got '2';"),
        (lambda films: films.recommend_ratings([], [], [], threads=0), "threads must be a whole number"),
    ],
)
def test_values_of_another_kind_are_refused(small, call, message):
    with pytest.raises(CineMatchError) as refused:
        call(small)
    assert str(refused.value).startswith(message)

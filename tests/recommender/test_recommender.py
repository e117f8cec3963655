import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from support.small_runs import (
    ONLY_GENRES,
    check_order,
    check_reasons,
    genre_films,
    ids,
    rated_artifacts,
    recommender_of,
    sample_artifacts,
)

from cinematch_lib import Preferences, Recommender
from cinematch_lib.recommender.score_weights import ScoreWeights

# --- answers known by hand ---------------------------------------------------------------------------


def test_the_score_is_likeness_and_general_liking(thrillers):
    found = thrillers.recommend(Preferences(liked_movie_ids=[1]), k=4)
    assert [(one.title, one.rank) for one in found] == [("B", 1), ("C", 2), ("D", 3)]
    assert [one.score for one in found] == pytest.approx([1 + 0.05, 0.5**0.5 + 0.025, -0.1])
    assert [one.explanation for one in found] == [
        "Similar to A (2000): crime.",
        "Similar to A (2000): crime.",
        "Its ratings are below average (−100%).",
    ]


def test_a_long_list_is_explained_as_its_beginning_is(sample):
    """Films are explained some together: each by its own reasons, wherever it stands."""
    like = Preferences(liked_movie_ids=[6, 50, 318], disliked_movie_ids=[1])
    long, short = sample.recommend(like, k=250), sample.recommend(like, k=20)
    assert [one.explanation for one in long[:20]] == [one.explanation for one in short]
    check_reasons(long)
    (alone,) = sample.recommend(like, k=1, among=[long[149].movie_id])
    assert alone.explanation == long[149].explanation
    for one, other in zip(alone.reasons, long[149].reasons, strict=True):
        assert (one.kind, one.movie) == (other.kind, other.movie)
        assert one.value == pytest.approx(other.value)


def test_a_film_keeps_its_reasons_when_somebody_ranks_the_list_anew(thrillers):
    first, second, _ = thrillers.recommend(Preferences(liked_movie_ids=[1]), k=4)
    turned = replace(second, rank=1)
    assert (turned.explanation, turned.reasons) == (second.explanation, second.reasons)
    assert turned.reasons != first.reasons


def test_preferred_genres_add_by_how_many_a_film_has(thrillers):
    found = thrillers.recommend(Preferences(liked_movie_ids=[4], preferred_genres=["Drama", "crime"]), k=4)
    assert [(one.title, round(one.score, 6)) for one in found] == [("C", 0.125), ("B", 0.1), ("A", 0.05)]
    assert (
        found[0].explanation
        == "It has drama and crime, which you asked for (80%). Its ratings are above average (20%)."
    )
    assert found[2].explanation == "It has crime, which you asked for."


def test_disliked_films_push_down(thrillers):
    found = thrillers.recommend(Preferences(liked_movie_ids=[1], disliked_movie_ids=[3]), k=4)
    assert ids(found) == [2, 4]
    assert found[0].score == pytest.approx(1 + 0.05 - 0.5 * 0.5**0.5)
    assert found[0].explanation == "Similar to A (2000): crime. It resembles C (2000) (−34%), which you disliked."
    check_reasons(found)


def test_disliking_alone_pushes_down_too(thrillers):
    found = thrillers.recommend(Preferences(disliked_movie_ids=[1]), k=4)
    assert ids(found) == [4, 3, 2]
    check_reasons(found)
    check_order(found)


def test_films_of_no_interest_are_left_out_and_change_no_score(sample):
    liked = Preferences(liked_movie_ids=[260, 6])
    before = sample.recommend(liked, k=30)
    gone = ids(before)[:10:2]
    after = sample.recommend(Preferences(liked_movie_ids=[260, 6], not_interested_ids=gone), k=25)
    kept = [one for one in before if one.movie_id not in gone]
    assert [(one.movie_id, one.score) for one in after] == [(one.movie_id, one.score) for one in kept]


def test_equal_scores_are_ordered_by_id():
    films = genre_films(*["crime"] * 30, movieId=[*range(100, 130)])
    same = recommender_of(*films, quality=[0.0] * 30, **ONLY_GENRES)
    assert ids(same.recommend(Preferences(liked_movie_ids=[110]), k=5)) == [100, 101, 102, 103, 104]
    assert ids(same.similar(100, k=3)) == [101, 102, 103]
    assert ids(same.recommend(k=3)) == [100, 101, 102]
    assert ids(same.recommend(Preferences(year_min=2000), k=30)) == [*range(100, 130)]


def test_weights_of_the_parts_can_be_given(thrillers):
    films = genre_films("crime", "crime", "drama")
    heavy = recommender_of(*films, quality=[0, 0.5, 0], weights=ScoreWeights(content=2, quality_prior=1), **ONLY_GENRES)
    assert heavy.recommend(Preferences(liked_movie_ids=[1]), k=1)[0].score == pytest.approx(2.5)


# --- explanations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        {"liked_movie_ids": [1, 6, 260, 858, 2571, 318, 50, 296, 593, 480]},
        {"liked_movie_ids": [2571], "disliked_movie_ids": [6365], "preferred_genres": ["science fiction", "crime"]},
        {"disliked_movie_ids": [1], "services": ["netflix"]},
        {},
    ],
)
def test_reasons_add_up_on_the_sample(sample, wanted):
    found = sample.recommend(Preferences(**wanted), k=50)
    assert len(found) == 50
    check_reasons(found)
    check_order(found)


def test_explanations_name_only_what_added_to_the_score(sample):
    liked = [1, 6, 260, 858, 2571, 318, 50, 296, 593, 480]
    for one in sample.recommend(Preferences(liked_movie_ids=liked, disliked_movie_ids=[4]), k=50):
        adding = {reason.movie.label for reason in one.reasons if reason.movie and reason.value}
        others = {sample.movie(film).label for film in [*liked, 4]} - adding
        assert not [label for label in others if label in one.explanation]
        named = [reason for reason in one.reasons if reason.kind == "liked" and reason.movie.label in one.explanation]
        assert named
        for reason in named:
            for feature in reason.features:
                assert feature.value != 0


def test_a_feature_is_named_only_where_both_films_have_it(sample):
    for one in sample.similar(6, k=20):
        (reason,) = one.reasons
        for feature in reason.features:
            if feature.field in ("director", "cast_top"):
                name = feature.name.removeprefix("director ")
                people = {field: {*one.movie.director, *one.movie.cast} for field in ("director", "cast_top")}
                assert name in people[feature.field]
                assert name in {*sample.movie(6).director, *sample.movie(6).cast}
            if feature.field == "genres":
                assert feature.name in set(one.movie.genres) & set(sample.movie(6).genres)


# --- somebody new ------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 20, 100, 101, 300])
def test_somebody_new_gets_k_well_liked_films(sample, k):
    found = sample.recommend(k=k)
    assert len(set(ids(found))) == k
    check_order(found)
    check_reasons(found)
    assert all(reason.value > 0 for one in found for reason in one.reasons if reason.kind == "quality")


def test_somebody_new_gets_films_that_differ(sample):
    varied = sample.recommend(k=20)
    assert {reason.kind for one in varied for reason in one.reasons} == {"quality", "diversity"}
    before = [one.movie.label for one in varied]
    for one in varied:
        for reason in one.reasons:
            if reason.kind == "diversity":
                assert reason.movie.label in before[: one.rank - 1]
                assert (
                    f"It resembles {reason.movie.label}, higher in this list (−" in one.explanation
                    or reason.share > -0.1
                )
    assert sum(len(one.movie.genres) for one in varied) >= 20
    assert len({genre for one in varied for genre in one.movie.genres}) >= 10


def test_all_films_can_be_asked_for(sample, thrillers):
    assert sorted(ids(thrillers.recommend(k=4))) == [1, 2, 3, 4]
    everything = sample.recommend(k=len(sample))
    assert len(set(ids(everything))) == len(sample)
    check_order(everything)


def test_no_preferences_are_empty_preferences(thrillers):
    assert thrillers.recommend(k=4) == thrillers.recommend(Preferences(), k=4) == thrillers.recommend(None, 4)


# --- films of which nothing is known -----------------------------------------------------------------


def test_liking_a_film_of_which_nothing_is_known_is_no_trouble():
    nothing = {"year": None}
    films = recommender_of(
        {"title": "Lost", **nothing},
        {"title": "Gone", **nothing},
        {"title": "Heat", "genres": "crime"},
        quality=[0.0, 0.1, 0.3],
    )
    found = films.recommend(Preferences(liked_movie_ids=[1]), k=3)
    assert [(one.movie_id, one.explanation) for one in found] == [
        (3, "Its ratings are above average."),
        (2, "Its ratings are above average."),
    ]
    assert [(one.movie_id, one.score, one.explanation) for one in films.similar(1, k=2)] == [
        (2, 0.0, "As far as is known, nothing raises or lowers its score."),
        (3, 0.0, "As far as is known, nothing raises or lowers its score."),
    ]
    assert [one.field for one in films.features(1)] == ["title"]


# --- other things to ask -----------------------------------------------------------------------------


def test_similar_never_returns_the_film_itself(sample):
    for film in (1, 6, 260, 858):
        found = sample.similar(film, k=15)
        assert film not in ids(found) and len(found) == 15
        assert {reason.kind for one in found for reason in one.reasons} == {"liked"}
        check_reasons(found)


def test_similar_to_one_of_all_films(thrillers):
    assert sorted(ids(thrillers.similar(1, k=4))) == [2, 3, 4]


def test_a_film_and_what_it_is_to_the_recommender(sample):
    heat = sample.movie(6)
    assert (heat.title, heat.year, heat.director) == ("Heat", 1995, ("Michael Mann",))
    assert sample.find("Heat (1995)") == sample.find("heat") == heat
    features = sample.features(6, k=5)
    assert len(features) == 5 and features[0].value >= features[4].value > 0
    assert "director Michael Mann" in [one.name for one in sample.features(6, k=20)]
    assert sum(one.value for one in sample.features(6, k=1000)) == pytest.approx(1)


def test_search(sample):
    assert sample.search("godfather", 2) == [sample.find("The Godfather"), sample.find("The Godfather: Part II")]
    assert sample.search("no such title at all xyzzy") == []
    assert len(sample.search("the", 20_000)) < 20_000  # k may be above the number of films


def test_what_it_knows_of_itself(sample, tmp_path_factory):
    assert len(sample) == 9046  # of 9,066, those with a year and a genre
    assert "sci-fi" in sample.genres and sample.genres == tuple(sorted(sample.genres))
    assert "Netflix (demo)" in sample.services and all(name.endswith(" (demo)") for name in sample.services)
    assert sample.services_source == "demo"
    assert sample.attributions == ("MovieLens",)
    current = (sample_artifacts(tmp_path_factory) / "current").read_text().strip()
    assert sample.info.run_id == current


def test_threads_share_a_recommender(tmp_path_factory):
    recommender = Recommender.load(sample_artifacts(tmp_path_factory))  # a new one, of which nothing is cached yet

    def ask(at):
        wanted = Preferences(liked_movie_ids=[(1, 6, 260, 858)[at % 4]], disliked_movie_ids=[2])
        found = recommender.recommend(wanted, k=10)
        titles = [movie.label for movie in recommender.search(("godfahter", "matrix")[at % 2], 5)]
        return [(one.movie_id, one.score, one.explanation) for one in found], titles

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(ask, range(64)))
    assert all(said[at] == ask(at) for at in range(64))


# --- light to load -----------------------------------------------------------------------------------


LIGHT = """
import sys
import cinematch_lib
from cinematch_lib import Preferences, Recommender
recommender = Recommender.load(sys.argv[1])
found = recommender.recommend(Preferences(liked_movie_ids=[6], services=["netflix"]), k=5)
print(found[0].explanation, recommender.search("Godfahter")[0], recommender.features(6), recommender.similar(1))
heavy = {"pandas", "sklearn", "matplotlib", "skops", "pyarrow", "requests", "papermill"}
sys.exit(f"imported {heavy & set(sys.modules)}" if heavy & set(sys.modules) else 0)
"""


@pytest.mark.parametrize("artifacts", [sample_artifacts, rated_artifacts])
def test_nothing_heavy_is_imported(tmp_path_factory, artifacts):
    folder = artifacts(tmp_path_factory)
    done = subprocess.run([sys.executable, "-c", LIGHT, str(folder)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")

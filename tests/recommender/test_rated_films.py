"""Ratings and films that were only seen, as a client passes them."""

from dataclasses import replace

import numpy as np
import pytest
from support.rated_scores import RATINGS_ONLY, scores
from support.small_runs import (
    ONLY_GENRES,
    check_reasons,
    genre_films,
    ids,
    rated_artifacts,
    recommender_of,
)

from cinematch_lib import CineMatchError, Preferences, Recommender
from cinematch_lib.artifacts.runs import FEATURES, Run


def test_a_rating_counts_by_its_stars_and_a_seen_film_for_less_than_a_like():
    one = recommender_of(
        *genre_films("war", "crime", "drama", "western", title=["A", "B", "C", "D"]),
        quality=[0.0] * 4,
        weights=RATINGS_ONLY,
        said=([[0, 0, 0.2, 0.1], [0, 0, 0.1, 0.3], [0] * 4, [0] * 4], 0.0, 0),
        **ONLY_GENRES,
    )
    given = one.recommend(Preferences(ratings={1: 5, 2: 3.5}), k=4)
    # C: 1.2 · 0.2 + 0.6 · 0.1 = 0.3; D: 1.2 · 0.1 + 0.6 · 0.3 = 0.3
    assert scores(given) == {"C": 1.0, "D": 1.0}
    assert given[0].explanation == (
        "Because you gave A (2000) 5 stars (80%): people who like this film also like it. "
        "Because you gave B (2000) 3.5 stars (20%): people who watch this film often like it."
    )
    seen = one.recommend(Preferences(liked_movie_ids=[1], seen=[2]), k=4)
    # C: 0.2 + 0.45 · 0.1 = 0.245; D: 0.1 + 0.45 · 0.3 = 0.235
    assert scores(seen) == {"C": 1.0, "D": round(0.235 / 0.245, 6)}
    assert seen[1].explanation.endswith("People who watch B (2000) (57%) often like it.")
    check_reasons(given)
    check_reasons(seen)


def explanation_of_h(weights=(0.3, 0.2, 0.1, 0.1, 0.3, 0.2, 0.1), **known):
    """What is said of the film H, for which the weights of A to G speak."""
    names = "ABCDEFGH"
    one = recommender_of(
        *genre_films(*["war"] * 8, title=list(names)),
        quality=[0.0] * 8,
        weights=RATINGS_ONLY,
        said=([[*[0.0] * 7, weight] for weight in (*weights, 0.0)], 0.0, 0),
        **ONLY_GENRES,
    )
    (film,) = [film for film in one.recommend(Preferences(**known), k=1) if film.title == "H"]
    check_reasons([film])
    return film.explanation


def test_rated_films_are_named_with_their_stars_liked_ones_as_liked_and_seen_ones_as_seen():
    assert explanation_of_h(ratings={1: 4.5}, liked_movie_ids=[2]) == (
        "Because you gave A (2000) 4.5 stars (64%) and liked B (2000) (36%): people who like these films also like it."
    )
    assert explanation_of_h(ratings={2: 4}, liked_movie_ids=[1]) == (
        "Because you liked A (2000) (60%) and gave B (2000) 4 stars (40%): people who like these films also like it."
    )
    assert explanation_of_h(ratings={5: 3.5, 6: 2}, seen=[7]) == (
        "Because you gave E (2000) 3.5 stars (63%) and F (2000) 2 stars (21%) and have seen G (2000) (16%): "
        "people who watch these films often like it."
    )
    assert explanation_of_h(seen=[5, 6]) == "People who watch E (2000) (60%) and F (2000) (40%) often like it."


def test_films_that_are_counted_are_rated_liked_or_seen_as_they_are():
    few = (0.5, 0.04, 0.03, 0.03, 0.5, 0.1, 0.1)
    assert explanation_of_h(few, ratings={1: 5}, liked_movie_ids=[2, 3, 4]) == (
        "Because you gave A (2000) 5 stars (86%) and liked 3 more films (14%): people who like these films also like "
        "it."
    )
    assert "(2000) 5 stars (85%) and rated or liked 3 more films (15%): " in explanation_of_h(
        few, ratings={1: 5, 2: 5}, liked_movie_ids=[3, 4]
    )
    assert explanation_of_h(few, ratings={2: 4, 3: 4, 4: 4}, liked_movie_ids=[1]) == (
        "It is often liked together with A (2000) (83%) and 3 more films you rated 4 stars or more (17%)."
    )
    assert explanation_of_h(few, ratings={2: 2, 3: 2, 4: 2}, seen=[5]) == (
        "People who watch E (2000) (88%) and 3 more films you rated (12%) often like it."
    )
    assert "more films you rated or have seen (20%) often" in explanation_of_h(few, ratings={2: 3, 3: 3}, seen=[4, 5])


def test_a_rated_film_that_lowers_the_score_is_named_with_its_stars():
    against = (0.5, -0.2, 0, 0, -0.2, 0, 0)
    assert explanation_of_h(against, ratings={1: 4, 2: 4, 5: 3}) == (
        "Because you gave A (2000) 4 stars: people who like this film also like it. Because you gave B (2000) 4 stars "
        "(−40%): people who like this film choose it less often. Because you gave E (2000) 3 stars (−24%): people who "
        "watch this film choose it less often."
    )


def three(likes=0):
    """Films of which the first two say something of all."""
    return recommender_of(
        *genre_films("war", "crime", "drama", "western", title=["A", "B", "C", "D"]),
        quality=[0.0] * 4,
        weights=RATINGS_ONLY,
        said=([[0, 0, 0.4, 0.2], [0, 0, 0.1, 0.1], [0] * 4, [0] * 4], 0.0, likes),
        **ONLY_GENRES,
    )


@pytest.mark.parametrize(
    ("liked", "disliked", "expected"),
    [
        (0, 0, {"C": 0.95, "D": 0.45}),  # (0.4 − 0.2 · 0.1) / 0.4 and (0.2 − 0.2 · 0.1) / 0.4
        (4, 0, {"C": 0.9875, "D": 0.4875}),  # the dislike is four years older: a quarter of −0.2
        (0, 4, {"C": 0.8, "D": 0.3}),  # the like is: it counts a quarter, and so does the highest sum
    ],
)
def test_a_dislike_counts_half_as_much_with_every_two_years_before_the_newest_opinion(liked, disliked, expected):
    year = 365.25 * 86_400
    wanted = Preferences([1], [2], times={1: 1e9 + liked * year, 2: 1e9 + disliked * year})
    assert scores(three().recommend(wanted, 2)) == expected
    assert scores(three().recommend_many([wanted], 2)[0]) == pytest.approx(expected)


@pytest.mark.parametrize(("discovery", "discount"), [(0.1, 0.05), (0.14, 0.07), (0.144, 0.07), (0.15, 0.075), (1, 0.5)])
def test_discovery_discounts_the_likes_in_steps_of_a_hundredth(discovery, discount):
    found = three(likes=99).recommend(Preferences([1], discovery=discovery), 2)
    assert scores(found) == pytest.approx({"C": 100**-discount, "D": 0.5 * 100**-discount}, abs=2e-6)


def test_a_dislike_counts_before_a_low_rating_and_contradicts_a_high_one(rated):
    disliked = Preferences([1, 6], [260])
    assert rated.recommend(replace(disliked, ratings={260: 3.5}), 20) == rated.recommend(disliked, 20)
    with pytest.raises(CineMatchError, match="film 260 is both liked and disliked; choose one"):
        replace(disliked, ratings={260: 4})


def test_a_single_low_rating_gives_a_list_without_the_film(rated):
    found = rated.recommend(Preferences(ratings={260: 0.5}), k=20)
    assert len(found) == 20 and 260 not in ids(found)
    check_reasons(found)


def test_a_thousand_ratings_add_up(rated):
    stars = np.random.default_rng(0).integers(1, 11, 1000) / 2
    ratings = dict(zip(rated.movie_ids[:1000].tolist(), stars.tolist(), strict=True))
    found = rated.recommend(Preferences(ratings=ratings), k=20)
    assert len(found) == 20 and min(ids(found)) > rated.movie_ids[999]
    check_reasons(found)


def test_discovery_turns_the_list_to_films_that_fewer_like(rated, tmp_path_factory):
    likes = Run.current(rated_artifacts(tmp_path_factory)).read_item_weights().like_counts
    medians = []
    for discovery in (0, 0.3, 0.6, 1):
        found = rated.recommend(Preferences(liked_movie_ids=[1, 6, 260], discovery=discovery), k=20)
        check_reasons(found)
        medians.append(np.median(likes[np.searchsorted(rated.movie_ids, ids(found))]))
    assert medians == sorted(medians, reverse=True) and medians[0] > 2 * medians[-1]


def test_diversity_keeps_films_that_resemble_each_other_apart(rated):
    """The films of a list are the same up to the first that would resemble one above, and resemble each other less."""
    found = [rated.recommend(Preferences(liked_movie_ids=[260], diversity=one), k=10) for one in (0, 0.3, 1)]
    cosines = []
    for one in found:
        check_reasons(one)
        rows = np.searchsorted(rated.movie_ids, ids(one))
        pairs = rated._similarity.pairwise(rows)
        cosines.append((pairs.sum() - len(rows)) / (len(rows) * (len(rows) - 1)))
    assert cosines[0] > cosines[1] > cosines[2]
    assert found[0][0].movie == found[2][0].movie
    assert any("higher in this list" in film.explanation for film in found[2])
    assert ids(rated.recommend(Preferences(liked_movie_ids=[260]), k=10)) == ids(found[0])


def test_recency_prefers_newer_films(rated):
    years = []
    for recency in (None, 0.1, 1):
        found = rated.recommend(Preferences(liked_movie_ids=[260], recency=recency), k=20)
        check_reasons(found)
        years.append(np.mean([film.movie.year for film in found]))
    assert years == sorted(years) and years[2] > years[0] + 3
    (newest,) = {film.movie.year for film in found if any(one.kind == "recency" for one in film.reasons)} & {
        max(film.movie.year for film in found)
    }
    assert f"It is from {newest}" in next(film.explanation for film in found if film.movie.year == newest)


def test_half_a_star_speaks_for_other_films_only_where_many_are_known(rated):
    """It is 0 for up to ten known films, and grows until it is what it is in training at 20."""
    liked = rated.recommend(Preferences(liked_movie_ids=[1387]), k=24)
    said = {}
    for n in (3, 10, 15, 20, 25):
        wanted = Preferences(ratings={1387: 0.5} | dict.fromkeys(ids(liked)[: n - 1], 4.0))
        (alone, many) = rated.recommend(wanted, k=50), rated.recommend_many([wanted], k=50, threads=1)[0]
        reasons = [r for film in alone for r in film.reasons if r.movie and r.movie.movie_id == 1387]
        said[n] = sum(r.value for r in reasons if r.kind.startswith("rated"))
        np.testing.assert_allclose([one.score for one in many], [one.score for one in alone], atol=1e-5)
        table = rated.recommend_ratings(np.zeros(n, int), np.array([*wanted.ratings]), [*wanted.ratings.values()], k=50)
        np.testing.assert_allclose(table.score, [one.score for one in alone], atol=1e-5)
    assert said[3] == said[10] == 0 < said[15] < said[20]
    only = {n: rated.recommend(Preferences(ratings=dict.fromkeys(ids(liked)[:n], 1.0)), k=10) for n in (10, 11, 24)}
    assert not any(one.kind.startswith("rated") for found in only.values() for film in found for one in film.reasons)
    table = rated.recommend_ratings(np.zeros(11, int), np.array(ids(liked)[:11]), np.ones(11), k=10)
    assert table.movieId.tolist() == ids(only[11])
    hated = rated.recommend(Preferences(ratings={1387: 0.5, 1214: 1.0}), k=10)
    assert ids(hated) == ids(rated.recommend(Preferences(not_interested_ids=[1387, 1214], diversity=0), k=10))


def test_for_a_new_user_recency_weighs_no_more_than_what_many_like(rated):
    found = rated.recommend(Preferences(recency=1, diversity=0), k=10)
    newest = max(film.movie.year for film in rated.recommend(k=len(rated)))
    (popular, recent) = ({r.kind: r.value for r in found[0].reasons}[kind] for kind in ("popularity", "recency"))
    assert 0 < recent <= 0.25 * 2 ** ((found[0].movie.year - newest) / 10) and 0 < popular <= 0.25
    assert len({film.movie.year for film in found}) > 1
    check_reasons(found)


def test_half_a_star_makes_ratings_tell_no_more_and_recency_weigh_no_more(rated, tmp_path_factory):
    weights = Run.current(rated_artifacts(tmp_path_factory)).read_item_weights()
    says = (np.diff(weights.matrix.indptr) > 0) & (weights.like_counts == 1)
    rare = int(weights.movie_ids[says][0])

    def by_ratings(**known):
        found = rated.recommend(Preferences(**known), k=10)
        check_reasons(found)
        return max(sum(r.value for r in film.reasons if r.kind.startswith("rated")) for film in found)

    assert 0 < by_ratings(liked_movie_ids=[rare]) <= 1 / 3
    assert 0 < by_ratings(liked_movie_ids=[rare], ratings={1: 0.5}) <= 1 / 3
    assert by_ratings(liked_movie_ids=[rare, 1]) > 1 / 3
    recent = rated.recommend(Preferences(ratings={1: 0.5}, recency=1), k=5)
    assert max(r.value for film in recent for r in film.reasons if r.kind == "recency") <= 0.25


@pytest.fixture(scope="module")
def partly_rated(tmp_path_factory):
    """The sample's recommender as if nobody had rated 1,000 of the films that one person rated, and these."""
    run = Run.current(rated_artifacts(tmp_path_factory))
    weights = run.read_item_weights()
    assert not weights.unrated.any()  # of the sample, every film has been rated
    rarest = np.flatnonzero((weights.content_weight == weights.content_weight.max()) & (weights.like_counts == 0))[
        :1000
    ]
    content = weights.content_weight.copy()
    content[rarest] = weights.unrated_content_weight
    parts = run.read_matrix(FEATURES), run.read_movies_meta(), None, replace(weights, content_weight=content)
    return Recommender(*parts), set(weights.movie_ids[rarest].tolist())


def test_a_share_of_the_list_is_for_films_that_nobody_has_rated(partly_rated):
    recommender, unrated = partly_rated
    plain = recommender.recommend(Preferences(liked_movie_ids=[1, 6]), k=20)
    counts = []
    for share in (0, 0.2, 0.51, 1):
        found = recommender.recommend(Preferences(liked_movie_ids=[1, 6], unrated_share=share), k=20)
        check_reasons(found)
        counts.append(len(unrated & {*ids(found)}))
        rated_ones = [film for film in found if film.movie.movie_id not in unrated]
        assert ids(rated_ones) == [one for one in ids(plain) if one not in unrated][: len(rated_ones)]
        assert all(any(one.kind == "unrated" for one in film.reasons) for film in found if film not in rated_ones)
    assert counts == [0, 4, 11, 20]


def test_where_all_films_are_rated_none_is_said_to_be_unrated(rated):
    wanted = Preferences(liked_movie_ids=[1, 6], unrated_share=0.5)
    found = rated.recommend(wanted, k=20)
    assert ids(found) == ids(rated.recommend(Preferences(liked_movie_ids=[1, 6]), k=20))
    assert not any(one.kind == "unrated" for film in found for one in film.reasons)


@pytest.mark.parametrize("knob", ["discovery", "diversity", "recency", "unrated_share"])
def test_the_knobs_are_numbers_from_0_to_1(knob):
    for value in (-0.1, 1.1, True, "0.5", float("nan")):
        with pytest.raises(CineMatchError, match=f"{knob} must be"):
            Preferences(**{knob: value})

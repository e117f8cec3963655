"""Common words and personal tags, which count and are not named."""

import pickle

import pandas as pd
import pytest
from support.small_runs import check_reasons, recommender_of

from cinematch_lib import Preferences
from cinematch_lib.features.film_features import FilmFeatures, with_tags
from cinematch_lib.recommender.similarity import ContentSimilarity

N = 30  # films


def film(title, **facts):
    return {"title": title, "genres": "", **facts}


def told(one, other, others=()):
    """What is said of the film B to somebody who likes the film A, and the features of the reason."""
    recommender = recommender_of(film("A", **one), film("B", **other), *others, quality=[0.0] * (2 + len(others)))
    found = recommender.recommend(Preferences(liked_movie_ids=[1]), k=1 + len(others))
    check_reasons(found)
    (of_b,) = [one for one in found if one.title == "B"]
    (reason,) = [one for one in of_b.reasons if one.kind == "liked"]
    return of_b.explanation, reason


@pytest.mark.parametrize("n_others", [8, 9])
def test_a_word_that_more_than_ten_films_have_counts_and_is_not_named(n_others):
    others = [film(f"C{at}", overview="including") for at in range(n_others)]
    said, reason = told({"overview": "including"}, {"overview": "including"}, others)
    named = "“including” in the story"
    assert reason.features[0].name == named
    assert said == (f"Similar to A (2000): {named}." if n_others == 8 else "Similar to A (2000).")
    assert reason.told_features == reason.features[n_others - 8 :]
    assert pickle.loads(pickle.dumps(reason)).told_features == reason.told_features  # noqa: S301


@pytest.mark.parametrize(
    ("better", "said"),
    [
        ({"genres": "crime"}, "crime"),
        ({"director": "Michael Mann"}, "director Michael Mann"),
        ({"cast_top": "Al Pacino"}, "Al Pacino"),
        ({"keywords": "heist"}, "“heist”"),
    ],
)
def test_words_of_the_story_are_not_named_beside_what_tells_more(better, said):
    facts = {"overview": "detective bank robbers downtown", **better}
    assert told(facts, facts)[0] == f"Similar to A (2000): {said}."
    assert told({"overview": "robbers"}, {"overview": "robbers"})[0] == "Similar to A (2000): “robbers” in the story."


def features_of(tags):
    films = pd.DataFrame({"movieId": range(1, N + 1), "title": "", "year": 2000, "runtime": 100})
    films = films.assign(overview="", keywords="", cast_top="", director="", genres="crime")
    estimator = FilmFeatures()
    matrix = estimator.fit_transform(with_tags(films, pd.DataFrame(tags, columns=["movieId", "tag"])))
    return ContentSimilarity(matrix, list(estimator.get_feature_names_out()))


def test_a_tag_is_named_if_several_people_gave_it_to_a_fifth_of_its_films():
    every, agreed = list(range(1, 21)), [(at, "twist ending") for at in (1, 2, 3, 4)]
    tags = [(at, name) for at in every for name in ("on dvr", "twist ending", "heist", "slow")]
    tags += [*agreed, *agreed[:3], *[(at, "heist") for at in (5, 6, 7)]]  # heist: of three films of twenty
    assert {one.name for one in features_of(tags).untold if one.field == "tags"} == {"“on dvr”", "“heist”", "“slow”"}
    assert {one.name for one in features_of(tags[:80]).untold if one.field == "tags"} >= {"“twist ending”"}

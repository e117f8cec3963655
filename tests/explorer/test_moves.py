"""Two lists side by side: which films moved, and the reason for each."""

import numpy as np
import pytest
from support.page_parts import button, opened, shown_html, texts
from support.small_runs import recommender_of

from cinematch_lib import Preferences
from cinematch_lib.artifacts.runs import list_runs
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer.evaluation_view import LOSES
from cinematch_lib.explorer.moves import Move, Side, moves
from cinematch_lib.explorer.settings import Settings

FILMS = [{"title": f"Film {letter}", "genres": "drama"} for letter in "abcd"]
IDS = np.arange(1, 5)


def side(weights, among=IDS, name="A", dropped=lambda movie_id: "", **wanted):
    """The list of a person who likes film 1, by what that says of films 2 to 4; equally liked films, no content."""
    said = ([[0, *weights]] + [[0] * 4] * 3, 0.0, 5)
    recommender = recommender_of(*FILMS, said=said)
    return Side(name, recommender, Preferences(liked_movie_ids=[1], **wanted), among, dropped)


def told(found):
    return {one.movie.movie_id: (one.before, one.after, one.why) for one in found}


def test_a_film_that_ratings_lift_moves_up_for_that_reason():
    found = told(moves(side([3, 2, 1]), side([1, 2, 3], name="B")))
    assert [found[movie][:2] for movie in (4, 3, 2)] == [(3, 1), (2, 2), (1, 3)]
    assert found[4][2].startswith("ratings +")
    assert found[2][2].startswith("ratings −")
    assert found[3][2] == ""


def test_only_what_a_film_gains_beyond_the_others_is_its_reason():
    a, b = side([10, 3, 2]), side([10, 6, 7], name="B")  # the third and the fourth gain: 0.3 and 0.5 of the best
    best = a.terms(2)["ratings"]
    assert told(moves(a, b)) == {
        2: (1, 1, ""),
        3: (2, 3, "others rose past it"),
        4: (3, 2, f"ratings +{0.2 * best:.3f}"),
    }


def test_a_film_that_a_filter_drops_names_the_rule_and_the_next_one_has_the_same_score():
    filtered = side([3, 2, 1], np.array([3, 4]), "B", lambda movie_id: "before 1990" if movie_id == 2 else "")
    found = told(moves(side([3, 2, 1]), filtered))
    assert found[2] == (1, None, "B drops it: before 1990")
    assert found[3] == (2, 1, "same score; others moved")


def test_a_film_that_a_run_lacks_or_that_the_person_knows_says_so():
    a, b = side([3, 2, 1]), side([3, 2, 1], name="B", not_interested_ids=[2])
    assert told(moves(a, b))[2] == (1, None, "known to the person in B")
    lacking = Side("A", recommender_of(*FILMS[:3]), Preferences(liked_movie_ids=[1]), IDS, lambda _: "")
    assert told(moves(lacking, a))[4][2] == "the run of A lacks it"


def test_equal_lists_have_no_moves():
    assert all(isinstance(one, Move) and one.before == one.after for one in moves(side([3, 2, 1]), side([3, 2, 1])))


# --- on the page ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(sample_run):
    return opened(sample_run.folder)


def test_a_list_that_was_kept_is_compared_with_the_present_one(page):
    assert "Keep this list, then change filters" in texts(page.lists)
    button(page.lists, "Keep this list").click()
    assert "20 films in both lists, 0 only in B, 0 only in A." in texts(page.lists)
    page.set(Settings("sample", Filters(min_year=1995)))
    assert "B drops it: before 1995" in texts(page.lists)
    page.set(Settings("sample", Filters()))


def test_the_list_by_another_run_is_compared(page, sample_run):
    run = list_runs(sample_run.artifacts)[-1]
    page._lists.compare_with(page._lists._choice.value)
    page._lists._choice.options = [*page._lists._choice.options, (run.run_id, run.run_id)]
    page._lists.compare_with(run.run_id)
    assert "20 films in both lists, 0 only in B, 0 only in A." in texts(page.lists)  # it is the same run
    assert "Both runs have the same parameters." in texts(page.lists)
    user = next(iter(page._recommendations.picker.people))
    page._recommendations.picker.hold_out(user)
    assert "20 films in both lists" in texts(page.lists)
    assert "has learned from this person" not in texts(page.lists)  # it held the same person out


def test_the_evaluation_is_shown_part_by_part(page):
    metrics = page._evaluation.metrics
    served = metrics["models"]["served"]["ndcg@10"]["mean"]
    assert f"served: ratings {served:.3f}" in texts(page.evaluation)
    assert metrics["protocol"]["description"] in texts(page.evaluation)
    page._evaluation.choose("People")
    for label, of in metrics["people"].items():
        assert f"nDCG@10: {of['users']:,} people with {label} ratings" in texts(page.evaluation)
    page._evaluation.choose("Films")
    assert "Share of hidden likes in the first 20, by the film's ratings" in texts(page.evaluation)
    page._evaluation.choose("Accuracy and diversity")
    assert "nDCG@10 and diversity of the models" in texts(page.evaluation)
    assert "Discovery slider, 3 known likes" in texts(page.evaluation)


def test_people_whom_the_hybrid_serves_worse_are_shown_with_both_lists(page):
    page._evaluation.choose(LOSES)
    said, html = texts(page.evaluation), shown_html(page.evaluation)
    assert "EASE is better than the hybrid for" in said
    assert html.count("<details") >= 1
    assert html.count("The list by hybrid") == html.count("The list by EASE") == html.count("<details")


def test_a_run_without_an_evaluation_says_what_to_run(page):
    opened_there = page._evaluation
    run, recommender = opened_there._run, opened_there._recommender
    opened_there.set_run(None, None)
    assert "evaluate it: cinematch run --from evaluate" in texts(page.evaluation)
    opened_there.set_run(run, recommender)

"""Places of a list for films of several kinds at once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_runs import check_reasons, ids, recommender_of

from cinematch_lib import Preferences
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.places import Places, places_terms

FIRST = 10


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_each_kind_has_its_places_beside_the_others(data):
    """Films may be of several kinds; all places together are no more than there are."""
    n_films = data.draw(st.integers(1, 40))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    scores = rng.choice([rng.normal(size=n_films), rng.integers(0, 3, n_films)]).astype(np.float32)
    scores[rng.random(n_films) < 0.2] = -np.inf
    numbers = data.draw(st.lists(st.integers(0, 5), max_size=3).filter(lambda found: sum(found) <= FIRST))
    kinds = [Places("in_common", rng.random(n_films) < 0.3, n, FIRST) for n in numbers]
    selection = Selection.everything(n_films)
    total = scores
    for term in places_terms(kinds, selection, scores):
        total = total + term.scores(selection)
    first = np.argsort(-total, kind="stable")[:FIRST]
    first = first[total[first] > -np.inf]
    for one in kinds:
        assert one.films[first].sum() >= min(one.n, int((one.films & (scores > -np.inf)).sum()))
    unchosen = ~np.any([one.films for one in kinds], axis=0) if kinds else np.ones(n_films, dtype=bool)
    assert np.array_equal(total[unchosen], scores[unchosen])


def test_a_director_has_his_places_though_a_genre_has_some_too(rated):
    """Legends of the Fall, Courage Under Fire and Glory: by Edward Zwick, and of war."""
    liked = [266, 647, 1242]
    directors = [rated.movie(one).director for one in rated.movie_ids.tolist()]
    by_him = {one for one, names in zip(rated.movie_ids.tolist(), directors, strict=True) if "Edward Zwick" in names}
    found = rated.recommend(Preferences(liked_movie_ids=liked), k=10)
    assert len((by_him - set(liked)) & set(ids(found))) >= min(4, len(by_him) - len(liked))
    check_reasons(found)
    (both, *_) = [one for one in found if sum(reason.kind == "in_common" for reason in one.reasons) == 2]
    sentences = [
        f"Some places of the list are for films {kind}" for kind in ("by the director Edward", "of the genre war")
    ]
    assert -1 < both.explanation.find(sentences[0]) < both.explanation.find(sentences[1])


def test_a_ranking_is_by_score_alone_however_few_films_there_are():
    twins = [{"title": one, "director": "Jane Campion", "genres": "drama"} for one in "AB"]
    recommender = recommender_of(*twins, {"title": "C", "genres": "war"}, quality=[0.3, 0.29, 0.28])
    assert recommender.ranking().tolist() == [1, 2, 3]
    assert ids(recommender.recommend(k=3)) == [1, 3, 2]  # a list for a new user is diverse


def test_a_list_is_diverse_for_somebody_who_has_neither_liked_nor_seen_a_film():
    twins = [{"title": one, "director": "Jane Campion", "genres": "drama"} for one in "AB"]
    others = [{"title": "C", "genres": "war"}, {"title": "D"}]
    recommender = recommender_of(*twins, *others, quality=[0.3, 0.29, 0.28, 0.0])
    kinds = {}
    for name in ("disliked_movie_ids", "seen"):
        found = recommender.recommend(Preferences(**{name: [4]}), k=3)
        kinds[name] = {reason.kind for film in found for reason in film.reasons}
    assert "diversity" in kinds["disliked_movie_ids"] and "diversity" not in kinds["seen"]

"""What is passed wrongly is told."""

import numpy as np
import pytest
from scipy import sparse
from support.small_runs import (
    film_table,
)

from cinematch_lib import CineMatchError, Preferences, Recommender, UnknownNameError
from cinematch_lib.artifacts.films_table import movies_meta


@pytest.mark.parametrize("k", [0, -1, 9047, 10**9, 2.5, True, "ten"])
def test_a_k_that_cannot_be(sample, k):
    said = f"k must be between 1 and 9046 (the number of films), got {repr(k) if isinstance(k, str) else k}"
    for ask in (lambda: sample.recommend(k=k), lambda: sample.similar(1, k=k)):
        with pytest.raises(CineMatchError) as raised:
            ask()
        assert str(raised.value) == said


def test_without_a_k_there_are_as_many_as_there_can_be(thrillers, sample):
    assert len(thrillers) < 10 and len(thrillers.recommend()) == len(thrillers)
    assert len(thrillers.similar(1)) == len(thrillers) - 1
    assert (len(sample.recommend()), len(sample.similar(1))) == (20, 10)


@pytest.mark.parametrize("k", [0, -1, 2.5])
def test_a_k_below_one_where_any_other_will_do(sample, k):
    for ask in (lambda: sample.search("heat", k=k), lambda: sample.features(6, k=k)):
        with pytest.raises(CineMatchError) as raised:
            ask()
        assert str(raised.value) == f"k must be a whole number from 1 up, got {k}"


def test_a_k_of_numpy_is_a_number(thrillers):
    assert len(thrillers.recommend(k=np.int64(2))) == 2
    with pytest.raises(CineMatchError, match=r"got 0$"):
        thrillers.recommend(k=np.int64(0))


@pytest.mark.parametrize("field", ["liked_movie_ids", "disliked_movie_ids", "not_interested_ids"])
def test_an_unknown_film_is_named(thrillers, field):
    with pytest.raises(UnknownNameError, match="no film here has the id 99999; search for its title"):
        thrillers.recommend(Preferences(**{field: [99999]}), k=1)


@pytest.mark.parametrize("ask", ["movie", "similar", "features"])
def test_an_unknown_film_asked_for_is_named(thrillers, ask):
    with pytest.raises(UnknownNameError, match="no film here has the id 99999"):
        getattr(thrillers, ask)(99999, *([] if ask == "movie" else [1]))


def test_unknown_genres_and_services_get_suggestions(sample):
    with pytest.raises(
        UnknownNameError, match=r"no film here has the genre 'thriler'; there are action, .*mean thriller\?"
    ):
        sample.recommend(Preferences(preferred_genres=["thriler"]))
    with pytest.raises(UnknownNameError, match=r"no film here is on 'Netflx'; .* did you mean Netflix \(demo\)\?"):
        sample.recommend(Preferences(services=["Netflx"]))


def test_parts_of_two_runs_are_refused():
    meta = movies_meta(film_table({}, {}), np.zeros(2), ["genres__crime"], "none", [])
    with pytest.raises(CineMatchError) as raised:
        Recommender(sparse.csr_matrix((3, 1), dtype=np.float32), meta)
    assert str(raised.value) == (
        "item_features.npz has the shape (3, 1), movies_meta.json says (2, 1); they are not of one run: "
        "make it anew (cinematch run)"
    )

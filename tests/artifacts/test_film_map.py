"""The map of films in a run: written, read, extended, and refused when it is something else."""

import io

import numpy as np
import pytest

from cinematch_lib.artifacts.film_map import FilmMap
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.recommender import Recommender


def places(*pairs):
    return np.array(pairs, dtype=np.float32)


def written(film_map):
    file = io.BytesIO()
    film_map.write(file)
    return file.getvalue()


def test_a_map_is_read_as_it_was_written():
    film_map = FilmMap(np.array([2, 5]), places((0, 1), (-1, 0.5)))
    again = FilmMap.read(written(film_map))
    assert np.array_equal(again.movie_ids, [2, 5])
    assert np.array_equal(again.places, film_map.places)
    assert written(again) == written(film_map)


def test_further_films_are_sorted_in():
    film_map = FilmMap(np.array([2, 5]), places((0, 1), (-1, 0.5))).extended(np.array([3]), places((0.25, 0)))
    assert film_map.movie_ids.tolist() == [2, 3, 5]
    assert film_map.places_of(np.array([3, 2])).tolist() == [[0.25, 0], [0, 1]]


@pytest.mark.parametrize(
    ("ids", "at", "message"),
    [
        ([5, 2], places((0, 0), (0, 0)), "movie_ids must be ascending"),
        ([2, 5], places((0, 0)), r"places must be \(2, 2\), got \(1, 2\)"),
        ([2], places((0, 2)), "places must lie between -1 and 1"),
        ([2], places((0, np.nan)), "places must lie between -1 and 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(ids, at, message):
    with pytest.raises(CineMatchError, match=message):
        FilmMap(np.array(ids), at)


@pytest.mark.parametrize("content", [b"", b"no arrays", b"PK\x05\x06" + bytes(18)])
def test_another_file_is_refused(content):
    with pytest.raises(CineMatchError, match="it holds no map of films"):
        FilmMap.read(content)


def test_a_run_of_the_pipeline_has_every_film_on_its_map(sample_run):
    film_map = Run.current(sample_run.artifacts).read_film_map()
    assert np.array_equal(film_map.movie_ids, Recommender.load(sample_run.artifacts).movie_ids)

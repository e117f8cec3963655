"""The map of films on the page: it narrows the selection, and goes with the run."""

import numpy as np
import pytest
from support.page_parts import opened, texts
from support.small_projects import DATASET, small_project, with_map

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer.film_map import OUTSIDE
from cinematch_lib.explorer.settings import Settings

LEFT = (-1.0, -1.0, 0.0, 1.0)  # the left half


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return with_map(small_project(tmp_path_factory.mktemp("map")))


@pytest.fixture
def page(project):
    return opened(project)


def kept_on_map(page):
    bits = np.unpackbits(np.frombuffer(page._map.kept, np.uint8), bitorder="little")
    return np.frombuffer(page._map.ids)[np.flatnonzero(bits[: len(page._map.ids) // 8])]


def test_an_area_drops_the_films_outside_of_it_for_a_reason_of_its_own(page, project):
    film_map = Run.current(project / "artifacts").read_film_map()
    ids = film_map.movie_ids
    before = page.state.count
    page._map.brush = list(LEFT)  # as a drag does
    count, films = page.state.count, page.state.films
    kept = set(ids[film_map.places[:, 0] <= 0].tolist())
    assert set(films.ids[count.keeps].tolist()) == kept == set(kept_on_map(page).astype(int))
    assert count.dropped == {**before.dropped, OUTSIDE: before.kept - len(kept)}
    assert count.by_year.sum() == len(kept)
    assert count.drop_reason(int(np.flatnonzero(films.ids == ids[-1])[0])) == OUTSIDE
    assert f"{len(kept):,} films" in texts(page.catalog)
    assert OUTSIDE in texts(page.catalog)
    page._map.brush = []
    assert page.state.count.kept == before.kept


def test_films_that_are_not_in_the_run_have_no_place(page):
    page.set(Settings(DATASET, Filters()))
    everything = page.state.count.kept
    page.mark((-1, -1, 1, 1))
    assert page.state.count.kept < everything  # the run has the films since 1990


def test_filters_keep_the_area_and_other_settings_lose_it(page):
    page.mark(LEFT)
    page.narrow({"min_year": 1995})
    assert page.state.area == LEFT
    page.set(Settings(DATASET, Filters()))
    assert page.state.area is None


def test_an_area_that_is_none_is_refused(page):
    with pytest.raises(CineMatchError, match="an area of the map must be left, bottom, right, top between -1 and 1"):
        page.mark((0.5, 0, -0.5, 1))
    assert page.state.area is None


def test_without_a_map_there_is_nothing_to_see_and_nothing_fails(tmp_path):
    page = opened(small_project(tmp_path))
    assert page._map.layout.display == "none"
    assert page.state.count.kept > 0

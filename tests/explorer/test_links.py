"""Links to a state of the page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.catalog.filters import Filters
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer.links import Moment, from_link, to_link
from cinematch_lib.explorer.person import Choice
from cinematch_lib.explorer.settings import Settings

HERE = Settings("sample", Filters(min_year=1950))


@given(
    min_year=st.none() | st.integers(1900, 1960),
    max_runtime=st.none() | st.integers(0, 300),
    require_tmdb=st.booleans(),
    genres=st.lists(st.sampled_from(["war", "sci-fi", "film-noir"]), unique=True),
    services=st.lists(st.sampled_from(["Netflix (demo)", "A & B = C", "Café+"]), unique=True),
    area=st.none() | st.just((-0.5, -0.25, 0.125, 1.0)),
    films=st.lists(st.tuples(st.integers(1, 10**10), st.sampled_from([None, 0.5, 4.0, 5.0])), max_size=3),
    user=st.none() | st.integers(1, 99),
    discovery=st.none() | st.sampled_from([0.0, 0.35, 1.0]),
)
def test_a_link_opens_the_state_it_was_made_of(
    min_year, max_runtime, require_tmdb, genres, services, area, films, user, discovery
):
    filters = Filters(
        min_year=min_year,
        max_runtime=max_runtime,
        require_tmdb=require_tmdb,
        genres_keep=genres,
        services_keep=services,
        min_ratings=3,
        item_facts="none",
    )
    person = Choice(tuple(films), user, knobs=() if discovery is None else (("discovery", discovery),))
    moment = Moment(Settings("sample", filters, "none"), area, person)
    assert from_link(f"http://127.0.0.1:8866/?token=1#{to_link(moment)}", HERE) == moment


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("min_year=soon", "min_year must be a number in a link, got 'soon'"),
        ("min_year=1700", "min_year must be a year from"),
        ("genre=war", "a link to this page has dataset, services, area, like, .*; got 'genre'"),
        ("dataset=ml-32m", "the link shows films of ml-32m, and this page those of sample"),
        ("area=0,0,2,2", "an area of the map must be left, bottom, right, top between -1 and 1"),
        ("like=Heat", "like must be a number in a link, got 'Heat'"),
        ("like=1:9", "stars must be from 0.5 to 5 in half steps, got 9.0"),
        ("discovery=2", "discovery must be between 0 and 1, got 2.0"),
        ("hello", "a link to this page has .*; got 'hello'"),
        ("", "this is no link to a state of this page: ''"),
    ],
)
def test_a_link_that_cannot_be_read_is_refused(link, message):
    with pytest.raises(CineMatchError, match=message):
        from_link(link, HERE)

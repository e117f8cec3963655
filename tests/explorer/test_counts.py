"""The page's counts are those of cleaning."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_projects import lay_raw

from cinematch_lib.catalog import cleaning
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer.counts import AllFilms, Bins, by_source
from cinematch_lib.explorer.counts_view import CountsView
from cinematch_lib.explorer.lookup import TextIndex
from cinematch_lib.storage.paths import REJECTS

SOURCES = {"demo": ServicesSource("demo"), "none": ServicesSource("none")}
YEARS, MINUTES = st.none() | st.integers(1900, 2020), st.none() | st.integers(0, 240)
GENRES = st.lists(
    st.sampled_from(["drama", "comedy", "sci-fi", "war", "Film Noir", "history"]), max_size=2, unique=True
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "years": st.tuples(YEARS, YEARS),
        "minutes": st.tuples(MINUTES, MINUTES),
        "require_tmdb": st.booleans(),
        "min_ratings": st.sampled_from([0, 1, 3, 10]),
        "genres_keep": GENRES,
        "genres_drop": GENRES,
        "services_keep": st.lists(st.sampled_from(["Netflix", "Disney+ (demo)", "apple tv plus"]), max_size=2),
    },
)


def filters_of(years=(None, None), minutes=(None, None), genres_keep=(), genres_drop=(), **rest):
    def in_order(bounds):
        return bounds if None in bounds else tuple(sorted(bounds))

    (min_year, max_year), (min_runtime, max_runtime) = in_order(years), in_order(minutes)
    drop = [genre for genre in genres_drop if genre not in genres_keep]
    bounds = {"min_year": min_year, "max_year": max_year, "min_runtime": min_runtime, "max_runtime": max_runtime}
    return Filters(**bounds, genres_keep=genres_keep, genres_drop=drop, **rest)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return lay_raw(tmp_path_factory.mktemp("counts") / "raw")


@pytest.fixture(scope="module")
def films(small):
    found, wrong = by_source(AllFilms.load(small, small / "tmdb_metadata.csv", ServicesSource("none")), SOURCES)
    assert wrong == []
    return found


@settings(max_examples=70, deadline=None)
@given(options=FILTERS, services=st.sampled_from(list(SOURCES)))
def test_counts_are_exactly_what_cleaning_reports(small, films, tmp_path_factory, options, services):
    filters, data = filters_of(**options), tmp_path_factory.getbasetemp() / "cleaned"
    how = {"metadata_path": small / "tmdb_metadata.csv", "filters": filters, "services": SOURCES[services]}
    try:
        report = cleaning.clean(small, data, **how)
    except CineMatchError as refused:
        if str(refused).startswith("no film is left"):
            assert films[services].count(filters).kept == 0
        else:
            with pytest.raises(CineMatchError) as page:
                films[services].count(filters)
            assert str(page.value) == str(refused)
        return
    count, kept = films[services].count(filters), cleaning.read_catalog(data)
    assert (count.read, count.kept, dict(count.dropped)) == (report.read, report.kept, report.dropped)
    assert list(count.dropped) == list(report.dropped)  # in the same order, for the waterfall
    assert count.coverage == report.coverage
    assert films[services].ids[count.keeps].tolist() == kept["movieId"].tolist()
    by_year = dict(zip(films[services].years.edges[:-1].tolist(), count.by_year.tolist(), strict=True))
    assert {year: many for year, many in by_year.items() if many} == kept["year"].value_counts().to_dict()
    if films[services].columns.ratings is not None:
        assert count.by_ratings.sum() == count.kept
    assert count.by_runtime.sum() == kept["runtime"].notna().sum()
    by_genre = kept["genres"].str.split("|").explode().value_counts().to_dict()
    assert {genre: many for genre, many in count.by_genre.items() if many} == by_genre


def test_the_rule_that_drops_a_film_is_that_in_rejects_csv(small, films, tmp_path):
    filters = Filters(min_year=1995, genres_drop=["drama"], min_runtime=90)
    how = {"metadata_path": small / "tmdb_metadata.csv", "filters": filters, "services": SOURCES["demo"]}
    cleaning.clean(small, tmp_path, **how)
    rejects = pd.read_csv(tmp_path / REJECTS, dtype=str, keep_default_na=False)
    written = [(row.id, row.reason) for row in rejects.itertuples() if row.file == "movies.csv"]
    count, ids = films["demo"].count(filters), films["demo"].ids
    shown = [(str(movie), count.drop_reason(row)) for row, movie in enumerate(ids) if count.drop_reason(row)]
    no_films = [("x", "movieId is not a number"), ("1", "movieId repeats an earlier row")]
    assert sorted(no_films + shown) == sorted(written)


def test_an_unreadable_source_of_services_is_reported_and_the_others_stay(films, tmp_path):
    found, wrong = by_source(films["none"], SOURCES | {"tmdb": ServicesSource("tmdb", tmp_path / "providers.csv")})
    assert list(found) == ["demo", "none"]
    assert len(wrong) == 1
    assert "providers.csv, which TMDb has not been asked for yet" in wrong[0]


# --- charts ------------------------------------------------------------------------------------------


def test_films_are_counted_in_bins_and_the_unknown_in_none():
    bins = Bins.of(np.array([0.0, 4.0, 5.0, 12.0, 99.0, np.nan]), np.array([0, 5, 10, 20]))
    assert bins.count(np.ones(6, dtype=bool)).tolist() == [2, 1, 2]  # the last bin takes what is above it
    assert bins.count(np.array([False, True, False, False, True, True])).tolist() == [1, 0, 1]
    assert Bins.of(np.array([np.nan]), np.zeros(1, dtype=np.int64)).count(np.array([True])).tolist() == []


@pytest.fixture
def view(films):
    """The view of the counts, and what a user changed in its charts."""
    changes = []
    one = CountsView(films["demo"], changes.append)
    one.show(films["demo"].unfiltered, films["demo"].unfiltered, Filters())
    return one, changes


def chart(view, title):
    return next(one for one in view.widget.children if getattr(one, "title", "") == title)


def test_a_dragged_range_is_a_filter(view):
    shown, changes = view
    chart(shown, "Year of release").brush = [1990, 1999]
    chart(shown, "Running time").brush = [None, 119]
    chart(shown, "Ratings").brush = [5, None]
    assert changes == [
        {"min_year": 1990, "max_year": 1999},
        {"min_runtime": None, "max_runtime": 119},
        {"min_ratings": 5},
    ]


def test_a_chart_shows_the_counts_and_the_bounds_that_hold(view, films):
    shown, changes = view
    filters = Filters(min_year=1990, genres_drop=["drama"], min_ratings=2)
    count = films["demo"].count(filters)
    shown.show(count, films["demo"].unfiltered, filters)
    assert changes == []  # what the page shows changes no filter
    years, genres = chart(shown, "Year of release"), chart(shown, "Genres")
    assert (years.kept, years.bounds) == (count.by_year.tolist(), [1990, None])
    assert sum(chart(shown, "Ratings").kept) == count.kept
    assert sum(chart(shown, "Running time").kept) == count.coverage["runtime"]
    states = dict(zip(genres.labels, genres.states, strict=True))
    assert {name for name, state in states.items() if state} == {"drama"}
    assert dict(zip(genres.labels, genres.kept, strict=True)) == count.by_genre
    years.brush = [1990, None]  # as it is
    assert changes == []


def test_a_name_is_kept_by_the_first_click_dropped_by_the_second_and_free_after_the_third(view, films):
    shown, changes = view
    genres, everything = chart(shown, "Genres"), films["demo"].unfiltered
    at = genres.labels.index("comedy")
    for click in (1, 2, 3):
        genres.pick = [at, click]
        shown.show(everything, everything, Filters(**changes[-1]))
    assert changes == [
        {"genres_keep": ["comedy"], "genres_drop": []},
        {"genres_keep": [], "genres_drop": ["comedy"]},
        {"genres_keep": [], "genres_drop": []},
    ]
    services = chart(shown, "Services")
    services.pick = [0, 1]
    assert changes[-1] == {"services_keep": [services.labels[0]]}


# --- looking films up --------------------------------------------------------------------------------


def test_films_are_found_by_title_then_people_then_overview(films):
    index, table = TextIndex(films["demo"]), films["demo"].films
    rows, many = index.search("Toy Sto", 5)
    assert (table.iloc[rows[0]]["title"], many) == ("Toy Story", 1)
    rows, many = index.search("  SCORSESE ", 50)
    assert many == len(rows) > 1
    assert all("Scorsese" in f"{film.director} {film.title} {film.cast_top}" for film in table.iloc[rows].itertuples())
    assert index.search("nobody is called so", 5) == ([], 0)


def test_an_overview_that_is_the_title_is_not_searched(films):
    table = films["demo"].films
    stories = AllFilms(table.assign(overview=table["title"].where(table["title"] != "Heat", "A heist goes wrong")))
    rows, many = TextIndex(stories).search("heist", 5)
    assert (many, table.iloc[rows[0]]["title"]) == (1, "Heat")

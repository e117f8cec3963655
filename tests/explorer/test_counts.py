"""The page's counts are those of cleaning."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.small_projects import lay_raw

from cinematch_lib.catalog import cleaning
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer import charts
from cinematch_lib.explorer.counts import AllFilms, by_source
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
    by_year = dict(zip(films[services].years.tolist(), count.by_year.tolist(), strict=True))
    assert {year: many for year, many in by_year.items() if many} == kept["year"].value_counts().to_dict()
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

BLUE, GREY = (0x2A, 0x6F, 0x97), (0xD9, 0xD9, 0xD9)


def dots(png, colour):
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    return int((picture == colour).all(axis=2).sum())


@pytest.mark.parametrize("chart", ["year", "genre"])
def test_a_chart_shows_all_films_in_grey_and_the_kept_ones_in_blue_over_them(chart):
    before = np.array([40.0, 20.0, 10.0])
    drawn = (
        charts.by_year(np.array([1999, 2000, 2001]), before)
        if chart == "year"
        else charts.by_genre(["drama", "war", "<b>"], before)
    )
    none, half, all_ = (drawn.png(before * share) for share in (0, 0.5, 1))
    assert dots(none, BLUE) == 0
    assert dots(half, BLUE) == pytest.approx(dots(all_, BLUE) / 2, rel=0.02)
    assert dots(half, GREY) == pytest.approx(dots(none, GREY) / 2, rel=0.05)
    assert dots(all_, GREY) < 0.02 * dots(none, GREY)
    assert drawn.png(before * 0.5) == half  # nothing of an earlier drawing stays


def test_charts_of_no_films_are_empty():
    assert dots(charts.by_year(np.array([], dtype=np.int64), np.array([])).png(np.array([])), BLUE) == 0
    assert dots(charts.by_genre([], np.array([])).png(np.array([])), BLUE) == 0


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

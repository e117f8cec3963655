"""Running times and services as filters of the catalog."""

import pandas as pd
import pytest
from support.small_runs import film_table
from support.tables import write_movielens, write_tmdb

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.cleaning import clean, read_catalog
from cinematch_lib.catalog.filters import Filters, drop_reasons
from cinematch_lib.errors import CineMatchError, UnknownNameError

FILMS = film_table(
    {"genres": "drama", "runtime": 89, "services": "Netflix (demo)"},
    {"genres": "drama", "runtime": 90, "services": "Disney+ (demo)|Netflix (demo)"},
    {"genres": "drama", "runtime": None, "services": "Disney+ (demo)"},
    {"genres": "drama", "runtime": 120, "services": ""},
    {"genres": "drama", "runtime": 121, "services": "Hulu (demo)"},
).assign(has_tmdb=True)


def reasons(**options):
    found = drop_reasons(FILMS, Filters(**options))
    return {movie: reason for movie, reason in zip(FILMS["movieId"], found, strict=True) if isinstance(reason, str)}


@pytest.mark.parametrize(
    ("options", "dropped"),
    [
        ({"min_runtime": 90}, {1: "shorter than 90 minutes", 3: "no running time known"}),
        ({"max_runtime": 120}, {3: "no running time known", 5: "longer than 120 minutes"}),
        ({"min_runtime": 90, "max_runtime": 90}, {
            1: "shorter than 90 minutes", 3: "no running time known",
            4: "longer than 90 minutes", 5: "longer than 90 minutes",
        }),
        ({"min_runtime": 0}, {3: "no running time known"}),
        ({"services_keep": ["netflix"]}, dict.fromkeys((3, 4, 5), "on none of the services netflix")),
        (
            {"services_keep": ["Disney Plus", "Hulu (demo)"]},
            dict.fromkeys((1, 4), "on none of the services Disney Plus, Hulu (demo)"),
        ),
    ],
)  # fmt: skip
def test_running_time_and_services(options, dropped):
    assert reasons(**options) == dropped


def test_a_film_is_dropped_for_its_running_time_before_its_services():
    assert reasons(max_runtime=120, services_keep=["Netflix"])[5] == "longer than 120 minutes"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"min_runtime": 100, "max_runtime": 90},
            "min_runtime must not be above max_runtime, got 100 and 90",
        ),
        ({"min_runtime": -1}, "min_runtime must be 0 minutes or more or none, got -1"),
        ({"services_keep": "Netflix"}, "services_keep must be a list, got the text 'Netflix'; put it in a list"),
    ],
)
def test_filters_that_cannot_be_are_refused(options, message):
    with pytest.raises(CineMatchError) as refused:
        Filters(**options)
    assert str(refused.value) == message


def test_a_service_that_has_no_film_is_refused_with_the_closest():
    with pytest.raises(UnknownNameError) as refused:
        reasons(services_keep=["Netflx"])
    assert str(refused.value) == (
        "no film here is on 'Netflx'; the services are Disney+ (demo), Hulu (demo), Netflix (demo); "
        "did you mean Netflix (demo)?"
    )


def test_a_catalog_without_services_says_what_services_keep_needs():
    with pytest.raises(CineMatchError) as refused:
        drop_reasons(FILMS.assign(services=""), Filters(services_keep=["Netflix"]))
    assert str(refused.value) == (
        "services_keep=['Netflix'] needs services, and none is known of any film here; "
        "choose services demo, file or tmdb, or leave services_keep empty"
    )


def test_cleaning_keeps_what_is_on_the_services_and_of_the_length(tmp_path):
    folder = write_movielens(tmp_path / "raw", [(at, f"Film {at} (2000)", "Drama") for at in range(1, 5)])
    tmdb = write_tmdb(tmp_path / "tmdb.csv", [{"tmdb_id": at, "runtime": 80 + at, "title": "x"} for at in (1, 2, 3)])
    own = tmp_path / "own.csv"
    own.write_text("movieId,service\n1,Mubi\n2,Mubi\n3,Netflix\n")
    report = clean(
        folder,
        tmp_path / "data",
        metadata_path=tmdb,
        filters=Filters(min_runtime=82, services_keep=["mubi"]),
        services=ServicesSource("file", own),
    )
    assert read_catalog(tmp_path / "data")["movieId"].to_list() == [2]
    assert {reason: count for reason, count in report.dropped.items() if count} == {
        "no running time known": 1,
        "shorter than 82 minutes": 1,
        "on none of the services mubi": 1,
    }
    assert report.filters["services_keep"] == ["mubi"]


def test_filters_that_do_not_ask_for_a_column_do_without_it():
    bare = FILMS[["movieId", "year", "genres", "has_tmdb"]]
    assert drop_reasons(bare, Filters(min_year=2000)).isna().all()
    assert isinstance(drop_reasons(bare, Filters()), pd.Series)

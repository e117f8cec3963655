"""Streaming services under the names people use."""

import numpy as np
import pandas as pd
import pytest
from support.small_runs import film_table

from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.catalog.availability import ServicesSource, film_services
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.vocabulary.services import NAMES, service_name

FILMS = pd.DataFrame(
    {
        "movieId": [1, 2, 3],
        "tmdbId": pd.array([10, 20, None], dtype="Int64"),
        "imdbId": ["0000010", "0000020", "0000030"],
    }
)


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ("Netflix", "Netflix"),
        ("Netflix basic with Ads", "Netflix"),
        ("Netflix Standard with Ads", "Netflix"),
        ("Netflix Kids", "Netflix"),
        ("Amazon Prime Video with Ads", "Amazon Prime Video"),
        ("Amazon Prime Video Free with Ads", "Amazon Prime Video"),
        ("Disney Plus", "Disney+"),
        ("Apple TV Plus", "Apple TV+"),
        ("Apple TV Plus Amazon Channel", "Apple TV+"),
        ("Max", "HBO Max"),
        ("HBO Max  Amazon Channel", "HBO Max"),
        ("Paramount+ Amazon Channel", "Paramount+"),
        ("Paramount Plus Apple TV Channel ", "Paramount+"),
        ("Paramount+ Roku Premium Channel", "Paramount+"),
        ("Peacock Premium Plus", "Peacock"),
        ("Starz Apple TV Channel", "Starz"),
        ("MGM Plus Roku Premium Channel", "MGM+"),
        ("Criterion Channel", "Criterion Channel"),
        ("The Roku Channel", "The Roku Channel"),
        ("Amazon Video", "Amazon Video"),
        ("Something New", "Something New"),
        ("", ""),
    ],
)
def test_tiers_channels_and_old_names_are_one_service(listed, name):
    assert service_name(listed) == name
    assert service_name(name) == name


def test_no_two_services_share_a_name():
    others = [other for names in NAMES.values() for other in names]
    assert len(others) == len(set(others))
    assert all(other == other.casefold() for other in others)


def providers(tmp_path, rows):
    path = tmp_path / "providers.csv"
    path.write_text("\n".join(["tmdb_id,region,kind,service,imdb_id", *rows]) + "\n")
    return path


def services(path, **options):
    return film_services(FILMS, ServicesSource("tmdb", path, **options), RejectLog()).tolist()


def test_offers_are_joined_by_either_id_and_each_service_named_once(tmp_path):
    rows = ["10,US,flatrate,Netflix,", "10,US,flatrate,Netflix Standard with Ads,", "10,US,flatrate,Apple TV,"]
    path = providers(tmp_path, [*rows, "30,US,flatrate,Hulu,0000030", "20,US,rent,Apple TV,", "99,US,buy,Hulu,"])
    assert services(path) == ["Apple TV+|Netflix", "", "Hulu"]
    assert services(path, region="us", kinds=["flatrate", "rent"]) == ["Apple TV+|Netflix", "Apple TV Store", "Hulu"]


def test_a_region_that_was_not_written_is_named_with_the_remedy(tmp_path):
    path = providers(tmp_path, ["10,US,flatrate,Netflix,"])
    with pytest.raises(
        CineMatchError, match=r"holds the offers of US, not those of DE; .* fetch again with -p region DE"
    ):
        services(path, region="DE")


def test_a_table_without_offers_is_no_error(tmp_path):
    assert services(providers(tmp_path, [])) == ["", "", ""]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("netflix", "Netflix"), ("Disney Plus", "Disney+"), ("disney", "Disney+"), ("AMC", "AMC"), ("amc plus", "AMC+"),
     ("prime video", "Amazon Prime Video"), ("max", "HBO Max"), ("hulu", "Hulu (demo)"), ("apple tv", "Apple TV+")],
)  # fmt: skip
def test_a_person_may_call_a_service_as_people_do(asked, found):
    names = ["Netflix", "Disney+", "AMC", "AMC+", "Amazon Prime Video", "HBO Max", "Hulu (demo)", "Apple TV+"]
    films = FilmTable(movies_meta(film_table({"services": "|".join(names)}), np.zeros(1), [], "tmdb", []))
    assert films.service(asked) == found

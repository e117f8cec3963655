"""The real catalog, where CINEMATCH_REAL_DATA says that it lies; it is only read."""

import os
from pathlib import Path

import pandas as pd
import pytest

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.cleaning import CATALOG, clean, read_catalog
from cinematch_lib.catalog.filters import Filters, drop_reasons
from cinematch_lib.catalog.merge import merge_films
from cinematch_lib.data.formats import read_table, row_lines
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tables import LINKS, MOVIES, TMDB_METADATA
from cinematch_lib.data.tmdb import find_metadata
from cinematch_lib.storage.paths import REJECTS

if "CINEMATCH_REAL_DATA" not in os.environ:
    pytest.skip("CINEMATCH_REAL_DATA is not set: the real catalog is not here", allow_module_level=True)

REAL = Path(os.environ["CINEMATCH_REAL_DATA"])
ML = REAL / "ml-32m"
SINCE_1980 = Filters(min_year=1980)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The report and folder of cleaning without TMDb, the year from 1980."""
    data = tmp_path_factory.mktemp("alone")
    return clean(ML, data, filters=SINCE_1980), data


@pytest.fixture(scope="module")
def enriched(tmp_path_factory):
    """The same with TMDb's table and demonstration services."""
    data = tmp_path_factory.mktemp("enriched")
    path = find_metadata(REAL, "ml-32m")
    return clean(ML, data, metadata_path=path, filters=SINCE_1980, services=ServicesSource("demo")), data


@pytest.fixture(scope="module")
def films():
    return merge_films(ML, find_metadata(REAL, "ml-32m"), ServicesSource(), RejectLog()).set_index("movieId")


def test_the_raw_tables_are_those_the_design_describes():
    movies, links = read_table(ML / "movies.csv", MOVIES), read_table(ML / "links.csv", LINKS)
    assert len(movies) == len(links) == 87_585
    assert (movies["genres"] == "(no genres listed)").sum() == 7_080
    assert movies["title"].duplicated().sum() == 203
    assert (movies["title"].map(str.isascii)).sum() == 87_585 - 3_175
    assert (~movies["title"].str.strip().str.contains(r"\([0-9]{4}\)$")).sum() == 617
    assert (links["tmdbId"] == "").sum() == 124
    shared = links.loc[links["tmdbId"] != "", "tmdbId"].value_counts()
    assert shared[shared > 1].tolist() == [2] * 36


def test_without_tmdb_exactly_61377_films_are_kept(alone):
    report, data = alone
    assert (report.read, report.kept) == (87_585, 61_377)
    assert report.dropped == {"no year known": 617, "before 1980": 20_944, "no genre known": 4_647}
    assert report.rejected == {}
    assert report.repairs == {
        "movies.csv": {
            "titles with HTML entities, or UTF-8 read as Windows-1252, mended": 2,
            "titles with control characters, which were removed": 1,
        },
        "links.csv": {"films that share a tmdbId with another, both kept": 72},
    }
    films = read_catalog(data)
    assert len(films) == 61_377
    assert films["year"].min() == 1980
    assert films["tmdbId"].isna().sum() < 124
    assert 4460 not in set(films["movieId"])  # its one genre is IMAX


def test_with_tmdb_the_kept_films_and_what_is_known_of_them(enriched):
    report, data = enriched
    assert (report.read, report.kept) == (87_585, 62_561)
    assert report.dropped == {"no year known": 470, "before 1980": 20_953, "no genre known": 3_601}
    known = dict(report.coverage)
    assert known.pop("services") == pytest.approx(0.72 * 62_561, rel=0.02)
    assert known == {
        "overview": 23_364,
        "cast_top": 15_890,
        "director": 15_092,
        "keywords": 7_035,
        "poster_path": 16_653,
        "runtime": 20_144,
    }
    assert report.rejected == {"tmdb_metadata.csv": {"the row says nothing about the film": 4}}
    assert report.repairs["tmdb_metadata.csv"]["rows about films that movies.csv lacks, not used"] == 8_788
    assert len(read_catalog(data)) == 62_561


def test_the_tmdb_table_is_read_whole_with_true_line_numbers(enriched):
    path = find_metadata(REAL, "ml-32m")
    table = read_table(path, TMDB_METADATA)
    assert (len(table), (table["overview"] != "").sum()) == (59_831, 34_215)
    lines = path.read_bytes().split(b"\n")
    starts = row_lines(path, len(table))
    for row in [*range(0, len(table), 997), len(table) - 1]:
        assert lines[starts[row] - 1].startswith(f"{table['tmdb_id'].iloc[row]},".encode())


def test_left_out_names_every_dropped_film_by_its_line(enriched):
    report, data = enriched
    rejects = pd.read_csv(data / REJECTS, dtype="str", keep_default_na=False)
    dropped = rejects[rejects["file"] == "movies.csv"]
    assert len(dropped) == sum(report.dropped.values()) == 87_585 - 62_561
    lines = (ML / "movies.csv").read_bytes().split(b"\r\n")
    for line, movie in zip(dropped["line"].astype(int)[::500], dropped["id"][::500], strict=True):
        assert lines[line - 1].startswith(f"{movie},".encode())


def test_famous_films_are_as_people_know_them(films):
    toy_story = films.loc[1]
    assert toy_story[["tmdbId", "imdbId", "title", "year", "runtime"]].to_list() == [
        862,
        "0114709",
        "Toy Story",
        1995,
        81,
    ]
    assert toy_story["genres"] == "adventure|animation|children|comedy|fantasy"
    assert toy_story["director"] == "John Lasseter"
    wanted = {
        2571: "The Matrix",
        29: "The City of Lost Children (La Cité des enfants perdus)",
        1201: "The Good, the Bad and the Ugly (Il Buono, il brutto, il cattivo)",
        1193: "One Flew Over the Cuckoo's Nest",
    }
    assert films.loc[list(wanted), "title"].to_dict() == wanted


def test_every_film_of_the_merged_table_is_sound(films):
    assert films.index.is_unique
    assert films.index.is_monotonic_increasing
    assert (films[["title", "overview"]] != "").all(axis=None)
    assert films["year"].dropna().between(1870, 2100).all()
    assert films["runtime"].dropna().between(1, 1440).all()
    assert films["imdbId"].str.fullmatch("[0-9]{7,8}").all()
    assert films["has_tmdb"].sum() == 51_073
    reasons = drop_reasons(films.reset_index(), Filters(min_year=1980, require_tmdb=True))
    assert reasons.isna().sum() == 38_113


def test_the_same_inputs_give_the_same_bytes(alone, tmp_path):
    _, data = alone
    clean(ML, tmp_path, filters=SINCE_1980)
    for name in (CATALOG, REJECTS):
        assert (tmp_path / name).read_bytes() == (data / name).read_bytes()

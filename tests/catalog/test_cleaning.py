import hashlib

import pandas as pd
import pytest
from support.cleaning_tables import LINKS, MOVIES, names, reject_rows
from support.tables import write_csv, write_movielens

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.cleaning import CATALOG, REPORT, CleaningReport, clean, known_fields, read_catalog
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.catalog.merge import merge_films
from cinematch_lib.data import fetch
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tables import MERGED_DTYPES
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.paths import REJECTS

# --- the files ---------------------------------------------------------------------------------------


def test_the_catalog_is_the_designs_table(folder, metadata, tmp_path):
    clean(folder, tmp_path / "data", metadata_path=metadata, filters=Filters(min_year=1980))
    assert (tmp_path / "data" / CATALOG).read_bytes().decode() == (
        "movieId,tmdbId,imdbId,title,year,genres,overview,runtime,popularity,vote_count,vote_average,keywords,"
        "cast_top,director,original_language,poster_path,services\n"
        '1,862,0114709,Toy Story,1995,adventure|animation|children|comedy|fantasy,"Led by Woody, ""Andy\'s"" toys live '
        'happily.",81,21.946943,5415,7.7,jealousy|toy,Tom Hanks|Tim Allen|Don Rickles,John Lasseter,en,/rhI.jpg,\n'
        "6,949,0113277,Heat,1995,action|crime|thriller,Heat,,,,,,,,,,\n"
    )


def test_every_row_left_out_is_named_by_file_line_and_reason(folder, metadata, tmp_path):
    clean(folder, tmp_path / "data", metadata_path=metadata, filters=Filters(min_year=1980))
    rows = reject_rows(tmp_path / "data")
    assert rows[0][5:] == ["imdb_id", "tmdb_id"]
    assert {tuple(row[5:]) for row in rows[1:]} == {("", "")}
    assert [row[:5] for row in rows] == [
        ["file", "line", "id", "title", "reason"],
        ["movies.csv", "7", "x", "Ran (1985)", "movieId is not a number"],
        ["movies.csv", "8", "6", "Heat, again (1995)", "movieId repeats an earlier row"],
        ["links.csv", "4", "99", "", "no such film in movies.csv"],
        ["tmdb_metadata.csv", "4", "error", "Too many requests", "tmdb_id is not a number"],
        ["movies.csv", "5", "8", "Babylon 5", "no year known"],
        ["movies.csv", "4", "7", "Metropolis (1927)", "before 1980"],
        ["movies.csv", "6", "9", "Fog (2005)", "no genre known"],
    ]


def test_films_that_are_left_out_keep_their_other_ids(tmp_path):
    folder = write_movielens(tmp_path / "raw", MOVIES, [*LINKS, (7, "0017136", 19), (8, "0105946", "")])
    clean(folder, tmp_path / "data", filters=Filters(min_year=1980))
    linked = {row[2]: row[5:] for row in reject_rows(tmp_path / "data")[1:] if any(row[5:])}
    assert linked == {"7": ["0017136", "19"], "8": ["0105946", ""]}


def test_the_report_accounts_for_every_film(folder, metadata, tmp_path):
    report = clean(folder, tmp_path / "data", metadata_path=metadata, filters=Filters(min_year=1980))
    assert (report.dataset, report.read, report.kept) == ("mine", 7, 2)
    assert report.dropped == {
        "movieId is not a number": 1,
        "movieId repeats an earlier row": 1,
        "no year known": 1,
        "before 1980": 1,
        "no genre known": 1,
    }
    assert report.rejected == {
        "links.csv": {"no such film in movies.csv": 1},
        "tmdb_metadata.csv": {"tmdb_id is not a number": 1},
    }
    assert report.repairs == {
        "links.csv": {"films without a TMDb or IMDb id": 3},
        "tmdb_metadata.csv": {
            "HTML, control characters or stray white space taken out of the overview": 1,
            "runtime above 1440 minutes made unknown": 1,
        },
    }
    assert report.coverage == {
        "overview": 1,
        "cast_top": 1,
        "director": 1,
        "keywords": 1,
        "poster_path": 1,
        "services": 0,
        "runtime": 1,
    }
    assert report.filters == {
        "min_year": 1980,
        "max_year": None,
        "require_tmdb": False,
        "min_ratings": 0,
        "genres_keep": [],
        "genres_drop": [],
        "min_runtime": None,
        "max_runtime": None,
        "services_keep": [],
        "item_facts": "films",
    }


def test_the_report_as_tables(folder, metadata, tmp_path):
    report = clean(folder, tmp_path / "data", metadata_path=metadata, filters=Filters(min_year=1980))
    assert report.steps().values.tolist() == [
        ["read", 7, 7],
        ["movieId is not a number", -1, 6],
        ["movieId repeats an earlier row", -1, 5],
        ["no year known", -1, 4],
        ["before 1980", -1, 3],
        ["no genre known", -1, 2],
        ["kept", 2, 2],
    ]
    assert report.coverage["overview"] == 1
    assert ["links.csv", "no such film in movies.csv", 1] in report.notes().values.tolist()
    assert ["tmdb_metadata.csv", "runtime above 1440 minutes made unknown", 1] in report.notes().values.tolist()


def test_a_rule_that_drops_no_film_is_listed_with_0(folder, tmp_path):
    report = clean(folder, tmp_path / "data", filters=Filters(max_year=2020))
    assert report.dropped["after 2020"] == 0


def test_what_was_read_is_named_with_its_checksum(folder, metadata, tmp_path):
    services = write_csv(tmp_path / "mine.csv", ["movieId", "service"], [(1, "Netflix")])
    source = ServicesSource("file", services)
    report = clean(folder, tmp_path / "data", metadata_path=metadata, services=source)
    paths = [folder / "movies.csv", folder / "links.csv", metadata, services]
    assert clean(folder, tmp_path / "data", services=ServicesSource("demo", tmp_path / "none")).inputs.keys() == {
        "movies.csv",
        "links.csv",
    }
    assert report.inputs == {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in paths}
    assert report.services == {"source": "file", "region": "US", "kinds": ["flatrate"], "seed": 0}
    assert report.coverage["services"] == 1


def test_a_services_file_may_have_any_name(folder, tmp_path):
    services = write_csv(tmp_path / "movies.csv", ["movieId", "service"], [(1, "Netflix"), (404, "Hulu")])
    report = clean(folder, tmp_path / "data", services=ServicesSource("file", services))
    assert report.rejected["services: movies.csv"] == {"no such film in the catalog": 1}
    assert report.read == len(MOVIES)
    assert report.inputs["movies.csv"] == hashlib.md5((folder / "movies.csv").read_bytes()).hexdigest()


def test_the_report_names_no_folder_of_this_machine(folder, metadata, tmp_path):
    clean(folder, tmp_path / "data", metadata_path=metadata, services=ServicesSource("demo"))
    for name in (REPORT, REJECTS):
        assert str(tmp_path) not in (tmp_path / "data" / name).read_text(encoding="utf-8")


def test_the_same_inputs_give_the_same_bytes(folder, metadata, tmp_path):
    for name in ("one", "two"):
        clean(folder, tmp_path / name, metadata_path=metadata, services=ServicesSource("demo", seed=5))
    for name in (CATALOG, REJECTS, REPORT):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert names(tmp_path / "one") == sorted([CATALOG, REJECTS, REPORT])


def test_nothing_is_written_beside_what_is_read(folder, metadata, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "raw").rglob("*")}
    clean(folder, tmp_path / "data", metadata_path=metadata)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "raw").rglob("*")} == before


def test_demo_services_say_so_and_another_film_changes_none(folder, tmp_path):
    clean(folder, tmp_path / "one", services=ServicesSource("demo"))
    more = write_movielens(tmp_path / "more", [(2, "Jumanji (1995)", "Children"), *MOVIES], LINKS)
    clean(more, tmp_path / "two", services=ServicesSource("demo"))
    one, two = (read_catalog(tmp_path / name).set_index("movieId")["services"] for name in ("one", "two"))
    assert two.drop(2).to_dict() == one.to_dict()
    named = [name for names in two for name in names.split("|") if name]
    assert named
    assert all(name.endswith(" (demo)") for name in named)


def test_credits_follow_what_was_used(folder, metadata, tmp_path):
    offers = write_csv(tmp_path / "providers.csv", ["tmdb_id", "region", "kind", "service"], [])
    alone = clean(folder, tmp_path / "data")
    with_facts = clean(folder, tmp_path / "data", metadata_path=metadata)
    with_offers = clean(folder, tmp_path / "data", services=ServicesSource("tmdb", offers))
    both = clean(folder, tmp_path / "data", metadata_path=metadata, services=ServicesSource("tmdb", offers))
    assert [len(report.attributions) for report in (alone, with_facts, with_offers, both)] == [1, 2, 3, 3]
    assert "10.1145/2827872" in alone.attributions[0]
    tmdb = "This product uses the TMDB API but is not endorsed or certified by TMDB."
    assert with_facts.attributions[1] == with_offers.attributions[1] == both.attributions[1] == tmdb
    assert "JustWatch" in both.attributions[2]


def test_the_samples_credits_name_wikidata_and_not_tmdb(tmp_path):
    folder = fetch("sample", tmp_path / "raw")
    report = clean(folder, tmp_path / "data", metadata_path=folder / "tmdb_metadata.csv")
    assert ["Wikidata" in line for line in report.attributions] == [False, True]
    assert report.read == 9066
    assert set(report.inputs) >= {"movies.csv", "links.csv", "tmdb_metadata.csv"}


# --- reading back ------------------------------------------------------------------------------------


def test_the_catalog_reads_back_as_it_was(folder, metadata, tmp_path):
    clean(folder, tmp_path / "data", metadata_path=metadata, filters=Filters(min_year=1980))
    rejects = RejectLog()
    films = merge_films(folder, metadata, ServicesSource(), rejects)
    kept = films[films["movieId"].isin([1, 6])][list(MERGED_DTYPES)].reset_index(drop=True)
    pd.testing.assert_frame_equal(read_catalog(tmp_path / "data"), kept)


def test_the_report_reads_back_as_it_was(folder, metadata, tmp_path):
    report = clean(folder, tmp_path / "data", metadata_path=metadata, services=ServicesSource("demo"))
    assert CleaningReport.load(tmp_path / "data") == report


@pytest.mark.parametrize(("read", "name"), [(read_catalog, CATALOG), (CleaningReport.load, REPORT)])
def test_before_cleaning_one_is_told_to(tmp_path, read, name):
    with pytest.raises(CineMatchError) as refused:
        read(tmp_path)
    assert str(refused.value) == f"{tmp_path / name} was not found; clean first: cinematch run --to clean"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"dataset": "mine"}', '"text"', '{"read": 1, "more": 2}'])
def test_a_report_that_is_none_is_refused(tmp_path, content):
    (tmp_path / REPORT).write_text(content)
    with pytest.raises(CineMatchError) as refused:
        CleaningReport.load(tmp_path)
    assert str(refused.value) == f"{tmp_path / REPORT} is no report of this version's cleaning; clean again"


def test_a_catalog_that_was_edited_badly_is_refused_by_line(folder, tmp_path):
    clean(folder, tmp_path)
    path = tmp_path / CATALOG
    path.write_text(path.read_text().replace(",1995,", ",soon,", 1))
    with pytest.raises(CineMatchError, match=r"has year 'soon' on line 2, which does not fit that column"):
        read_catalog(tmp_path)


def test_an_overview_that_is_the_title_counts_as_unknown():
    text = dict.fromkeys(("cast_top", "director", "keywords", "poster_path", "services"), "")
    rows = [
        {"title": "Heat", "overview": "Heat", "runtime": None},
        {"title": "Ran", "overview": "A lord", "runtime": 9},
    ]
    known = known_fields(pd.DataFrame([row | text for row in rows]))
    assert {name: int(has.sum()) for name, has in known.items()} == {
        "overview": 1,
        **dict.fromkeys(text, 0),
        "runtime": 1,
    }

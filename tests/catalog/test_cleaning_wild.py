"""Tables that are refused, and wild ones."""

import csv
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cleaning_tables import MOVIES, names, reject_rows
from support.tables import write_movielens, write_tmdb

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.cleaning import CATALOG, REPORT, clean, read_catalog
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.errors import CineMatchError

# --- what is refused ---------------------------------------------------------------------------------


def test_filters_that_leave_no_film_say_where_they_went_and_write_nothing(folder, tmp_path):
    with pytest.raises(CineMatchError) as refused:
        clean(folder, tmp_path / "data", filters=Filters(min_year=2010))
    assert str(refused.value) == (
        "no film is left of 7 read: 1 movieId is not a number, 1 movieId repeats an earlier row, 1 no year known, "
        "4 before 2010; ask for less; the first is 'Toy Story'"
    )
    assert names(tmp_path / "data") == []


def test_a_failure_leaves_the_last_catalog_as_it_was(folder, tmp_path):
    clean(folder, tmp_path / "data")
    before = {name: (tmp_path / "data" / name).read_bytes() for name in names(tmp_path / "data")}
    (folder / "movies.csv").write_bytes(b'movieId,title,genres\r\n1,"Heat (1995),Drama\r\n')
    with pytest.raises(CineMatchError, match="a quote opened on line 2 does not close"):
        clean(folder, tmp_path / "data")
    assert {name: (tmp_path / "data" / name).read_bytes() for name in names(tmp_path / "data")} == before


def test_min_ratings_counts_movielens_ratings(tmp_path):
    ratings = [(user, 1, 4.0, 0) for user in range(1, 4)] + [(1, 6, 3.0, 0)]
    folder = write_movielens(tmp_path / "rated", MOVIES[:2], ratings=ratings)
    report = clean(folder, tmp_path / "data", filters=Filters(min_ratings=2))
    assert report.dropped["fewer than 2 ratings"] == 1
    assert read_catalog(tmp_path / "data")["movieId"].to_list() == [1]


def test_min_ratings_without_ratings_is_refused(folder, tmp_path):
    with pytest.raises(CineMatchError) as refused:
        clean(folder, tmp_path / "data", filters=Filters(min_ratings=5))
    assert str(refused.value) == "min_ratings=5 needs ratings.csv, which this data set lacks; set min_ratings=0"
    assert names(tmp_path / "data") == []


# --- wild tables -------------------------------------------------------------------------------------


ID = st.one_of(st.integers(0, 6), st.sampled_from(["", "x", "2.0", "1e0", "-1"]))


TITLE = st.one_of(
    st.sampled_from(["Heat (1995)", "Matrix, The (1999)", " (2019)", "", "NA (0000)", 'A "quoted", title (1980)']),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
)


GENRES = st.sampled_from(["Drama", "Comedy|Drama", "(no genres listed)", "IMAX", "", "Sci-Fi|Own"])


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "min_year": st.sampled_from([None, 1980, 1999]),
        "max_year": st.sampled_from([None, 1999, 2010]),
        "require_tmdb": st.booleans(),
        "min_ratings": st.integers(0, 2),
        "genres_keep": st.sampled_from([[], ["drama"], ["comedy", "own"]]),
        "genres_drop": st.sampled_from([[], ["scifi"]]),
    },
)


SOURCES = st.sampled_from([ServicesSource(), ServicesSource("demo")])


@settings(max_examples=40, deadline=None)
@given(
    movies=st.lists(st.tuples(ID, TITLE, GENRES), min_size=1, max_size=8),
    links=st.lists(st.tuples(ID, ID, ID), max_size=6),
    tmdb=st.none()
    | st.lists(st.fixed_dictionaries({"tmdb_id": ID, "title": TITLE, "release_date": TITLE}), max_size=4),
    options=FILTERS,
    services=SOURCES,
)
def test_every_row_of_movies_is_kept_or_left_out_for_a_reason(movies, links, tmdb, options, services):
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        ratings = [(1, 1, 4.0, 0), (2, 1, 3.0, 0), (1, 2, 5.0, 0)]
        folder = write_movielens(top / "ml", movies, links, ratings=ratings)
        metadata = None if tmdb is None else write_tmdb(top / "tmdb.csv", tmdb)
        try:
            report = clean(folder, top / "data", metadata_path=metadata, filters=Filters(**options), services=services)
        except CineMatchError as refused:
            assert "no film" in str(refused)
            assert names(top / "data") == []
            return
        films, rows = read_catalog(top / "data"), reject_rows(top / "data")[1:]
        gone = [row for row in rows if row[0] == "movies.csv"]
        assert report.read == len(movies) == len(films) + len(gone) == report.kept + sum(report.dropped.values())
        assert {reason: count for reason, count in report.dropped.items() if count} == {
            reason: sum(row[4] == reason for row in gone) for reason in {row[4] for row in gone}
        }
        lines = (folder / "movies.csv").read_text(encoding="utf-8").split("\n")
        assert len({row[1] for row in gone}) == len(gone)
        assert all(names_film(lines[int(line) - 1], film) for _, line, film, *_ in gone)
        assert films["movieId"].is_monotonic_increasing
        assert films["movieId"].is_unique
        assert films["year"].notna().all()
        assert (films[["title", "genres", "overview"]] != "").all(axis=None)
        assert json.loads((top / "data" / REPORT).read_text(encoding="utf-8")) == report.to_dict()


def names_film(line, film):
    """Whether a line of movies.csv begins with the id that rejects.csv gives for it."""
    written = next(csv.reader([line]))[0]
    return written == film or float(written) == float(film)


def test_a_report_tells_whether_catalog_and_tables_are_its_own(tmp_path):
    folder = write_movielens(tmp_path / "raw" / "mine", movies=[(1, "Heat (1995)", "Crime")])
    report = clean(folder, tmp_path / "data")
    report.verify(tmp_path / "data", folder)
    (folder / "tags.csv").write_text("userId,movieId,tag,timestamp\n")
    with pytest.raises(CineMatchError, match=r"tags\.csv in .*mine is not what the catalog was made from; clean again"):
        report.verify(tmp_path / "data", folder)
    with (tmp_path / "data" / CATALOG).open("a") as catalog:
        catalog.write("\n")
    with pytest.raises(CineMatchError, match=r"is not the catalog that cleaning_report\.json describes; clean again"):
        report.verify(tmp_path / "data", folder)

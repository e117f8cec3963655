"""The sample, and the tables of a data set as they are read."""

import importlib.resources
import lzma
import os

import pytest
from support.movielens_files import (
    FILES,
    LINKS,
    MOVIES,
    NAME,
    contents,
    lay,
    md5,
    names,
)

from cinematch_lib.data import fetch
from cinematch_lib.data.datasets import DATASETS
from cinematch_lib.data.movielens import checksums, link_rows, read_links, read_movies, read_ratings, read_tags
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.errors import CineMatchError

# --- the sample --------------------------------------------------------------------------------------


def packed_sample():
    folder = importlib.resources.files("cinematch_lib.data.sample")
    files = {
        f"{name}.csv": lzma.decompress((folder / f"{name}.csv.xz").read_bytes())
        for name in ("movies", "links", "ratings", "tmdb_metadata")
    }
    return files | {"README.md": (folder / "README.md").read_bytes()}


def test_the_sample_is_laid_out_from_the_package(server, raw):
    assert contents(fetch("sample", raw)) == packed_sample()
    assert names(raw) == ["sample"]
    assert server.requests == []
    assert len(read_movies(raw / "sample")) > 5000
    assert len(read_ratings(raw / "sample")) > 90_000


def test_a_sample_that_is_there_is_not_written_again(raw):
    folder = fetch("sample", raw)
    before = {path.name: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]}
    fetch("sample", raw)
    assert {path.name: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]} == before


def test_a_sample_of_another_version_is_laid_out_anew(raw):
    lay(raw / "sample", {"movies.csv": MOVIES, "links.csv": LINKS, "README.md": b"older"})
    assert contents(fetch("sample", raw)) == packed_sample()
    (raw / "sample/links.csv").unlink()
    assert contents(fetch("sample", raw)) == packed_sample()
    assert names(raw) == ["sample"]


# --- reading -----------------------------------------------------------------------------------------


def test_the_tables_are_read_as_they_are(tmp_path):
    folder = lay(tmp_path / "set", FILES)
    assert read_movies(folder).to_dict("records") == [
        {"movieId": "1", "title": "Heat (1995)", "genres": "Action|Crime"}
    ]
    assert read_links(folder).to_dict("records") == [{"movieId": "1", "imdbId": "0113277", "tmdbId": "949"}]
    assert read_tags(folder)["tag"].tolist() == ["caf\u00e9"]
    ratings = read_ratings(folder)
    assert ratings.to_dict("records") == [{"userId": 1, "movieId": 1, "rating": 4.5, "timestamp": 964982703}]
    assert ratings.dtypes.astype(str).tolist() == ["int32", "int32", "float32", "int64"]


def test_ratings_and_tags_may_be_absent_but_films_and_links_may_not(tmp_path):
    folder = lay(tmp_path / "set", {})
    assert read_ratings(folder) is None
    assert read_tags(folder) is None
    with pytest.raises(CineMatchError, match=r"movies\.csv was not found"):
        read_movies(folder)
    with pytest.raises(CineMatchError, match=r"links\.csv was not found"):
        read_links(folder)


def test_ratings_without_times_are_read(tmp_path):
    folder = lay(tmp_path / "set", {"ratings.csv": b"userId,movieId,rating\n1,1,0.5\n1,2,5\n"})
    assert list(read_ratings(folder).columns) == ["userId", "movieId", "rating"]


@pytest.mark.parametrize(
    ("wrong", "low", "high"), [("0", "0", "4"), ("5.5", "4", "5.5"), ("-1", "-1", "4"), ("inf", "4", "inf")]
)
def test_ratings_outside_the_scale_are_counted_and_the_first_is_named(tmp_path, wrong, low, high):
    rows = f"userId,movieId,rating\n1,1,4\n7,12,{wrong}\n7,13,{wrong}\n"
    folder = lay(tmp_path / "set", {"ratings.csv": rows.encode()})
    with pytest.raises(CineMatchError) as caught:
        read_ratings(folder)
    assert str(caught.value) == (
        f"{folder / 'ratings.csv'}: 2 of 3 ratings are not from 0.5 to 5; the first is on line 3 "
        f"(user 7, film 12, rating {wrong}), and they go from {low} to {high}; correct or remove them, "
        "or bring them to that scale"
    )


def test_checksums_are_those_of_the_known_files(tmp_path):
    folder = lay(tmp_path / "set", FILES | {"README.txt": b"x", "tmdb_metadata.csv": b"y"})
    assert checksums(folder) == {name: md5(body) for name, body in (FILES | {"tmdb_metadata.csv": b"y"}).items()}
    assert list(checksums(folder)) == [
        "movies.csv",
        "links.csv",
        "ratings.csv",
        "tags.csv",
        "tmdb_metadata.csv",
    ]


def test_the_pinned_checksums_are_those_of_the_real_files():
    real = os.environ.get("CINEMATCH_REAL_DATA")
    if not real:
        pytest.skip("CINEMATCH_REAL_DATA names no folder with the real data")
    found = checksums(f"{real}/ml-32m")
    assert found.items() <= DATASETS["ml-32m"].md5.items()
    assert {"movies.csv", "links.csv"} <= set(found)
    assert len(read_movies(f"{real}/ml-32m")) == len(read_links(f"{real}/ml-32m")) == 87_585


def test_an_address_with_a_password_is_refused_without_showing_it(raw, monkeypatch):
    monkeypatch.setenv("MOVIELENS_URL", "http://anna:geheim@127.0.0.1:9/datasets")
    with pytest.raises(CineMatchError, match="MOVIELENS_URL must hold no user name and password") as refused:
        fetch(NAME, raw)
    assert "geheim" not in str(refused.value)
    assert not raw.exists()


@pytest.mark.parametrize(("kept", "lost"), [("imdbId", "tmdbId"), ("tmdbId", "imdbId")])
def test_links_of_one_kind_are_read_and_the_other_is_reported(tmp_path, kept, lost):
    folder = lay(tmp_path / "set", {"links.csv": f"Movie_ID;{kept}\n1;949\n2;\n".encode()})
    log = RejectLog()
    links, lines = link_rows(folder, log)
    rows = [{"movieId": "1", kept: "949", lost: ""}, {"movieId": "2", kept: "", lost: ""}]
    assert links.to_dict("records") == [{name: row[name] for name in ("movieId", "imdbId", "tmdbId")} for row in rows]
    assert lines.tolist() == [2, 3]
    assert f"links.csv: 2 rows without {lost}, as the file has no such column" in log.notes()


def test_links_without_any_id_are_refused(tmp_path):
    folder = lay(tmp_path / "set", {"links.csv": b"movieId,name\n1,Heat\n"})
    with pytest.raises(CineMatchError, match=r"links\.csv lacks the columns imdbId, tmdbId; its first line names"):
        read_links(folder)


@pytest.mark.parametrize("lines", [b"userId,movieId,rating,timestamp\n", b"", b"sep=,\nuserId,movieId,rating\n\n"])
def test_tables_without_rows_are_refused_with_what_to_do(server, raw, lines):
    lay(raw / "mine", {"movies.csv": MOVIES, "links.csv": LINKS, "ratings.csv": lines})
    with pytest.raises(CineMatchError) as caught:
        fetch("mine", raw)
    assert str(caught.value) == (
        f"{raw}/mine/ratings.csv holds no ratings, at most a first line; put the whole table there, or remove it "
        "to recommend by content"
    )
    lay(raw / "other", {"movies.csv": b"movieId,title,genres\n", "links.csv": LINKS})
    said = r"movies\.csv holds no films, at most a first line; put the whole table there"
    with pytest.raises(CineMatchError, match=said):
        fetch("other", raw)

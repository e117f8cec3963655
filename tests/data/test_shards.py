"""Ratings in shards: what they hold, what is read of them, and which ones are refused."""

import shutil
import sys

import pandas as pd
import pytest
from support.http_files import serving, unused_url

from cinematch_lib import CineMatchError
from cinematch_lib.data import fetch, write_shards
from cinematch_lib.data.datasets import check_complete
from cinematch_lib.data.movielens import checksums, read_ratings
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.errors import MissingExtraError


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return fetch("sample", tmp_path_factory.mktemp("raw"))


@pytest.fixture
def folder(sample, tmp_path):
    """A data set of one's own with the sample's files."""
    return shutil.copytree(sample, tmp_path / "mine")


def write(folder, text):
    (folder / "ratings.csv").write_text(text, encoding="utf-8")


def test_shards_hold_the_rows_of_the_file_in_their_order_and_whole_users(folder):
    whole = read_ratings(folder)
    files = write_shards(folder, 7)
    assert [path.name for path in files] == [f"{number:05d}.parquet" for number in range(7)]
    pd.testing.assert_frame_equal(read_ratings(folder), whole)
    users = [set(pd.read_parquet(path)["userId"]) for path in files]
    assert sum(map(len, users)) == len(set.union(*users))
    sizes = [len(pd.read_parquet(path)) for path in files]
    assert max(sizes) < 1.5 * len(whole) / 7


def test_the_shards_are_what_was_read_and_the_same_bytes_each_time(folder):
    write_shards(folder, 3)
    first = checksums(folder)
    assert sorted(name for name in first if "ratings" in name) == [f"ratings/0000{at}.parquet" for at in range(3)]
    shutil.rmtree(folder / "ratings")
    write_shards(folder, 3)
    assert checksums(folder) == first
    stamp = (folder / "ratings/00000.parquet").stat().st_mtime_ns
    write_shards(folder, 3)
    assert (folder / "ratings/00000.parquet").stat().st_mtime_ns == stamp
    assert len(write_shards(folder, 2)) == 2
    assert len(write_shards(folder, 0)) == 2


def test_shards_of_another_file_than_the_one_beside_them_are_refused(folder):
    write_shards(folder, 2)
    with (folder / "ratings.csv").open("a") as file:
        file.write("671,1,5.0,1000000000\n")
    with pytest.raises(CineMatchError, match=r"written from another ratings\.csv.*-p shards 2"):
        checksums(folder)
    assert len(write_shards(folder, 2)) == 2
    checksums(folder)
    (folder / "ratings.csv").unlink()
    checksums(folder)


def test_users_in_any_order_or_with_names_come_together_and_keep_their_numbers(folder):
    rows = [f"{user},{film},{1 + film % 5}\n" for film in range(1, 9) for user in ("zoe", "abe", "émile")]
    write(folder, "userId,movieId,rating\n" + "".join(rows))
    whole = read_ratings(folder).sort_values(["userId", "movieId"], ignore_index=True)
    write_shards(folder, 3)
    pd.testing.assert_frame_equal(read_ratings(folder), whole)
    write_shards(folder, 50)
    assert len(list((folder / "ratings").glob("*.parquet"))) == 3  # no more than users


def test_shards_of_ones_own_may_be_csv_in_any_usual_form_and_are_judged_together(folder):
    (folder / "ratings.csv").unlink()
    shards = folder / "ratings"
    shards.mkdir()
    (shards / "a.csv").write_text("userId;movieId;rating\n1;1;8\n1;2;3\n")
    (shards / "b.csv").write_text("userId,movieId,rating\n2,1,10\nx,6,9.0\n")
    (shards / "_SUCCESS").write_text("")
    log = RejectLog()
    ratings = read_ratings(folder, log)
    assert ratings["rating"].tolist() == [4.0, 1.5, 5.0, 4.5]  # from 1 to 10, in all of them
    assert ratings["userId"].tolist() == [1, 1, 2, 3]
    assert log.repairs["ratings.csv"]["ratings from 1 to 10, halved"] == 4


def test_a_wrong_value_is_named_with_its_shard_and_line(folder):
    (folder / "ratings.csv").unlink()
    shards = folder / "ratings"
    shards.mkdir()
    (shards / "a.csv").write_text("userId,movieId,rating\n1,1,4\n")
    (shards / "b.csv").write_text("userId,movieId,rating\n2,1,4\n\n2,2,77\n")
    with pytest.raises(CineMatchError, match=r"ratings/b\.csv: 1 of 3 ratings are not from 0\.5 to 5; .* on line 4 "):
        read_ratings(folder)
    (shards / "b.csv").write_text("userId,movieId,rating,timestamp\n2,1,4,1000000000\n")
    with pytest.raises(CineMatchError, match=r"b\.csv has the columns userId, .*, timestamp, and a\.csv has userId"):
        read_ratings(folder)


def test_what_cannot_be_written_as_shards_says_so(folder):
    with pytest.raises(CineMatchError, match=r"shards must be 0 \(none are written\) or more, got -1"):
        write_shards(folder, -1)
    (folder / "ratings.csv").unlink()
    with pytest.raises(CineMatchError, match="no file of ratings to write shards from"):
        write_shards(folder, 2)
    assert write_shards(folder, 0) == []


@pytest.fixture
def elsewhere(folder, tmp_path):
    """A data set whose shards lie in another folder, which its file ``ratings.url`` will name."""
    write_shards(folder, 3)
    (folder / "ratings.csv").unlink()
    (folder / "ratings/_origin.json").unlink()
    return shutil.move(folder / "ratings", tmp_path / "store/ratings")


def name(folder, url):
    (folder / "ratings.url").write_text(f"{url}\n", encoding="utf-8")
    return folder


def test_shards_at_a_url_are_the_same_ratings_and_hashed_by_what_they_hold(folder, sample, elsewhere):
    pytest.importorskip("aiohttp")
    whole, log = read_ratings(sample), RejectLog()
    with serving(elsewhere.parent) as server:
        name(folder, f"{server}/ratings/")
        check_complete(folder)
        pd.testing.assert_frame_equal(read_ratings(folder, log), whole)
        assert f"rows read from 3 shards at {server}/ratings/" in log.repairs["ratings.csv"]
        there = checksums(folder)
        assert [one for one in there if "ratings" in one] == ["ratings.url"]
        assert checksums(name(folder, elsewhere.as_uri())) == there
        shutil.copy(elsewhere / "00000.parquet", elsewhere / "00001.parquet")
        assert checksums(name(folder, f"{server}/ratings"))["ratings.url"] != there["ratings.url"]


@pytest.mark.parametrize("packed", [True, False])
def test_shards_may_lie_in_an_archive_or_any_other_file_system(folder, sample, elsewhere, packed, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    if packed:
        archive = shutil.make_archive(str(tmp_path / "all"), "zip", elsewhere.parent)
        url = f"zip://ratings::file://{archive}"
    else:
        url = f"memory://{tmp_path.name}/ratings"
        fsspec.filesystem("memory").put(str(elsewhere), f"/{tmp_path.name}/ratings", recursive=True)
    pd.testing.assert_frame_equal(read_ratings(name(folder, url)), read_ratings(sample))


def test_a_wrong_value_at_a_url_is_named_with_its_url_and_line(folder, elsewhere):
    pytest.importorskip("fsspec")
    shutil.rmtree(elsewhere)
    elsewhere.mkdir()
    (elsewhere / "a.csv").write_text("userId,movieId,rating\n1,1,4\n")
    (elsewhere / "b.csv").write_text("userId,movieId,rating\n2,1,4\n\n2,2,77\n")
    name(folder, url := elsewhere.as_uri())
    with pytest.raises(CineMatchError, match=rf"^{url}/b\.csv: 1 of 3 ratings are not from 0\.5 to 5; .* on line 4 "):
        read_ratings(folder)
    (elsewhere / "b.csv").write_text("film,rating\n2,1\n")
    with pytest.raises(CineMatchError, match=rf"^{url}/b\.csv lacks the columns userId"):
        read_ratings(folder)
    with pytest.raises(CineMatchError, match=f"in shards already, at {url}; set shards to 0"):
        write_shards(folder, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ratings.url must hold one line, the URL of a folder of shards, such as s3://bucket/ratings"),
        ("/data/ratings", "must hold one line"),
        ("memory://a/b\nmemory://a/c", "must hold one line"),
        ("https://eve:secret@example.org/ratings", r"must hold no user name and password, .*FSSPEC_S3_SECRET"),
        ("nonsense://a/b", r"nonsense://a/b cannot be read \(ValueError: Protocol not known: nonsense\)"),
        ("memory://nowhere/ratings", r"memory://nowhere/ratings cannot be read \(FileNotFoundError: "),
        ("oci://bucket/ratings", r"cannot be read: Install ocifs .*, here and on all workers"),
    ],
)
def test_a_url_that_cannot_be_read_is_refused_before_the_first_step(folder, text, message):
    pytest.importorskip("fsspec")
    (folder / "ratings.csv").unlink()
    (folder / "ratings.url").write_text(text)
    with pytest.raises(CineMatchError, match=message) as refused:
        check_complete(folder)
    assert "secret" not in str(refused.value)


def test_a_server_that_is_away_and_a_folder_without_shards_are_named(folder, elsewhere):
    pytest.importorskip("aiohttp")
    url = unused_url()
    with pytest.raises(
        CineMatchError, match=rf"{url}/ratings cannot be read \(ClientConnectorError: .*correct the URL"
    ):
        check_complete(name(folder, f"{url}/ratings"))
    with serving(elsewhere.parent) as server, pytest.raises(CineMatchError, match=f"{server}/ has no shards"):
        check_complete(name(folder, f"{server}/"))


def test_without_the_extra_a_url_names_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)  # as if it were not installed
    with pytest.raises(
        MissingExtraError, match=r'fsspec is not installed; run: pip install "cinematch-lib\[cluster\]"'
    ):
        check_complete(name(folder, "s3://bucket/ratings"))

"""Data sets fetched from a real server on loopback, laid out from the package, and read."""

import pytest
from support.http_files import unused_url
from support.movielens_files import (
    FILES,
    LINKS,
    MOVIES,
    NAME,
    RATINGS,
    TAGS,
    contents,
    lay,
    md5,
    names,
    publish,
    zipped,
)

from cinematch_lib.data import fetch
from cinematch_lib.data.movielens import read_movies
from cinematch_lib.errors import CineMatchError, DownloadError, UnknownNameError

# --- fetching ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "checksum", ["{md5}  {name}.zip\n", "MD5 ({name}.zip) = {md5}\n", "{md5}", "\ufeff{md5} *{name}.zip\r\n"]
)
def test_a_named_data_set_is_downloaded_verified_and_laid_out(server, raw, checksum, capfd):
    publish(server, zipped(FILES), checksum=checksum)
    folder = fetch(NAME, raw)
    assert folder == raw / NAME
    assert contents(folder) == FILES
    assert names(raw) == [NAME]
    out, err = capfd.readouterr()
    assert out == ""
    assert f"{NAME}.zip: 100%" in err


def test_a_folder_that_is_there_is_used_without_network_or_writing(server, raw):
    lay(raw / NAME, {"movies.csv": MOVIES, "links.csv": LINKS})
    raw.chmod(0o555)
    before = raw.stat().st_mtime_ns
    assert fetch(NAME, raw) == raw / NAME
    assert fetch(NAME, str(raw)) == raw / NAME
    raw.chmod(0o755)
    assert raw.stat().st_mtime_ns == before
    assert names(raw / NAME) == ["links.csv", "movies.csv"]
    assert server.requests == []


def test_any_folder_with_the_two_files_is_a_data_set(server, raw):
    lay(raw / "my films", {"movies.csv": MOVIES, "links.csv": LINKS})
    assert fetch("my films", raw) == raw / "my films"


def test_a_named_folder_that_is_incomplete_says_what_is_missing(server, raw):
    lay(raw / NAME, {"movies.csv": MOVIES})
    with pytest.raises(CineMatchError) as caught:
        fetch(NAME, raw)
    assert str(caught.value) == (
        f"{raw / NAME} lacks links.csv, and holds movies.csv; put what is missing there, "
        "or remove the folder to have it downloaded"
    )


def test_an_own_folder_that_is_incomplete_says_what_is_missing(server, raw):
    lay(raw / "mine", {})
    with pytest.raises(CineMatchError) as caught:
        fetch("mine", raw)
    assert str(caught.value) == (
        f"{raw / 'mine'} lacks movies.csv and links.csv, and holds nothing; put what is missing there"
    )


def test_an_unknown_name_lists_what_there_is(server, raw):
    lay(raw / "ml-own", {})
    with pytest.raises(UnknownNameError) as caught:
        fetch("ML-32", raw)
    assert str(caught.value) == (
        "there is no data set 'ML-32': the named ones are sample (embedded), ml-100k (5 MB), "
        "ml-1m (6 MB), ml-10m (63 MB), ml-latest-small (1 MB), "
        "ml-latest (335 MB), ml-20m (190 MB), ml-25m (265 MB), ml-32m (239 MB), and any folder "
        f"{raw / 'ML-32'} with movies.csv and links.csv works too; did you mean ml-32m, ml-25m, ml-20m?"
    )
    with pytest.raises(UnknownNameError, match=r"did you mean ml-own\?$"):
        fetch("ml_own", raw)
    assert server.requests == []


NO_NAMES = ["", ".", "..", "...", ".hidden", "../ml-32m", "a/b", "a\\b", "/etc", "a\0b", "a\n"]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_no_plain_folder_name_is_refused(server, raw, name):
    with pytest.raises(CineMatchError, match="without slashes and not beginning with a dot; got "):
        fetch(name, raw)
    assert not raw.exists()


def test_a_wrong_checksum_is_named_with_both_values_and_nothing_is_unpacked(server, raw):
    body = zipped(FILES)
    publish(server, body, checksum="0123456789abcdef0123456789abcdef  file\n")
    with pytest.raises(CineMatchError) as caught:
        fetch(NAME, raw)
    assert str(caught.value) == (
        f"{NAME}.zip has the MD5 {md5(body)}, but {server.url}/datasets/{NAME}.zip.md5 says "
        "0123456789abcdef0123456789abcdef; the download was deleted, try again"
    )
    assert names(raw) == []
    publish(server, body)
    assert contents(fetch(NAME, raw)) == FILES


@pytest.mark.parametrize("text", ["<html>log in</html>", "", f"{'0' * 32}  a\n{'1' * 32}  b\n"])
def test_a_checksum_file_without_a_checksum_is_refused(server, raw, text):
    publish(server, zipped(FILES))
    server.serve(f"/datasets/{NAME}.zip.md5", text.encode())
    with pytest.raises(DownloadError, match="should hold one MD5 of 32 hex digits, but begins "):
        fetch(NAME, raw)
    assert not raw.exists()


def with_checksums(files, **changed):
    lines = "".join(f"{changed.get(name.partition('.')[0], md5(body))}  {name}\r\n" for name, body in files.items())
    return files | {"checksums.txt": lines.encode()}


def test_without_an_md5_file_the_zips_own_checksums_serve(server, raw):
    files = with_checksums(FILES)
    publish(server, zipped(files), checksum=None)
    assert contents(fetch(NAME, raw)) == files


def test_a_file_that_differs_from_the_zips_own_checksums_is_refused(server, raw):
    publish(server, zipped(with_checksums(FILES, ratings="0" * 32)), checksum=None)
    with pytest.raises(CineMatchError) as caught:
        fetch(NAME, raw)
    assert str(caught.value) == (
        f"ratings.csv in {NAME}.zip has the MD5 {md5(RATINGS)}, but its publisher says {'0' * 32}; "
        "the download was deleted, try again"
    )
    assert names(raw) == []


@pytest.mark.parametrize(
    ("files", "unknown"),
    [
        (FILES, "links.csv, movies.csv, ratings.csv, tags.csv"),
        (with_checksums({"movies.csv": MOVIES, "links.csv": LINKS}) | {"tags.csv": TAGS}, "tags.csv"),
    ],
)
def test_what_nobody_published_a_checksum_for_is_refused(server, raw, files, unknown):
    publish(server, zipped(files), checksum=None)
    with pytest.raises(CineMatchError) as caught:
        fetch(NAME, raw)
    assert str(caught.value) == (
        f"{NAME}.zip was not unpacked, as no checksum is published for {unknown}; "
        f"download it by hand, check it, and unpack it as {raw / NAME}"
    )
    assert names(raw) == []


def test_a_checksum_for_a_file_that_is_not_there_is_refused(server, raw):
    files = with_checksums(FILES)
    del files["ratings.csv"]
    publish(server, zipped(files), checksum=None)
    with pytest.raises(CineMatchError, match=rf"^{NAME}\.zip lacks {NAME}/ratings\.csv; "):
        fetch(NAME, raw)


@pytest.mark.parametrize("checksum", ["{md5}", None])
def test_pinned_checksums_hold_whatever_the_server_says(server, raw, checksum):
    publish(server, zipped(with_checksums(FILES), top="ml-32m"), name="ml-32m", checksum=checksum)
    with pytest.raises(CineMatchError) as caught:
        fetch("ml-32m", raw)
    assert f"has the MD5 {md5(MOVIES)}, but its publisher says 0df90835c19151f9d819d0822e190797" in str(caught.value)
    assert names(raw) == []


@pytest.mark.parametrize("body", [zipped(FILES, top="other"), zipped({"movies.csv": MOVIES})])
def test_a_zip_of_another_make_is_refused(server, raw, body):
    publish(server, body)
    with pytest.raises(CineMatchError, match=rf"^{NAME}\.zip lacks {NAME}/(movies|links)\.csv; the download was "):
        fetch(NAME, raw)
    assert names(raw) == []


def test_an_unsafe_zip_is_refused_even_with_the_right_checksum(server, raw, tmp_path):
    publish(server, zipped(FILES | {"../../../evil": b"x"}))
    with pytest.raises(CineMatchError, match="is not safe, so it was not unpacked"):
        fetch(NAME, raw)
    assert names(raw) == []
    assert names(tmp_path) == ["raw"]


def test_a_file_that_is_no_zip_is_refused(server, raw):
    publish(server, b"<html>maintenance</html>")
    with pytest.raises(CineMatchError, match=rf"^{NAME}\.zip is damaged or no zip .*; download it again$"):
        fetch(NAME, raw)
    assert names(raw) == []


def test_a_connection_that_is_cut_is_resumed_within_one_fetch(server, raw):
    publish(server, zipped(FILES, padding=100_000), cuts=[30_000, 30_000])
    assert read_movies(fetch(NAME, raw)).shape == (1, 3)
    asked = [request.headers.get("Range") for request in server.asked(f"/datasets/{NAME}.zip")]
    assert asked == [None, "bytes=30000-", "bytes=60000-"]


def test_a_download_that_broke_off_is_taken_up_by_the_next_fetch(server, raw):
    publish(server, zipped(FILES, padding=200_000), cuts=[50_000] * 3)
    with pytest.raises(DownloadError) as caught:
        fetch(NAME, raw)
    assert str(caught.value) == (
        f"{server.url}/datasets/{NAME}.zip cut the connection; 0.1 MB of 0.2 MB are there: "
        "run it again to go on from that point. Instead, --dataset sample needs no network, and "
        f"a folder {raw / NAME} with movies.csv and links.csv put there by hand is used as it is"
    )
    assert names(raw) == [f".{NAME}.zip.part", f".{NAME}.zip.part.json"]
    fetch(NAME, raw)
    assert names(raw) == [NAME]
    assert server.requests[-1].headers["Range"] == "bytes=150000-"


def test_no_network_is_one_clear_line(raw, monkeypatch):
    url = unused_url()
    monkeypatch.setenv("MOVIELENS_URL", url)
    with pytest.raises(DownloadError) as caught:
        fetch("ml-32m", raw)
    assert str(caught.value) == (
        f"{url}/ml-32m.zip.md5 could not be reached ([Errno 111] Connection refused). Instead, "
        f"--dataset sample needs no network, and a folder {raw / 'ml-32m'} with movies.csv and links.csv "
        "put there by hand is used as it is"
    )
    assert not raw.exists()


def test_a_data_set_that_the_server_does_not_have_is_named(server, raw):
    with pytest.raises(DownloadError, match=r"ml-25m\.zip does not exist \(404 Not Found\)\. Instead, --dataset"):
        fetch("ml-25m", raw)
    assert names(raw) == []


def test_a_place_that_cannot_be_written_to_is_named(server, tmp_path):
    (tmp_path / "raw").write_text("a file")
    publish(server, zipped(FILES))
    with pytest.raises(CineMatchError, match=r"raw cannot be used \(.*\); mend that or choose another folder$"):
        fetch(NAME, tmp_path / "raw")


# --- replacing ---------------------------------------------------------------------------------------


def test_refresh_replaces_the_folder(server, raw):
    lay(raw / NAME, {"movies.csv": b"old", "links.csv": b"old", "extra.csv": b"old"})
    publish(server, zipped(FILES))
    assert contents(fetch(NAME, raw, refresh=True)) == FILES
    assert names(raw) == [NAME]


@pytest.mark.parametrize("behaviour", [{"checksum": "0" * 32}, {"status": 404}, {"status": 500}])
def test_a_refresh_that_fails_leaves_the_old_folder(server, raw, behaviour):
    old = {"movies.csv": b"old", "links.csv": b"old"}
    lay(raw / NAME, old)
    publish(server, zipped(FILES), **behaviour)
    with pytest.raises(CineMatchError):
        fetch(NAME, raw, refresh=True)
    assert contents(raw / NAME) == old
    assert names(raw) == [NAME]


def test_an_own_folder_or_a_link_is_not_refreshed(server, raw):
    files = {"movies.csv": MOVIES, "links.csv": LINKS}
    lay(raw / "mine", files)
    (raw / NAME).symlink_to(raw / "mine")
    with pytest.raises(CineMatchError, match="is a folder of your own; there is nowhere to download it from again"):
        fetch("mine", raw, refresh=True)
    with pytest.raises(CineMatchError, match="is a link or a file and is not replaced; remove it"):
        fetch(NAME, raw, refresh=True)
    assert contents(fetch(NAME, raw)) == files
    assert server.requests == []


def test_a_replacement_that_was_killed_half_way_is_settled_without_network(raw, monkeypatch):
    monkeypatch.setenv("MOVIELENS_URL", unused_url())
    lay(raw / f".{NAME}.old", FILES)
    lay(raw / f".{NAME}.new", {"movies.csv": b"half"})
    assert contents(fetch(NAME, raw)) == FILES
    assert names(raw) == [NAME]

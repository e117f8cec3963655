"""Downloads against a real server on loopback that behaves well and badly, and against a full disk."""

import os

import pytest
from support.http_files import running, unused_url
from support.small_disk import needs_small_disk, on_a_small_disk

from cinematch_lib.data import download as downloads
from cinematch_lib.data.download import check_room, discard, download
from cinematch_lib.errors import CineMatchError, DownloadError

BODY = os.urandom(300_000)


@pytest.fixture
def server():
    with running() as files:
        yield files


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(downloads, "PAUSES", (0.01, 0.01, 0.01, 0.01))


@pytest.fixture
def part(tmp_path):
    return tmp_path / ".file.part"


def get(server, part, **options):
    download(f"{server.url}/file", part, title="file", **options)


def names(part):
    return sorted(path.name for path in part.parent.iterdir())


def ranges(server):
    return [request.headers.get("Range") for request in server.asked("/file")]


def test_a_file_arrives_whole_with_a_progress_bar(server, part, capfd):
    server.serve("/file", BODY)
    get(server, part)
    assert part.read_bytes() == BODY
    out, err = capfd.readouterr()
    assert out == ""
    assert "file: 100%" in err
    assert "300k/300k" in err


def test_discard_removes_the_download_and_its_notes(server, part):
    server.serve("/file", BODY)
    get(server, part)
    discard(part)
    assert names(part) == []


def test_a_cut_connection_is_taken_up_where_it_broke(server, part):
    server.serve("/file", BODY, cuts=[100_000, 50_000])
    get(server, part)
    assert part.read_bytes() == BODY
    assert ranges(server) == [None, "bytes=100000-", "bytes=150000-"]
    assert [request.status for request in server.asked("/file")] == [200, 206, 206]
    assert server.asked("/file")[1].headers["If-Range"] == '"1"'


@pytest.mark.parametrize(
    ("validators", "condition"),
    [
        ({"etag": None, "last_modified": "Fri, 13 Oct 2023 10:00:00 GMT"}, "Fri, 13 Oct 2023 10:00:00 GMT"),
        (
            {"etag": 'W/"1"', "last_modified": "Fri, 13 Oct 2023 10:00:00 GMT"},
            "Fri, 13 Oct 2023 10:00:00 GMT",
        ),
        ({"etag": None}, None),
    ],
)
def test_resuming_is_tied_to_the_strongest_validator(server, part, validators, condition):
    server.serve("/file", BODY, cuts=[1000], **validators)
    get(server, part)
    assert part.read_bytes() == BODY
    assert server.asked("/file")[1].headers.get("If-Range") == condition


def test_a_file_that_changed_meanwhile_is_not_glued_to_the_old_part(server, part):
    server.serve("/file", BODY, cuts=[1000] * 5)
    with pytest.raises(DownloadError):
        get(server, part)
    newer = server.serve("/file", BODY[::-1], etag='"2"')
    get(server, part)
    assert part.read_bytes() == newer.body
    assert server.requests[-1].headers["Range"] == "bytes=5000-"
    assert server.requests[-1].status == 200


@pytest.mark.parametrize(
    ("validators", "changed"),
    [
        ({"etag": '"1"', "if_range": False}, {"etag": '"2"', "if_range": False}),
        ({"etag": None}, {"etag": None, "body": BODY[::-1] + b"longer"}),
    ],
)
def test_a_changed_file_is_noticed_without_the_help_of_if_range(server, part, validators, changed):
    server.serve("/file", BODY, cuts=[1000] * 5, **validators)
    with pytest.raises(DownloadError):
        get(server, part)
    newer = server.serve("/file", **{"body": BODY[::-1]} | changed)
    get(server, part)
    assert part.read_bytes() == newer.body
    assert [request.status for request in server.requests[-2:]] == [206, 200]


def test_a_part_that_begins_elsewhere_is_refused_and_fetched_again(server, part):
    served = server.serve("/file", BODY, cuts=[1000], shifted_range=True)
    get(server, part)
    assert part.read_bytes() == served.body
    assert ranges(server) == [None, "bytes=1000-", None]


def test_a_server_that_ignores_range_starts_again_from_zero(server, part):
    server.serve("/file", BODY, cuts=[100_000], ranges=False)
    get(server, part)
    assert part.read_bytes() == BODY
    assert [request.status for request in server.asked("/file")] == [200, 200]


def test_after_the_last_try_the_message_says_how_much_is_there_and_the_next_run_resumes(server, part):
    server.serve("/file", BODY, cuts=[50_000] * 5)
    with pytest.raises(DownloadError) as caught:
        get(server, part)
    assert str(caught.value) == (
        f"{server.url}/file cut the connection; 0.2 MB of 0.3 MB are there: run it again to go on from that point"
    )
    assert names(part) == [".file.part", ".file.part.json"]
    get(server, part)
    assert part.read_bytes() == BODY
    assert ranges(server)[-1] == "bytes=250000-"


def test_what_cannot_be_resumed_is_not_kept(server, part):
    server.serve("/file", BODY, cuts=[50_000] * 5, ranges=False)
    with pytest.raises(DownloadError, match=r"the server cannot resume, so running it again starts anew$"):
        get(server, part)
    assert names(part) == []


def test_tries_that_bring_much_are_not_counted(server, part, monkeypatch):
    monkeypatch.setattr(downloads, "MIN_PROGRESS", 20_000)
    server.serve("/file", BODY, cuts=[20_000] * 14)
    get(server, part)
    assert part.read_bytes() == BODY


def test_a_server_that_cuts_and_cannot_resume_is_given_up_in_the_end(server, part, monkeypatch):
    monkeypatch.setattr(downloads, "MIN_PROGRESS", 20_000)
    server.serve("/file", BODY, cuts=[20_000] * 50, ranges=False)
    with pytest.raises(DownloadError):
        get(server, part)
    assert len(server.requests) <= 7


def test_a_download_that_was_complete_is_known_by_416(server, part):
    server.serve("/file", BODY)
    get(server, part)
    get(server, part)
    assert part.read_bytes() == BODY
    assert [request.status for request in server.requests] == [200, 416]


def test_416_for_a_part_that_is_longer_than_the_file_starts_again(server, part):
    server.serve("/file", BODY, etag=None)
    get(server, part)
    server.serve("/file", BODY[:1000], etag=None)
    get(server, part)
    assert part.read_bytes() == BODY[:1000]
    assert [request.status for request in server.requests] == [200, 416, 200]


@pytest.mark.parametrize("notes", [None, "", '{"url": "http://elsewhere/file"}'])
def test_a_part_of_unknown_origin_is_not_continued(server, part, notes):
    part.write_bytes(b"x" * 1000)
    if notes is not None:
        part.with_name(".file.part.json").write_text(notes)
    server.serve("/file", BODY)
    get(server, part)
    assert part.read_bytes() == BODY
    assert ranges(server) == [None]


def test_server_errors_are_tried_again(server, part):
    server.serve("/file", BODY, fails=[500, 503, 429])
    get(server, part)
    assert part.read_bytes() == BODY


def test_lasting_server_errors_are_named_and_leave_nothing(server, part):
    server.serve("/file", BODY, status=500)
    with pytest.raises(DownloadError) as caught:
        get(server, part)
    assert str(caught.value) == f"{server.url}/file answered 500 Internal Server Error; run it again later"
    assert len(server.requests) == 5
    assert names(part) == []


@pytest.mark.parametrize(
    ("status", "text"), [(404, "does not exist \\(404 Not Found\\)"), (403, "answered 403 Forbidden")]
)
def test_a_refusal_is_not_tried_again(server, part, status, text):
    server.serve("/file", BODY, status=status)
    with pytest.raises(DownloadError, match=text):
        get(server, part)
    assert len(server.requests) == 1
    assert names(part) == []


def test_no_server_is_said_at_once(part):
    url = unused_url()
    with pytest.raises(DownloadError) as caught:
        download(f"{url}/file", part, title="file")
    assert str(caught.value) == f"{url}/file could not be reached ([Errno 111] Connection refused)"
    assert names(part) == []


def test_an_unknown_host_is_named(part):
    with pytest.raises(DownloadError, match=r"^http://nowhere\.invalid/file could not be reached \(.*nowhere"):
        download("http://nowhere.invalid/file", part, title="file")


@pytest.mark.parametrize("url", ["files/x.zip", "ftp://host/x.zip", "http://"])
def test_what_is_no_web_address_is_named(part, url):
    with pytest.raises(DownloadError, match="is no address to download from"):
        download(url, part, title="file")


def test_a_server_that_says_nothing_more_is_left_and_asked_again(server, part, monkeypatch):
    monkeypatch.setattr(downloads, "TIMEOUT", (1, 0.1))
    served = server.serve("/file", BODY, stalls_after=1000)
    with pytest.raises(DownloadError, match=r"sent nothing for 0.1 seconds; 0\.\d+ MB of 0.3 MB are there"):
        get(server, part)
    served.stalls_after = None
    get(server, part)
    assert part.read_bytes() == BODY


def test_room_is_checked_before_the_body_is_read(server, part):
    server.serve("/file", BODY)
    with pytest.raises(
        CineMatchError, match=r"^not enough room in .*: file needs 300000000000\.0 MB and .* MB are free"
    ):
        get(server, part, room=1e12)
    assert names(part) == []


def test_check_room_lets_pass_what_fits(tmp_path):
    check_room(tmp_path, 1, "a byte")


@needs_small_disk
@pytest.mark.parametrize(
    ("length", "text"),
    [(True, "not enough room in"), (False, "[Errno 28] No space left on device")],
)
def test_a_full_disk_leaves_nothing(server, tmp_path, length, text):
    server.serve("/file", BODY, length=length)  # without a length the disk fills up while it is written
    script = f"""
        import sys
        from pathlib import Path
        from cinematch_lib.data.download import download
        disk = Path(sys.argv[1])
        try:
            download("{server.url}/file", disk / "part", title="file")
        except Exception as error:
            print(error, [path.name for path in disk.iterdir()])
    """
    done = on_a_small_disk(tmp_path, 100, script)
    assert done.stdout.strip().endswith("[]"), done.stderr
    assert text in done.stdout

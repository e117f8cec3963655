"""Short texts, such as checksum files, from a server on loopback."""

import pytest
from support.http_files import running

from cinematch_lib.data import download as downloads
from cinematch_lib.data.download import read_text
from cinematch_lib.errors import DownloadError


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(downloads, "PAUSES", (0.01, 0.01, 0.01, 0.01))
    with running() as files:
        yield files


def test_read_text_gives_the_text_or_none(server):
    server.serve("/a.md5", b"abc\n", fails=[502])
    assert read_text(f"{server.url}/a.md5") == "abc\n"
    assert read_text(f"{server.url}/b.md5") is None


def test_read_text_refuses_what_is_long(server):
    server.serve("/a.md5", b"x" * 300_000)
    with pytest.raises(DownloadError, match="a checksum file is short"):
        read_text(f"{server.url}/a.md5")


def test_read_text_gives_up(server):
    server.serve("/a.md5", b"abc", cuts=[1] * 9)
    with pytest.raises(DownloadError, match=r"/a\.md5 cut the connection$"):
        read_text(f"{server.url}/a.md5")
    assert len(server.requests) == 5

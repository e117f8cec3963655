"""Where the shards of a table lie: in a folder, or at a URL of a file system that fsspec knows, such as s3://.

What a file system needs to know, such as keys and endpoints, is taken from fsspec's own settings: its environment
variables, such as ``FSSPEC_S3_KEY``, and files in ``~/.config/fsspec``.
"""

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cinematch_lib.data.download import md5
from cinematch_lib.errors import CineMatchError, require_extra

_NAME = re.compile(r"[^._].*\.(parquet|csv|csv\.gz|csv\.bz2|csv\.xz)", re.IGNORECASE)


def shard_files(folder: Path) -> list[Path]:
    """The shards in a folder, by name: Parquet or CSV, maybe packed. Other and hidden files are none."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file())


def url_in(file: Path) -> str:
    """The URL of a folder of shards, which a file holds as its one line. Raises CineMatchError for other content."""
    lines = file.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    url, *others = [line.strip() for line in lines if line.strip()] or [""]
    scheme, found, rest = url.partition("://")
    if others or not found or not scheme or "?" in url:
        raise CineMatchError(
            f"{file} must hold one line, the URL of a folder of shards, such as s3://bucket/ratings; correct it"
        )
    if "@" in rest.partition("/")[0]:
        raise CineMatchError(
            f"{file} must hold no user name and password, since addresses are shown in messages; put them in fsspec's "
            "settings, such as FSSPEC_S3_KEY and FSSPEC_S3_SECRET"
        )
    return url


def shard_urls(folder: str) -> list[str]:
    """The URLs of the shards at a URL, by name, as `shard_files` has those of a folder.

    Raises MissingExtraError without fsspec, and CineMatchError if there are none or the folder cannot be listed.
    """
    with _at(folder) as (system, path):
        system.invalidate_cache()
        files = [one["name"].rpartition("/")[2] for one in system.ls(path, detail=True) if one["type"] == "file"]
    if not (names := sorted(name for name in files if _NAME.fullmatch(name))):
        raise CineMatchError(f"{folder} has no shards, Parquet or CSV files of ratings; put them there, or correct it")
    inner, chained, outer = folder.partition("::")  # a folder in an archive, and the archive's URL
    return [f"{inner.rstrip('/')}/{name}{chained}{outer}" for name in names]


def shard_name(url: str) -> str:
    """The name of the file at a URL.

    >>> shard_name("s3://bucket/ratings/a.csv"), shard_name("zip://a.csv::file:///tmp/ratings.zip")
    ('a.csv', 'a.csv')
    """
    return url.partition("::")[0].rpartition("/")[2]


def md5_at(url: str) -> str:
    """The MD5 of the file at a URL, as 32 hexadecimal digits. Raises CineMatchError if it cannot be read."""
    with _at(url) as (system, path), system.open(path, "rb") as file:
        return md5(file)


@contextlib.contextmanager
def copied(url: str) -> Iterator[Path]:
    """A copy of the file at a URL, on this machine's disk while the block lasts; errors in it name the URL.

    Raises CineMatchError if the file cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="cinematch-shard-") as folder:
        file = Path(folder) / shard_name(url)
        with _at(url) as (system, path):
            system.get_file(path, str(file))
        try:
            yield file
        except CineMatchError as error:
            raise CineMatchError(str(error).replace(str(file), url)) from None


@contextlib.contextmanager
def _at(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of a URL and the path in it; errors in the block are told as those of reading it."""
    require_extra("cluster", "fsspec")
    from fsspec.core import url_to_fs

    try:
        yield url_to_fs(url)
    except ImportError as error:
        raise CineMatchError(f"{url} cannot be read: {error}, here and on all workers") from None
    except Exception as error:  # each file system has errors of its own
        reason = str(error).partition("\n")[0]
        raise CineMatchError(
            f"{url} cannot be read ({type(error).__name__}: {reason}); correct the URL, or fsspec's settings, such as "
            "FSSPEC_S3_ENDPOINT_URL"
        ) from None

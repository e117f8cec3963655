"""Unpacking zip files of which no member is unsafe."""

import contextlib
import errno
import lzma
import os
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cinematch_lib.errors import CineMatchError

MAX_RATIO = 100  # unpacked to packed; MovieLens's CSVs reach about 5
MAX_MEMBERS = 1000
CHUNK = 1 << 16

# What the standard library raises for a damaged zip; RuntimeError for compressions and features that it does not know.
_FORMAT_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error)
_DAMAGED = (*_FORMAT_ERRORS, EOFError, OverflowError, RuntimeError, ValueError)


@contextlib.contextmanager
def open_zip(path: Path, title: str) -> Iterator[zipfile.ZipFile]:
    """An open zip file whose members are all safe to unpack; `unpack` and `ZipFile.open` check sizes and CRCs.

    Raises CineMatchError, which names `title`, for a file that is no zip, is damaged (also if that is found
    only inside the block) or has an unsafe member: a path outside the folder, a link, an encrypted or repeated
    name, or an implausible compression ratio.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path.stat().st_size, title)
            yield archive
    except (*_DAMAGED, OSError) as error:
        # A wrong offset or stream inside the zip is an OSError too; the others are the disk's.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise CineMatchError(f"{title} is damaged or no zip ({error}); download it again") from None


def unpacked_size(archive: zipfile.ZipFile) -> int:
    """The sum of the members' declared sizes in bytes; `unpack` never writes more."""
    return sum(info.file_size for info in archive.infolist())


def unpack(archive: zipfile.ZipFile, into: Path) -> None:
    """Write every member of a zip from `open_zip` below the folder `into`.

    Raises BadZipFile, which `open_zip` turns into CineMatchError, for a member whose size is not the declared one.
    """
    for info in archive.infolist():
        target = into.joinpath(*PurePosixPath(info.filename).parts)
        if info.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, target.open("xb") as file:
            shutil.copyfileobj(source, file, CHUNK)
            if (size := file.tell()) != info.file_size:
                raise zipfile.BadZipFile(f"{info.filename} has {size} bytes instead of {info.file_size}")
            file.flush()
            os.fsync(file.fileno())  # the content must be on disk before the folder is renamed


def _check_members(archive: zipfile.ZipFile, packed: int, title: str) -> None:
    members = archive.infolist()
    counts = Counter(_fold(info.filename) for info in members)
    files = {_fold(info.filename) for info in members if not info.filename.endswith("/")}
    reasons = ((info.orig_filename, _unsafe_reason(info, counts, files)) for info in members)
    problems = [f"{name!r} {reason}" for name, reason in reasons if reason]
    unpacked = unpacked_size(archive)
    if unpacked > packed * MAX_RATIO:
        problems.append(f"{packed:,} bytes claim to hold {unpacked:,}, more than {MAX_RATIO} times as many")
    if len(members) > MAX_MEMBERS:
        problems.append(f"it holds {len(members):,} files, more than {MAX_MEMBERS:,}")
    if problems:
        raise CineMatchError(f"{title} is not safe, so it was not unpacked: {problems[0]}")


def _unsafe_reason(info: zipfile.ZipInfo, counts: Counter[str], files: set[str]) -> str | None:
    name = info.orig_filename  # as it stands in the zip, before zipfile mends it
    if name.startswith("/") or "\\" in name or ":" in name:
        return "is an absolute path, or has a backslash or a colon"
    if any(part in ("", ".", "..") for part in name.removesuffix("/").split("/")):
        return "is no plain path inside the folder"
    if not name.isprintable():
        return "has a control character"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a special file"
    if info.flag_bits & 0x41:
        return "is encrypted"
    if counts[_fold(name)] > 1:
        return "is there twice"
    if any(str(folder) in files for folder in PurePosixPath(_fold(name)).parents):
        return "lies below what is a file"
    return None


def _fold(name: str) -> str:
    """The name on a file system that ignores case."""
    return unicodedata.normalize("NFC", name.removesuffix("/")).casefold()

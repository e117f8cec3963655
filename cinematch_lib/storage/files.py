"""Files and folders that are replaced atomically: complete, or not at all, even if the process is killed.

A file is written in the same folder under a hidden name and then renamed; the next process that writes it removes what
a killed one left. In the parent of a folder ``PARENT/name`` there may be, hidden, ``.name.new`` (its successor under
construction) and ``.name.old`` (while it is replaced); what a killed process left of these is removed by the next one
(`recover`).
"""

import contextlib
import glob
import hashlib
import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.locks import claim, is_abandoned

Content = bytes | mmap.mmap  # of a file: read, or mapped
_PART = ".part"  # ends the names of files under construction


@contextlib.contextmanager
def atomic_write(path: Path, mode: int = 0o666) -> Iterator[Path]:
    """A temporary path to write to, which replaces `path` when the block ends without an error.

    The file gets the permissions of `mode` that the umask leaves. If the block raises, the temporary file is
    removed and `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}."
    for left in path.parent.glob(f"{glob.escape(prefix)}*{_PART}"):
        if is_abandoned(left):
            left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=_PART, dir=path.parent)
    os.close(handle)
    part = Path(name)
    lock = claim(part)
    try:
        yield part
        part.chmod(permitted(mode))  # mkstemp makes files that only the owner can read
        with part.open("r+b") as written:
            os.fsync(written.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
        os.close(lock)


def permitted(mode: int) -> int:
    """The permissions of `mode` that this process's umask leaves."""
    mask = os.umask(0)
    os.umask(mask)
    return mode & ~mask


def write_text(path: Path, text: str) -> None:
    """Write `text` atomically, as UTF-8 with Unix line ends."""
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def to_json(value: object, indent: int | None = 2) -> str:
    """`value` as JSON, the same text for the same value. Raises ValueError for NaN and infinity."""
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def map_file(path: Path) -> Content:
    """The content of a file, mapped into memory: it is read where it is used, and processes share its pages.

    The file may be removed or replaced by another meanwhile, but not written to.
    """
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, OSError):  # an empty file, or a file system without mappings
            return file.read()


def sha256(data: Content) -> str:
    """The SHA-256 of `data`, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def check_replaceable(folder: Path) -> None:
    """Raise CineMatchError if `folder` is a link or a file, which only its owner should replace."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise CineMatchError(f"{folder} is a link or a file and is not replaced; remove it, then try again")


@contextlib.contextmanager
def staging_dir(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` in which to build its successor; removed after the block."""
    new = _new(folder)
    new.mkdir()
    try:
        yield new
    finally:
        shutil.rmtree(new)


def replace_dir(complete: Path, folder: Path) -> None:
    """Rename `complete` to `folder`; the previous folder is removed afterwards, and restored on failure."""
    old = _old(folder)
    if folder.exists():
        folder.rename(old)
    try:
        complete.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    if old.exists():
        shutil.rmtree(old)


def is_recovered(folder: Path) -> bool:
    """Whether no replacement of `folder` was interrupted."""
    return not _old(folder).exists()


def recover(folder: Path) -> None:
    """Complete or undo an interrupted replacement of `folder`, and remove its temporary folders."""
    old, new = _old(folder), _new(folder)
    if old.exists() and not folder.exists():
        old.rename(folder)
    for rest in (old, new):
        if rest.exists():
            shutil.rmtree(rest)


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _new(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")

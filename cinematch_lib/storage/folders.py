"""A folder is put in place whole, or not at all, also when the process is killed on the way.

Beside ``PARENT/name`` there may be, hidden, ``.name.new`` (it grows there) and ``.name.old`` (it is being
replaced). What a killed process left of these is settled by the next one.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from cinematch_lib.errors import CineMatchError


def check_replaceable(folder: Path) -> None:
    """Raises CineMatchError when `folder` is a link or a file: what a person put there is not replaced."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise CineMatchError(f"{folder} is a link or a file and is not replaced; remove it, then try again")


@contextlib.contextmanager
def staging_dir(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` to build its successor in; it is gone after the block."""
    new = _new(folder)
    new.mkdir()
    try:
        yield new
    finally:
        shutil.rmtree(new)


def replace_dir(whole: Path, folder: Path) -> None:
    """Renames `whole` to `folder`; what was there goes once the new one stands, and stays if that fails."""
    old = _old(folder)
    if folder.exists():
        folder.rename(old)
    try:
        whole.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    if old.exists():
        shutil.rmtree(old)


def is_recovered(folder: Path) -> bool:
    """Whether no replacement of `folder` was broken off in the middle."""
    return not _old(folder).exists()


def recover(folder: Path) -> None:
    """Ends a broken-off replacement: without a new one the old one comes back, and the rest is removed."""
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

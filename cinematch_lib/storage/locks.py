"""Locks of the kernel: one process holds a folder at a time, and what belongs to a living process is known by its lock.

They end with their process, however it ends. Windows has no such locks, and some network file systems neither: there
nothing is locked, and nothing counts as abandoned.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from cinematch_lib.errors import CineMatchError


@contextlib.contextmanager
def folder_lock(parent: Path, refusal: str | None = None) -> Iterator[None]:
    """Hold the lock on `parent` during the block; wait for it if need be, with a message on stderr.

    With a `refusal`, CineMatchError with that text is raised instead of waiting.
    """
    try:
        import fcntl
    except ModuleNotFoundError:
        yield
        return
    handle = os.open(parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if refusal is not None:
                raise CineMatchError(refusal) from None
            print(f"waiting for another process that writes into {parent}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            pass  # some network file systems cannot lock a folder
        yield
    finally:
        os.close(handle)


def claim(path: Path) -> int:
    """Lock a file or folder for this process; returns the handle, whose closing ends the lock."""
    handle = os.open(path, os.O_RDONLY)
    _try_lock(handle)
    return handle


def is_abandoned(path: Path) -> bool:
    """Whether a file or folder that was claimed has no living owner any more."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # it is gone, or somebody else's
        return False
    try:
        return _try_lock(handle)
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ModuleNotFoundError, OSError):
        return False
    return True

"""A lock on a folder that one process holds at a time."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from cinematch_lib.errors import CineMatchError


@contextlib.contextmanager
def folder_lock(parent: Path, refusal: str | None = None) -> Iterator[None]:
    """Hold the lock on `parent` during the block; wait for it if need be, with a message on stderr.

    With a `refusal`, CineMatchError with that text is raised instead of waiting. The lock belongs to the
    kernel and ends with the process. Windows has no such lock; there the block runs without one.
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

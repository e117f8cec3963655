"""A lock on a folder, held by one process at a time."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from cinematch_lib.errors import CineMatchError


@contextlib.contextmanager
def folder_lock(parent: Path, refusal: str | None = None) -> Iterator[None]:
    """Waits until no other process is in such a block for `parent`, and says so on stderr if it must wait.

    With a `refusal` it does not wait, but raises CineMatchError with that text.

    The lock is the kernel's: it ends with the process and leaves no file. Windows has no such lock; there the block
    just runs.
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

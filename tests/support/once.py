"""What takes long to make is made once for all processes that run tests side by side."""

import fcntl
import os
import tempfile
from pathlib import Path


def once_for_all(tmp_path_factory, name, make):
    """The folder that `make(folder)` filled in whichever process came first; the others wait until it is there.

    Where making it fails, those tests fail, and whoever needs it next makes it anew in another folder.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # a worker's folder lies in that of the whole run
    made = base / f"{name}.made"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go of when the file is closed
        if not made.exists():
            folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
            make(folder)
            made.write_text(str(folder))
    return Path(made.read_text())

"""Loaded by Dask in the workers that a command starts (`local.using`)."""

import signal


def dask_setup(worker: object) -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the command: it ends its workers by itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

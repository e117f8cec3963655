"""Loaded by Dask in the workers that a command starts (`local.using`)."""

import signal


def dask_setup(worker: object) -> None:
    """Use one thread for linear algebra, since each processor has a worker, and leave Ctrl-C to the command.

    Ctrl-C reaches all processes of a terminal; the command ends its workers by itself.
    """
    import scipy.linalg  # noqa: F401 it has a library of its own, whose threads are set too
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
    signal.signal(signal.SIGINT, signal.SIG_IGN)

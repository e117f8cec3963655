"""Functions that workers run in tests, and workers and certificates to run them with."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[1]


def square(number):
    return number * number


def killed_once(marker, number):
    """The square of a number; the first worker to come to 5 is killed."""
    if number == 5:
        _die_once(marker)
    return number * number


def scaled_once_killed(marker, part, tile):
    """A part times the number `tile`; the first worker to come to tile 3 is killed."""
    if tile == 3:
        _die_once(marker)
    return part * tile


def blas_threads():
    """The numbers of threads that linear algebra uses in this process."""
    import scipy.linalg  # noqa: F401 it has a library of its own
    from threadpoolctl import threadpool_info

    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def out_of_memory(number):
    """Kills whichever worker runs it."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(number):
    raise ValueError(f"{number} is not wanted")


def ones(rows, columns, density, seed=0):
    """A sparse matrix of ones, CSR float32."""
    from scipy import sparse

    X = sparse.random(rows, columns, density=density, random_state=seed, format="csr", dtype=np.float32)
    X.data[:] = 1
    return X


def weights_and_years(rows, columns, years, density=0.05):
    """Rating weights, sometimes half of them, and behind them a share for each year: CSR float32."""
    from scipy import sparse

    rng = np.random.default_rng(1)
    weights = ones(rows, columns, density)
    weights.data[:] = rng.choice([0.15, 0.3, 0.5, 0.6, 1.0, 1.2], weights.nnz)
    shares = rng.dirichlet(np.ones(years), rows)
    return sparse.hstack([weights, shares], format="csr", dtype=np.float32)


def _die_once(marker):
    with contextlib.suppress(FileExistsError):
        Path(marker).touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)


@contextlib.contextmanager
def scheduler(**options):
    """A scheduler without workers; yields its address."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", **options) as cluster:
        yield cluster.scheduler_address


@contextlib.contextmanager
def worker(address, folder, *options, first_on_path=None):
    """A worker of the scheduler at `address`, as a process; it looks for modules in `first_on_path` first."""
    path = os.pathsep.join(str(one) for one in (first_on_path, TESTS) if one)
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard", "--nthreads", "1"]
    process = subprocess.Popen(
        [*command, "--local-directory", str(folder), *options],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def certificate(folder):
    """The files of a certificate of one's own and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-days", "2"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, *subject]
    subprocess.run(command, check=True, capture_output=True)
    return str(cert), str(key)

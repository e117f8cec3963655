"""The connection to a Dask scheduler: found by an environment variable, checked, and used by all functions here.

TLS and other options of Dask are taken from its own settings, such as ``DASK_DISTRIBUTED__COMM__TLS__CA_FILE``.
"""

import functools
import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cinematch_lib.errors import CineMatchError, require_extra

if TYPE_CHECKING:
    from distributed import Client

SCHEDULER = "CINEMATCH_SCHEDULER"  # the environment variable with the scheduler's address
_CONNECT_SECONDS, _ANSWER_SECONDS = 5, 4  # together below 10
_PACKAGES = ("cinematch-lib", "numpy", "scipy", "pandas", "dask", "distributed")
# What Dask raises: TypeError for TLS without a certificate, AssertionError if its thread does not start in ten seconds.
_NO_CONNECTION = (OSError, ValueError, TypeError, RuntimeError, AssertionError)
WITHOUT_WORKERS = 60  # seconds that a lost worker has to start again
_SHARE = 0.8  # of a worker's memory that may be planned with; Dask pauses a worker that holds more


def is_used() -> bool:
    """Whether there is a scheduler to work with."""
    return bool(os.environ.get(SCHEDULER))


def client() -> "Client":
    """The client of the scheduler; connected and checked at the first call. Raises as `connect` does."""
    return _connected(os.environ[SCHEDULER])


@functools.cache
def _connected(address: str) -> "Client":
    return connect(address)


def connect(address: str) -> "Client":
    """A new client of the scheduler at `address`, such as ``tcp://host:8786``, whose workers were checked.

    Raises MissingExtraError without Dask, and within ten seconds CineMatchError if there is no scheduler, if it has
    no workers, or if a worker has other versions of Python or of the packages that take part.
    """
    require_extra("cluster", "distributed")
    import dask
    from distributed import Client

    # Parts of matrices are stored with their tasks on purpose: the scheduler sends them again when a worker is lost.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "100GB"})
    try:
        with warnings.catch_warnings(action="ignore"):  # of versions that differ, which is an error below
            new = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except _NO_CONNECTION as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise CineMatchError(
            f"there is no Dask scheduler at {address} ({reason}); start one (dask scheduler), or correct --scheduler. "
            "For TLS, set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and the client's certificate and key"
        ) from None
    try:
        _check_versions(new, address)
    except BaseException:
        new.close(timeout=1)
        raise
    return new


def workers(of: "Client") -> dict[str, dict[str, Any]]:
    """The workers of a client's scheduler by address, sorted: name, memory_limit (bytes), nthreads and more."""
    return dict(sorted(of.scheduler_info(n_workers=-1)["workers"].items()))


def present_workers(of: "Client") -> dict[str, dict[str, Any]]:
    """The `workers`, at least one: lost ones are waited for. Raises CineMatchError after a minute without any."""
    try:
        of.wait_for_workers(1, timeout=WITHOUT_WORKERS)
    except TimeoutError:
        raise no_workers(of) from None
    return workers(of)


def no_workers(of: "Client") -> CineMatchError:
    """What is raised when a client's scheduler has had no worker for too long."""
    return CineMatchError(
        f"the scheduler at {of.scheduler.address} has had no worker for {WITHOUT_WORKERS} seconds; start workers, and "
        "run the step again"
    )


def worker_memory() -> float:
    """The bytes of the smallest worker; infinite if no worker has a limit. Raises as `present_workers` does."""
    return min(one["memory_limit"] or float("inf") for one in present_workers(client()).values())


def check_worker_memory(needed: float, what: str, remedy: str) -> None:
    """Raise CineMatchError with the numbers if a worker lacks the bytes `needed`, which `what` takes on each."""
    limit = worker_memory()
    if needed > _SHARE * limit:
        raise CineMatchError(
            f"{what} need {needed / 1e9:.1f} GB on each worker, and of the {limit / 1e9:.1f} GB of the smallest one "
            f"{_SHARE:.0%} may be used; {remedy}"
        )


def _check_versions(of: "Client", address: str) -> None:
    from distributed.utils import TimeoutError as NoAnswer

    try:
        found = of.sync(of._get_versions, packages=list(_PACKAGES), callback_timeout=_ANSWER_SECONDS)
    except (NoAnswer, OSError):
        raise CineMatchError(
            f"the workers of {address} did not answer in {_ANSWER_SECONDS} seconds; see whether "
            "they are alive, and start them again"
        ) from None
    if not found["workers"]:
        raise CineMatchError(f"the scheduler at {address} has no workers; start some: dask worker {address}")
    ours, differences = _versions(found["client"]), []
    for worker, answer in sorted(found["workers"].items()):
        theirs = _versions(answer)
        differences += [f"{worker} has {_differing(ours, theirs)}"] if theirs != ours else []
    if differences:
        raise CineMatchError(
            f"workers of {address} have other versions than this process: {_first(differences)}; install the same "
            "lock everywhere (requirements.lock)"
        )


def _versions(answer: Any) -> dict[str, str]:
    if not isinstance(answer, dict):
        return {}
    python = ".".join(str(answer["host"]["python"]).split(".")[:2])
    return {"Python": python} | {name: answer["packages"].get(name) or "none" for name in _PACKAGES}


def _differing(ours: dict[str, str], theirs: dict[str, str]) -> str:
    wrong = [
        f"{name} {theirs.get(name, 'unknown')} (here {one})" for name, one in ours.items() if theirs.get(name) != one
    ]
    return ", ".join(wrong)


def _first(differences: Sequence[str], most: int = 3) -> str:
    more = f", and {len(differences) - most} more" if len(differences) > most else ""
    return "; ".join(differences[:most]) + more

"""The cost of a step in seconds and megabytes, and the number of threads of linear algebra."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits


@dataclass
class Timer:
    """The wall-clock time of a block in seconds; 0 until it has ended."""

    seconds: float = 0.0


@contextmanager
def timer() -> Iterator[Timer]:
    """Time a block of code: afterwards, `seconds` of the yielded Timer holds the duration."""
    took, began = Timer(), time.perf_counter()
    try:
        yield took
    finally:
        took.seconds = time.perf_counter() - began


def megabytes(thing: Any) -> float:
    """The size of all arrays that `thing` contains, directly or through attributes, each counted once.

    What an object would not take along to another process (``__getstate__``) does not count.

    >>> megabytes(np.zeros(250_000, dtype=np.float32))
    1.0
    """
    return _bytes(thing, set()) / 1e6


def _bytes(thing: Any, seen: set[int]) -> int:
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        base = thing if thing.base is None or not isinstance(thing.base, np.ndarray) else thing.base
        counted = id(base) in seen and base is not thing
        seen.add(id(base))
        return 0 if counted else base.nbytes
    if sparse.issparse(thing):
        return sum(_bytes(getattr(thing, name), seen) for name in ("data", "indices", "indptr") if hasattr(thing, name))
    if isinstance(thing, dict | list | tuple):
        parts = thing
    else:
        has_own_state = type(thing).__getstate__ is not object.__getstate__
        parts = (thing.__getstate__() if has_own_state else getattr(thing, "__dict__", {})) or {}
    return sum(_bytes(one, seen) for one in (parts.values() if isinstance(parts, dict) else parts))


_MANY = 1_000_000  # ratings


def threads_for(ratings: int) -> AbstractContextManager[Any]:
    """A context in which linear algebra uses one thread if there are fewer than a million `ratings`, else all.

    With small matrices the threads mostly wait for one another: on two busy cores, training on the sample took 94
    seconds with two threads and 15 with one.
    """
    return threadpool_limits(1, user_api="blas") if ratings < _MANY else nullcontext()

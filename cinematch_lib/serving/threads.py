"""Threads for routes that wait for the store or work for long, so that other routes need not wait for them."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import Generic, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cinematch_lib.serving.database import StoreError
from cinematch_lib.serving.responses import error_response

_THREADS = 64
_P = ParamSpec("_P")
_T = TypeVar("_T")


class OwnThreads:
    """Runs routes in threads of their own; those that read and those that change need others.

    Where all are taken, a route is refused at once, so that no change waits longer than one for the store may.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, "store")
        self._running = 0

    def run(self, route: Callable[_P, Response]) -> Callable[_P, Awaitable[Response]]:
        """The route as a coroutine function that runs it in a thread. Raises StoreError."""

        @wraps(route)
        async def run(*arguments: _P.args, **named: _P.kwargs) -> Response:
            if self._running >= _THREADS:
                raise StoreError("too many requests wait for the store; try again later")
            self._running += 1
            try:
                call = partial(route, *arguments, **named)
                return await asyncio.get_running_loop().run_in_executor(self._pool, call)
            finally:
                self._running -= 1

        return run


class SharedCall(Generic[_T]):
    """Calls `function` in a thread of its own; who asks while it runs gets the result of that call."""

    def __init__(self, function: Callable[[], _T]) -> None:
        self._function = function
        self._pool = ThreadPoolExecutor(1, "check")
        self._running: asyncio.Future[_T] | None = None

    async def result(self) -> _T:
        """The result of the call. Raises what it raises."""
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().run_in_executor(self._pool, self._function)
        return await asyncio.shield(self._running)


class FewAtOnce:
    """Runs slow work in threads, `at_once` at a time, which bounds its memory and leaves threads to other requests.

    Up to `waiting` of the requests, which are called `name`, wait for their turn; more are refused with status 503.
    """

    def __init__(self, name: str, at_once: int, waiting: int) -> None:
        self._turns, self._most, self._n = asyncio.Semaphore(at_once), at_once + waiting, 0
        self._refusal = f"{waiting} {name} are waiting; try again"

    async def run(self, work: Callable[_P, Response], *arguments: _P.args, **named: _P.kwargs) -> Response:
        """The response of `work`, or the refusal."""
        if self._n >= self._most:
            return error_response(503, self._refusal, {"Retry-After": "5"})
        self._n += 1
        try:
            async with self._turns:
                return await run_in_threadpool(work, *arguments, **named)
        finally:
            self._n -= 1

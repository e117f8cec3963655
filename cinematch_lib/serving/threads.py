"""Threads for routes that may wait for the store, so that other routes need not wait for them."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import ParamSpec

from starlette.responses import Response

from cinematch_lib.serving.database import StoreError

_THREADS = 64
_P = ParamSpec("_P")


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

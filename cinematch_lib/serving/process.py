"""One server process: the application under uvicorn. It ends in time after a signal, whatever hangs."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from cinematch_lib.serving.connections import BACKLOG, LimitedProtocol

# Seconds between switches of threads, by default 0.005: a request waits for a dozen while a thread loads a run.
_SWITCH_SECONDS = 0.0005
_CLOSE_SECONDS = 0.05  # between two rounds of closing connections, after a signal to stop
_PENDING = 1024  # connections that wait to be accepted; one more would try again after a second
_DRAIN_SECONDS = 4  # time that requests in flight have after a signal to stop
_END_SECONDS = 4.5  # after which the process ends in the middle of whatever it does


@dataclass(frozen=True)
class Settings:
    """What a server process is started with; `options` are further arguments of `create_app`."""

    artifacts_dir: Path
    state_dir: Path | str  # or the address of a PostgreSQL database
    log_level: str = "info"
    proxies: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def create_app(self) -> FastAPI:
        """The application. Raises CineMatchError."""
        from cinematch_lib.serving.app import create_app  # a worker names its folder of metrics before

        return create_app(self.artifacts_dir, self.state_dir, **self.options)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_PENDING)
    # Accepted connections inherit this option. asyncio sets it only for sockets that name their protocol, which these
    # do not; without it the body of a response waits about 40 ms for the acknowledgement of the headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def serve(app: FastAPI, listener: socket.socket, settings: Settings, *, accept: int = BACKLOG) -> None:
    """Answer requests until SIGTERM, SIGINT or SIGHUP; a pass of the event loop accepts `accept` connections."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    config = uvicorn.Config(
        app,
        http=LimitedProtocol,
        backlog=accept,
        loop="asyncio",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
    )
    running = _Server(config)
    signal.signal(signal.SIGHUP, running.handle_exit)  # as the others, which uvicorn handles itself
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has finished its requests, and raises the signal again
        running.run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's server, which waits neither for threads nor for the store for longer than _END_SECONDS."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(_PENDING)  # asyncio has set it to the number of connections that it accepts in a pass

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the requests in flight, and close the connections.

        uvicorn closes those that it has. One that was accepted in the same moment would go on to send requests, of
        which the last would be cut off.
        """
        closing = asyncio.create_task(self._close_new_connections(set(self.server_state.connections)))
        try:
            await super().shutdown(sockets)
        finally:
            closing.cancel()

    async def _close_new_connections(self, known: set[Any]) -> None:
        while True:
            await asyncio.sleep(_CLOSE_SECONDS)
            for connection in self.server_state.connections - known:
                known.add(connection)
                connection.shutdown()  # after the response, if one is due

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop. Writes that were acknowledged are on the disk, so that the process may end at any time."""
        if not self.should_exit:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)  # which ends the process, whatever it does and holds
            signal.setitimer(signal.ITIMER_REAL, _END_SECONDS)
        super().handle_exit(sig, frame)

"""Several server processes on one socket: started anew where they die, given new runs together, ended together."""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from multiprocessing.connection import Connection, wait
from multiprocessing.process import parent_process
from types import FrameType

from cinematch_lib.errors import CineMatchError
from cinematch_lib.serving.logs import write_logs
from cinematch_lib.serving.process import Settings, serve
from cinematch_lib.serving.store import Store

_SWAP_SECONDS = 10.0  # that a worker waits for the others before it serves a new run
_RESTART_SECONDS = 1.0  # until a worker that could not start is started again
_END_SECONDS = 4.6  # until workers that have not ended are killed
_TICK_SECONDS = 0.1

_log = logging.getLogger("cinematch.serving")
_spawn = multiprocessing.get_context("spawn")  # a fork would share the locks and threads of this process


class Workers:
    """`n` server processes with one store, which answer requests to `listener`. Raises CineMatchError.

    A run is served when all workers have loaded it, so that they change within milliseconds of each other.
    """

    def __init__(self, n: int, listener: socket.socket, settings: Settings) -> None:
        self._n, self._listener, self._settings = n, listener, settings
        self._workers: list[_Worker] = []
        self._stopping = False

    def run(self, url: str) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP."""
        Store(self._settings.state_dir).close()  # created, migrated and checked before others open it
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        with tempfile.TemporaryDirectory(prefix="cinematch-metrics-") as self._metrics:
            try:
                self._workers = [self._start() for _ in range(self._n)]
                while not self._stopping and not all(one.run for one in self._workers):
                    self._hear()
                    if failed := next((one for one in self._workers if one.is_dead), None):
                        failed.hear()
                        raise CineMatchError(failed.error or f"a worker ended with {failed.process.exitcode}")
                _log.info("serving", extra={"url": url, "workers": self._n})
                while not self._stopping:
                    self._hear()
                    self._replace_dead()
                    self._swap()
            finally:
                self._end()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self) -> "_Worker":
        return _Worker(self._listener, self._settings, self._metrics)

    def _hear(self) -> None:
        """Take what workers report, for a moment."""
        channels = {one.channel: one for one in self._workers if not one.is_dead}
        for ready in wait([*channels, *(one.process.sentinel for one in channels.values())], _TICK_SECONDS):
            if isinstance(ready, Connection):
                channels[ready].hear()

    def _replace_dead(self) -> None:
        for at, one in enumerate(self._workers):
            if one.is_dead and (one.run or time.monotonic() > one.started + _RESTART_SECONDS):
                one.hear()
                self._workers[at] = new = self._start()
                fields = {"pid": one.process.pid, "exit_code": one.process.exitcode, "new_pid": new.process.pid}
                _log.error("worker died, started again", extra=fields | ({"reason": one.error} if one.error else {}))
                one.channel.close()

    def _swap(self) -> None:
        """Let the workers serve the run that all of them have loaded."""
        runs = {one.run for one in self._workers}
        if len(runs) == 1 and None not in runs and any(one.waits for one in self._workers):
            for one in self._workers:
                one.release()

    def _end(self) -> None:
        self._listener.close()
        end = time.monotonic() + _END_SECONDS
        for one in self._workers:
            one.process.terminate()
        for one in self._workers:
            one.process.join(max(0.0, end - time.monotonic()))
        for one in self._workers:
            one.process.kill()
            one.process.join()


class _Worker:
    """One worker: its `process`, the `run` that it loaded last, whether it `waits` to serve it, and its `error`."""

    def __init__(self, listener: socket.socket, settings: Settings, metrics: str) -> None:
        self.channel, theirs = _spawn.Pipe()
        self.process = _spawn.Process(target=_work, args=(theirs, listener, settings, metrics))
        self.process.start()
        theirs.close()
        self.started = time.monotonic()
        self.run: str | None = None
        self.error: str | None = None
        self.waits = False

    @property
    def is_dead(self) -> bool:
        """Whether it has ended."""
        return self.process.exitcode is not None

    def hear(self) -> None:
        """Take its reports."""
        with contextlib.suppress(EOFError, OSError):  # it has died
            while self.channel.poll():
                kind, value = self.channel.recv()
                if kind == "error":
                    self.error = value
                else:
                    self.run, self.waits = value, kind == "loaded"

    def release(self) -> None:
        """Let it serve the run."""
        if self.waits:
            self.waits = False
            with contextlib.suppress(OSError):
                self.channel.send(self.run)


def _work(channel: Connection, listener: socket.socket, settings: Settings, metrics: str) -> None:
    """Be a worker."""
    os.setpgrp()  # Ctrl-C reaches the parent alone, which ends all
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics  # prometheus_client reads it when it is imported
    threading.Thread(target=_end_with_parent, args=(metrics,), daemon=True).start()
    write_logs(settings.log_level)

    async def wait_for_others(run_id: str) -> None:
        channel.send(("loaded", run_id))
        await asyncio.to_thread(_wait_for, channel, run_id)

    try:
        app = settings.create_app()
    except CineMatchError as error:
        channel.send(("error", str(error)))
        return
    app.state.live.before_swap = wait_for_others
    channel.send(("serves", app.state.live.current.info.run_id))
    serve(app, listener, settings, accept=1)  # more would leave few connections to the other workers


def _wait_for(channel: Connection, run_id: str) -> None:
    """Wait until all workers have loaded the run, or one of them takes too long."""
    end = time.monotonic() + _SWAP_SECONDS
    with contextlib.suppress(EOFError, OSError):  # the parent has ended
        while channel.poll(max(0.0, end - time.monotonic())):
            if channel.recv() == run_id:
                return


def _end_with_parent(metrics: str) -> None:
    """End this worker when its parent has been killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(metrics, ignore_errors=True)
        os.kill(os.getpid(), signal.SIGTERM)

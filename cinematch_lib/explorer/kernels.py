"""The kernels of the analyst's page: few for those who look at it, and a spare one that has executed the notebook."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import traitlets
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError

from cinematch_lib.artifacts.runs import CURRENT
from cinematch_lib.pipeline.folders import Folders

MOST_KERNELS = 3
IDLE_SECONDS = 120  # that a kernel without a page is kept
SPARE_SECONDS = 600  # that a spare kernel is kept after the last page
CHECK_SECONDS = 30
_CANCEL_SECONDS = 1  # that an interrupted execution has to end
_FULL = (
    f"{MOST_KERNELS} pages are open already, each with a process of its own. Close one and load this page again. The "
    f"processes of pages that were not closed in a browser end after {IDLE_SECONDS // 60} minutes."
)

Inputs = frozenset[tuple[Path, int]]


def inputs_of(folders: Folders) -> Inputs:
    """What a page is made from: the files of the data sets, the current run and the list of runs, with their times."""
    artifacts_dir = folders.artifacts_dir
    read = chain(folders.raw_dir.glob("*"), folders.raw_dir.glob("*/*"), artifacts_dir.glob(CURRENT))
    return frozenset(_times(chain(read, artifacts_dir.glob("runs"))))


def _times(paths: Iterator[Path]) -> Iterator[tuple[Path, int]]:
    for path in paths:
        try:
            yield path, path.stat().st_mtime_ns
        except FileNotFoundError:  # just removed
            continue


class FewKernels(AsyncMappingKernelManager):
    """Starts kernels for MOST_KERNELS pages at most and ends those without a page.

    Voilà derives from this class one whose pool holds the spare kernel: it has executed the notebook before anyone asks
    for it, and the next page takes it. The spare kernel ends when the inputs of the page change, or when nobody has
    looked at a page for `spare_seconds`; while somebody looks, there is a new one as soon as the inputs stay the same.
    """

    folders: Folders = traitlets.Instance(Folders, help="What the page reads").tag(config=True)
    spare_seconds = traitlets.Int(SPARE_SECONDS, help="Seconds that the spare kernel is kept after the last page").tag(
        config=True
    )
    _pools: dict[str, list[asyncio.Task[dict[str, Any]]]]
    fill_if_needed: Callable[..., None]
    notebook_path: str

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._starting = asyncio.Lock()
        self._looked = time.monotonic()
        self._of_spare = self._seen = inputs_of(self.folders)

    async def start_kernel(self, **options: Any) -> str:
        """Start a kernel, for a page or as the spare one; returns its id. Raises HTTPError for too many pages."""
        async with self._starting:
            if options["env"]["VOILA_PREHEAT"] == "True":
                self._of_spare = inputs_of(self.folders)
            else:
                self._check_room()
            return await super().start_kernel(**options)

    async def admit(self) -> None:
        """Make ready for one more page, so that it takes the spare kernel if that one shows what there is now.

        Raises HTTPError if too many pages are open.
        """
        self._looked = time.monotonic()
        async with self._starting:
            self._check_room()
        if spare := self._spare:
            await asyncio.wait(spare)
        if await self._is_stale(inputs_of(self.folders)):
            await self.end_spare()
        for task in self._usable:
            self._kernels[task.result()["kernel_id"]].last_activity = datetime.now(UTC)  # else it counts as idle

    async def prepared(self) -> None:
        """Wait until the spare kernel has executed the notebook, or could not."""
        for starting in self._spare:
            await asyncio.wait([starting])
            if starting.exception() is None:
                await asyncio.wait([starting.result()["task"]])

    async def end_spare(self) -> None:
        """End the spare kernel if there is one."""
        pool = self._pools.get(self.notebook_path, [])
        while pool:
            (ended,) = await asyncio.gather(pool.pop(), return_exceptions=True)
            if not isinstance(ended, BaseException):  # else it was not started
                ended["task"].cancel()
                await asyncio.wait([ended["task"]], timeout=_CANCEL_SECONDS)
                await self.shutdown_kernel(ended["kernel_id"], now=True)

    def refill(self) -> None:
        """Start a spare kernel if there is none."""
        self.fill_if_needed(notebook_name=self.notebook_path)

    async def cull_kernels(self) -> None:
        """End the kernels without a page, and the spare one if it is of no use; called again and again."""
        await super().cull_kernels()
        if self._pages:
            self._looked = time.monotonic()
        inputs = inputs_of(self.folders)
        if await self._is_stale(inputs) or time.monotonic() - self._looked > self.spare_seconds:
            await self.end_spare()
        elif inputs == self._seen:  # nothing is being written
            self.refill()
        self._seen = inputs

    @property
    def _spare(self) -> list[asyncio.Task[dict[str, Any]]]:
        return list(self._pools.get(self.notebook_path, ()))

    @property
    def _usable(self) -> list[asyncio.Task[dict[str, Any]]]:
        return [task for task in self._spare if task.done() and task.exception() is None]

    @property
    def _pages(self) -> int:
        return len(self) - len(self._usable)

    def _check_room(self) -> None:
        if self._pages >= MOST_KERNELS:
            raise HTTPError(503, _FULL)

    async def _is_stale(self, inputs: Inputs) -> bool:
        """Whether the spare kernel could not be started, ended by itself, or read other inputs."""
        done = [task for task in self._spare if task.done()]
        alive = [await self.get_kernel(task.result()["kernel_id"]).is_alive() for task in self._usable]
        return bool(done) and (len(done) > sum(alive) or inputs != self._of_spare)

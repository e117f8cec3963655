"""The run that is served. A new current run is loaded in the background, checked, and swapped in at once."""

import asyncio
import contextlib
import ctypes
import gc
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from cinematch_lib.artifacts.manifest import REMEDY, RunInfo
from cinematch_lib.artifacts.refresh_record import RefreshRecord, read_refresh
from cinematch_lib.artifacts.runs import Run, current_run_id
from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.serving.list_maker import ListMaker
from cinematch_lib.serving.responses import ResponseBuilder

REFRESH_SECONDS = 1.0  # between two checks of which run is current
RETRY_SECONDS = 60.0  # until a refused run is tried again, since it may have been repaired
_MAX_NAME = 100  # letters of the file that names the current run, which may be any file
_GC_THRESHOLD = 20_000  # new objects, as many as some requests make; their garbage rarely has cycles

_log = logging.getLogger("cinematch.serving")


@dataclass(frozen=True)
class LoadedRun:
    """One run in memory. A request takes it once and uses no other."""

    recommender: Recommender
    responses: ResponseBuilder
    info: RunInfo

    @cached_property
    def lists(self) -> ListMaker:
        """What makes the JSON lists of this run."""
        return ListMaker(self.recommender, self.responses)

    @classmethod
    def load(cls, artifacts_dir: Path) -> "LoadedRun":
        """The current run, verified and tried out. Raises CineMatchError."""
        return cls.of(Run.current(artifacts_dir))

    @classmethod
    def of(cls, run: Run, *, with_embeddings: bool = True) -> "LoadedRun":
        """A run, tried out. Raises CineMatchError."""
        try:
            recommender = Recommender.from_run(run, with_embeddings=with_embeddings)
            loaded = cls(recommender, ResponseBuilder(recommender.median_runtime), run.info)
            loaded._try_out()
        except CineMatchError:
            raise
        except Exception as error:  # a run sealed by another program may contain anything
            raise CineMatchError(
                f"the run {run.info.run_id} cannot be served ({type(error).__name__}: {error}); {REMEDY}"
            ) from error
        return loaded

    def _try_out(self) -> None:
        """Recommend, explain and encode a few films, without and with liked films."""
        found = self.recommender.recommend(Preferences())
        self.responses.recommendations(found, with_reasons=True)
        liked = Preferences(liked_movie_ids=[one.movie_id for one in found[:3]])
        self.responses.recommendations(self.recommender.recommend(liked), with_reasons=True)

    def warm_up(self) -> None:
        """Build what searches need, so that the first one need not wait for it."""
        self.recommender.search("a film that nobody made")
        self.recommender.left_out("a film that nobody made")

    @property
    def age_seconds(self) -> int:
        """The time since the run was made."""
        return max(0, int((datetime.now(UTC) - datetime.fromisoformat(self.info.created)).total_seconds()))


class LiveRun:
    """The run that is served, `current`, and its replacement when the current run under `artifacts_dir` changes.

    `refused` is the id of the newest run if it could not be served, else None. `before_swap` is awaited with the id of
    a run that is ready to be served.
    """

    def __init__(self, artifacts_dir: Path) -> None:
        """Load the current run. Raises CineMatchError."""
        self._artifacts_dir = artifacts_dir
        self._pointer = _pointer_stamp(artifacts_dir)  # before loading, so that a change meanwhile is noticed
        self.current = LoadedRun.load(artifacts_dir)
        self.refused: str | None = None
        self.before_swap: Callable[[str], Awaitable[None]] = _no_wait
        self._retry_at = float("inf")

    def last_refresh(self) -> RefreshRecord | None:
        """What the last ``cinematch refresh`` of these artifacts did; None where there was none."""
        return read_refresh(self._artifacts_dir)

    async def follow(self) -> None:
        """Call `refresh` every REFRESH_SECONDS, for ever."""
        gc.set_threshold(_GC_THRESHOLD)
        freeze()
        await asyncio.to_thread(self.current.warm_up)
        freeze()
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except Exception:  # the served run stays, and the next refresh may succeed
                _log.exception("refresh failed")

    async def refresh(self) -> None:
        """Serve the current run if it has changed and can be loaded."""
        pointer, clock = _pointer_stamp(self._artifacts_dir), asyncio.get_running_loop().time()
        if pointer == self._pointer and clock < self._retry_at:
            return
        is_retry, self._pointer = pointer == self._pointer, pointer
        try:
            if await asyncio.to_thread(current_run_id, self._artifacts_dir) != self.current.info.run_id:
                await self._swap()
            self.refused, self._retry_at = None, float("inf")
        except (CineMatchError, OSError) as error:
            self.refused, self._retry_at = _named_run(self._artifacts_dir), clock + RETRY_SECONDS
            if not is_retry:
                fields = {"run": self.refused, "reason": str(error), "still": self.current.info.run_id}
                _log.error("run refused", extra=fields)

    async def _swap(self) -> None:
        loaded = await asyncio.to_thread(LoadedRun.load, self._artifacts_dir)
        await asyncio.to_thread(loaded.warm_up)
        await self.before_swap(loaded.info.run_id)
        self.current, self.refused = loaded, None
        gc.unfreeze()  # the old run is garbage now
        await asyncio.to_thread(gc.collect)
        await asyncio.to_thread(freeze)
        _log.info("run swapped", extra={"run": self.current.info.run_id, "films": len(self.current.recommender)})


async def _no_wait(run_id: str) -> None:
    """Serve a run as soon as it is ready."""


def freeze() -> None:
    """Exclude all existing objects from garbage collection and return free memory to the system.

    A run is some 100,000 permanent objects; each full collection would spend 0.1 s on them.
    """
    gc.freeze()
    with contextlib.suppress(OSError, AttributeError):  # malloc_trim exists only in glibc
        ctypes.CDLL(None).malloc_trim(0)


def _named_run(artifacts_dir: Path) -> str:
    """The id of the run that is named the current one; ``none``, or ``unreadable`` where that cannot be read."""
    try:
        return (current_run_id(artifacts_dir) or "none")[:_MAX_NAME]
    except OSError:
        return "unreadable"


def _pointer_stamp(artifacts_dir: Path) -> tuple[int, int] | None:
    """A value that changes when the file that names the current run is replaced."""
    with contextlib.suppress(OSError):
        found = (artifacts_dir / "current").stat()
        return found.st_ino, found.st_mtime_ns
    return None

"""The run that is served, and its successor: loaded beside it, checked, then put in its place at once."""

import asyncio
import contextlib
import ctypes
import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path

from cinematch_lib.artifacts.manifest import REMEDY, RunInfo
from cinematch_lib.artifacts.runs import Run, current_run_id
from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.films import Preferences
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.serving.answers import ResponseBuilder

LOOK_EVERY = 1.0  # seconds between two looks at which run is current
_REMEMBERED = 512  # answers, of some ten or twenty kilobytes each
_COLLECT_AFTER = 20_000  # new objects, which is some requests: what they leave hardly ever needs the collector
_TRY_AGAIN = 60.0  # seconds until a run that was refused is tried again, for somebody may have mended it

_log = logging.getLogger("cinematch.serving")


@dataclass(frozen=True)
class Served:
    """One run as it is served. A request takes hold of it once and uses no other."""

    recommender: Recommender
    answers: ResponseBuilder
    info: RunInfo

    @cached_property
    def recommended(self) -> Callable[[Preferences, int, bool], tuple[bytes, int]]:
        """A function of preferences, how many films, and whether their reasons come too: a JSON list, its length.

        The last answers are remembered: a page that is opened again, and whoever names no preference, ask the same.
        """

        @lru_cache(maxsize=_REMEMBERED)
        def recommended(preferences: Preferences, k: int, with_reasons: bool) -> tuple[bytes, int]:
            found = self.recommender.recommend(preferences, k)
            return self.answers.recommended(found, with_reasons=with_reasons), len(found)

        return recommended

    @classmethod
    def load(cls, artifacts_dir: Path) -> "Served":
        """The current run, verified, and tried with a request of each kind. Raises CineMatchError."""
        run = Run.current(artifacts_dir)
        try:
            recommender = Recommender.of_run(run)
            served = cls(recommender, ResponseBuilder(recommender.median_runtime), run.info)
            served.try_out()
        except CineMatchError:
            raise
        except Exception as error:  # a run sealed by another program may hold anything
            raise CineMatchError(
                f"the run {run.info.run_id} cannot be served ({type(error).__name__}: {error}); {REMEDY}"
            ) from error
        return served

    def try_out(self) -> None:
        """Recommend, explain and write down a few films."""
        recommender, answers = self.recommender, self.answers
        found = recommender.recommend(Preferences())
        answers.recommended(found, with_reasons=True)
        like_it = Preferences(liked_movie_ids=[one.movie_id for one in found[:3]])
        answers.recommended(recommender.recommend(like_it), with_reasons=True)

    def warm_up(self) -> None:
        """Build what the first search would wait for."""
        self.recommender.search("a film that nobody made")

    @property
    def age_seconds(self) -> int:
        """The time since the run was made."""
        return max(0, int((datetime.now(UTC) - datetime.fromisoformat(self.info.created)).total_seconds()))


class LiveRun:
    """The current run under `artifacts_dir`, as `now`, followed when it changes.

    `refused` is the id of the newest run where it could not be served, else None. `on_change` is called after
    each swap or refusal.
    """

    def __init__(self, artifacts_dir: Path) -> None:
        """Load the current run. Raises CineMatchError."""
        self._artifacts_dir = artifacts_dir
        self.now = Served.load(artifacts_dir)
        self.refused: str | None = None
        self.on_change: Callable[[], None] = lambda: None
        self._seen = _stamp(artifacts_dir)
        self._try_again_at = float("inf")

    async def follow(self) -> None:
        """Look for a new run now and then, for ever."""
        gc.set_threshold(_COLLECT_AFTER)
        _set_apart()
        await asyncio.to_thread(self.now.warm_up)
        _set_apart()
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look()
            except Exception:  # whatever it was, the run that is served goes on, and the next look may do better
                _log.exception("look failed")

    async def look(self) -> None:
        """Serve the current run, if that is another one by now and it is sound."""
        stamp, clock = _stamp(self._artifacts_dir), asyncio.get_running_loop().time()
        if stamp == self._seen and clock < self._try_again_at:
            return
        again, self._seen = stamp == self._seen, stamp
        try:
            if await asyncio.to_thread(current_run_id, self._artifacts_dir) == self.now.info.run_id:
                self.refused = None
            else:
                self.now = await asyncio.to_thread(_loaded_warm, self._artifacts_dir)
                self.refused = None
                await asyncio.to_thread(_free_the_run_that_went)
                _log.info("current run", extra={"run": self.now.info.run_id, "films": len(self.now.recommender)})
            self._try_again_at = float("inf")
        except (CineMatchError, OSError) as error:
            self.refused = current_run_id(self._artifacts_dir) or "none"
            self._try_again_at = clock + _TRY_AGAIN
            if not again:
                _log.error(
                    "run refused",
                    extra={"run": self.refused, "reason": str(error), "still": self.now.info.run_id},
                )
        self.on_change()


def _loaded_warm(artifacts_dir: Path) -> Served:
    served = Served.load(artifacts_dir)
    served.warm_up()
    return served


def _free_the_run_that_went() -> None:
    gc.unfreeze()
    gc.collect()
    _set_apart()


def _set_apart() -> None:
    """Set what there is apart from what the garbage collector goes through, and give free memory back.

    A run is some hundred thousand objects that all stay; going through them takes a tenth of a second each time.
    """
    gc.freeze()
    with contextlib.suppress(OSError, AttributeError):  # where the C library is another one, it keeps what it freed
        ctypes.CDLL(None).malloc_trim(0)


def _stamp(artifacts_dir: Path) -> tuple[int, int] | None:
    """What changes whenever the file that names the current run is replaced."""
    try:
        found = (artifacts_dir / "current").stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns

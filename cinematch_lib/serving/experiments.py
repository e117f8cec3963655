"""The experiments that run: their arms in memory, taken up and given up without a restart, and the arm of a request."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from cinematch_lib.artifacts.runs import Run, run_folder
from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments import files
from cinematch_lib.experiments.definition import Experiment, index_of
from cinematch_lib.experiments.interleaving import team_draft
from cinematch_lib.experiments.off_policy import DEPTH, propensities, shuffled
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommendations import Recommendation
from cinematch_lib.serving.list_log import MadeList
from cinematch_lib.serving.live_run import REFRESH_SECONDS, RETRY_SECONDS, LiveRun, LoadedRun, freeze
from cinematch_lib.serving.requests import DEFAULT_USER

BOTH = "both"  # the arm of an interleaved list
_log = logging.getLogger("cinematch.serving")


class Side(NamedTuple):
    """A run, and the settings with which it recommends."""

    run: LoadedRun
    settings: Mapping[str, float]

    def recommend(self, preferences: Preferences, k: int, *, capped: bool) -> Sequence[Recommendation]:
        """The `k` best films."""
        return self.run.recommender.recommend(self.preferences(preferences), k, capped=capped)

    def preferences(self, given: Preferences) -> Preferences:
        """The preferences with the settings in the place of what was left out."""
        missing = {name: value for name, value in self.settings.items() if getattr(given, name) is None}
        return replace(given, **missing) if missing else given


@dataclass(frozen=True)
class Choice:
    """How a request is answered: by a side, or by two of which the lists are interleaved.

    `arms` are the arms by experiment; `explore` is the probability with which the top of the list is reordered.
    """

    side: Side
    other: Side | None = None
    arms: tuple[tuple[str, str], ...] = ()
    explore: float = 0.0

    @property
    def run(self) -> LoadedRun:
        """The run of the first side."""
        return self.side.run

    @property
    def is_plain(self) -> bool:
        """Whether the list is that of one run as it is."""
        return self.other is None and not self.explore

    def recommend(self, preferences: Preferences, k: int, made: MadeList, *, capped: bool) -> list[Recommendation]:
        """The films of a list, and in `made` what is logged of it."""
        if self.other is not None:
            found = self._interleaved(preferences, k, made, capped)
        elif self.explore:
            found = self._explored(preferences, k, made, capped)
        else:
            found = list(self.side.recommend(preferences, k, capped=capped))
        return [replace(one, rank=rank) for rank, one in enumerate(found, start=1)]

    def _interleaved(self, preferences: Preferences, k: int, made: MadeList, capped: bool) -> list[Recommendation]:
        assert self.other is not None
        lists = [side.recommend(preferences, k, capped=capped) for side in (self.side, self.other)]
        films, made.teams = team_draft(*([one.movie_id for one in some] for some in lists), k, made.seed)
        by_id = [{one.movie_id: one for one in some} for some in lists]
        return [by_id[team][film] for film, team in zip(films, made.teams, strict=True)]

    def _explored(self, preferences: Preferences, k: int, made: MadeList, capped: bool) -> list[Recommendation]:
        size = min(max(k, DEPTH), len(self.run.recommender))
        found = list(self.side.recommend(preferences, size, capped=capped))
        top = found[:DEPTH]
        if index_of("explore", made.list_id, [self.explore, 1 - self.explore]) == 0:
            found = [top[at] for at in shuffled(len(top), made.seed)] + found[DEPTH:]
        shown = [one.movie_id for one in found[:k]]
        made.propensities = propensities(shown, [one.movie_id for one in top], self.explore)
        made.request = json.dumps({"preferences": preferences.to_dict(), "k": k, "capped": capped})
        return found[:k]


@dataclass(frozen=True)
class _Running:
    """An experiment with the runs of its arms; None stands for the current run."""

    experiment: Experiment
    runs: tuple[LoadedRun | None, ...]

    def side(self, at: int, before: Side) -> Side:
        """The side of an arm, on top of what other experiments have chosen."""
        return Side(self.runs[at] or before.run, {**before.settings, **self.experiment.arms[at].settings})


@dataclass
class Experiments:
    """The experiments whose files are in `state_dir`, for a server of `live`.

    `refused` maps those that cannot run to the reason.
    """

    artifacts_dir: Path
    state_dir: Path
    live: LiveRun
    refused: dict[str, str] = field(default_factory=dict)
    _running: tuple[_Running, ...] = ()
    _stamp: object = None
    _retry_at: float = 0.0

    @property
    def names(self) -> list[str]:
        """The names of the experiments that run."""
        return [one.experiment.name for one in self._running]

    def choose(self, user_id: str | None) -> Choice:
        """How a user's request is answered; without an id, from the current run."""
        side = Side(self.live.current, {})
        if not self._running or user_id is None or user_id == DEFAULT_USER:
            return Choice(side)
        arms, explore, mixed = [], 0.0, None
        for one in self._running:
            experiment = one.experiment
            explore = explore or experiment.explore
            if experiment.method == "interleave":
                mixed = one
                arms.append((experiment.name, BOTH))
            else:
                at = experiment.arm_of(user_id)
                side = one.side(at, side)
                arms.append((experiment.name, experiment.arms[at].name))
        if mixed is not None:
            return Choice(mixed.side(0, side), mixed.side(1, side), tuple(arms))
        return Choice(side, None, tuple(arms), explore)

    async def follow(self) -> None:
        """Take up changes of the files every REFRESH_SECONDS, for ever."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            is_due = bool(self.refused) and time.monotonic() > self._retry_at
            if is_due or await asyncio.to_thread(self._read_stamp) != self._stamp:
                await asyncio.to_thread(self.refresh)

    def refresh(self) -> None:
        """Load the arms of the experiments that run; one that cannot is refused and logged."""
        self._stamp, self._retry_at = self._read_stamp(), time.monotonic() + RETRY_SECONDS
        known, refused = files.read_all(self.state_dir)
        loaded = {run.info.run_id: run for one in self._running for run in one.runs if run is not None}
        running = []
        for experiment in known:
            if experiment.stopped is None:
                try:
                    running.append(self._load(experiment, loaded))
                except CineMatchError as error:
                    refused[experiment.name] = str(error)
        for name in refused.keys() - self.refused.keys():
            _log.error("experiment refused", extra={"experiment": name, "reason": refused[name]})
        before = set(self.names)
        self._running, self.refused = tuple(running), refused
        for name in set(self.names) ^ before:
            _log.info("experiment runs" if name in self.names else "experiment ended", extra={"experiment": name})
        freeze()

    def _load(self, experiment: Experiment, loaded: dict[str, LoadedRun]) -> _Running:
        """The experiment with its runs; those that are in memory are used again. Raises CineMatchError."""
        current = self.live.current
        runs: list[LoadedRun | None] = []
        for arm in experiment.arms:
            if arm.run_id is None:
                runs.append(None)
                continue
            key = arm.run_id if arm.settings.get("embeddings", 1.0) else f"{arm.run_id} without embeddings"
            if key == current.info.run_id:
                loaded.setdefault(key, current)
            if key not in loaded:
                run = Run(run_folder(self.artifacts_dir, arm.run_id))
                loaded[key] = LoadedRun.of(run, with_embeddings=key == arm.run_id)
            if loaded[key].info.fingerprint != arm.fingerprint:
                raise CineMatchError(f"the run {arm.run_id} is another than when the experiment was started")
            runs.append(loaded[key])
        return _Running(experiment, tuple(runs))

    def _read_stamp(self) -> object:
        """A value that changes when a file is written."""
        found = []
        for path in sorted((self.state_dir / files.FOLDER).glob("[!.]*.json")):
            try:
                stat = path.stat()
            except OSError:  # replaced or removed in this moment
                continue
            found.append((path.name, stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return found

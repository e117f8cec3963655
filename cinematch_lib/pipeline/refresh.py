"""Keeping a run fresh: what is due is done and nothing else, and a worse run does not take the place of a better one.

The served run is never touched: a new one is made beside it, and only `artifacts/current` changes, last. A refresh
that was killed leaves nothing that the next one would not remove or take up again.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from cinematch_lib.artifacts.diff import DRIFT, drift_line
from cinematch_lib.artifacts.manifest import FORMAT_VERSION
from cinematch_lib.artifacts.refresh_record import (
    FAILED,
    HELD_BACK,
    NOTHING_DUE,
    PROMOTED,
    RUNNING,
    RefreshRecord,
    read_refresh,
)
from cinematch_lib.artifacts.retention import prune_runs
from cinematch_lib.artifacts.runs import Run, RunRecord, current_run_id, list_runs, run_folder, use_run
from cinematch_lib.errors import CineMatchError, HeldBackError
from cinematch_lib.pipeline.checks import check_values
from cinematch_lib.pipeline.due import OFFERS_MAX_AGE_DAYS, ask_tmdb, due, learned_alike, renew, state, with_defaults
from cinematch_lib.pipeline.folders import Folders, print_line
from cinematch_lib.pipeline.notebooks import STEPS
from cinematch_lib.pipeline.promotion import Gate
from cinematch_lib.pipeline.recorded import recorded_parameters
from cinematch_lib.pipeline.times import duration, fastest
from cinematch_lib.storage.clock import now
from cinematch_lib.storage.locks import folder_lock

_LOCK = ".refresh.lock"
# A refresh measures what is served and what popularity alone would reach; the other models are for `cinematch run`.
_MEASURED: dict[str, Any] = {"models": ["popular", "hybrid"], "tune": False, "extra_analyses": []}


@dataclass(frozen=True)
class Refresh:
    """A refresh of the runs in `folders`.

    `given` are parameters of the pipeline that replace those of the current run; `gate` decides on the promotion;
    `keep` runs are left afterwards (see `prune_runs`); TMDb's streaming offers are asked for anew after
    `offers_max_age_days`; `take_feedback` brings the shard of feedback to what a server has now, and tells what
    changed; `message` takes lines about the progress.
    """

    folders: Folders
    given: Mapping[str, Any] = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)
    keep: int = 5
    offers_max_age_days: int = OFFERS_MAX_AGE_DAYS
    take_feedback: Callable[[], str] = str
    message: Callable[[str], None] = print_line

    def preview(self) -> list[str]:
        """What is due by the files that are there, as sentences, without the network; nothing is changed."""
        run, values = self._current()
        return due(run, state(values, self.folders.raw_dir, self.folders.data_dir))

    def expected_seconds(self) -> float | None:
        """The time that such a run took at least; None where none was made yet."""
        _, values = self._current()
        return fastest(list_runs(self.folders.artifacts_dir), values["dataset"], list(STEPS), values)

    def run(self) -> RefreshRecord:
        """Do what is due, and promote the new run if the gate has no objections; returns the record of the refresh.

        Raises HeldBackError if it has; CineMatchError if there is no current run, if another refresh is at work, and
        as the pipeline does. The record of a refresh that fails tells why.
        """
        artifacts = self.folders.artifacts_dir
        run, values = self._current()
        with self._alone():
            before = read_refresh(artifacts)
            if before is not None and before.result == RUNNING:
                self.message(f"The refresh begun at {before.started} was stopped; this one starts anew.")
            record = RefreshRecord(RUNNING, now(), process=os.getpid(), releases=before.releases if before else {})
            record.write(artifacts)
            try:
                record = self._prepared(record, run, values)
                if not record.due:
                    return record.finish(artifacts, NOTHING_DUE)
                if before is not None and before.result == HELD_BACK and before.state == record.state:
                    record = replace(record, run_id=before.run_id, reasons=before.reasons)
                else:
                    record = self._made(record, run, values)
                return self._decided(record)
            except HeldBackError:
                raise
            except BaseException as error:
                reason = str(error) if isinstance(error, CineMatchError | OSError) else type(error).__name__
                record.finish(artifacts, FAILED, reasons=[reason.splitlines()[0] if reason else ""])
                raise

    def _current(self) -> tuple[RunRecord, dict[str, Any]]:
        """The record of the current run, and the values of all parameters for the next one."""
        artifacts = self.folders.artifacts_dir
        if (run_id := current_run_id(artifacts)) is None:
            raise CineMatchError(f"{artifacts} has no run to refresh yet; make one: cinematch run")
        run = RunRecord(run_folder(artifacts, run_id))
        recorded = recorded_parameters(run)
        if not recorded:
            raise CineMatchError(
                f"the run {run_id} does not record the parameters that it was made with, so they cannot be repeated; "
                "make one that does: cinematch run"
            )
        values = with_defaults(recorded | _MEASURED | {"dataset": run.info.dataset} | dict(self.given))
        return run, values | {"refresh": False}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        artifacts = self.folders.artifacts_dir
        lock = artifacts / _LOCK
        lock.touch()
        other = read_refresh(artifacts)
        who = f" (process {other.process}, since {other.started})" if other and other.result == RUNNING else ""
        with folder_lock(lock, f"another refresh of {artifacts} is at work{who}; wait until it is done"):
            yield

    def _prepared(self, record: RefreshRecord, run: RunRecord, values: Mapping[str, Any]) -> RefreshRecord:
        """The record after the inputs were brought up to date, with what is due."""
        raw, dataset = self.folders.raw_dir, values["dataset"]
        record = replace(record, releases=renew(dataset, raw, record.releases, self.message))
        ask_tmdb(raw / dataset, raw, values, self.message, _tmdb_ids(run), self.offers_max_age_days)
        if told := self.take_feedback():
            self.message(told)
        present = state(values, raw, self.folders.data_dir)
        record = replace(record, state=present, due=due(run, present))
        record.write(self.folders.artifacts_dir)
        return record

    def _made(self, record: RefreshRecord, run: RunRecord, values: dict[str, Any]) -> RefreshRecord:
        """The record with the run that was made; it is not the current one yet."""
        from cinematch_lib.evaluation.records import BY_USER  # slow to import, and mostly nothing is due
        from cinematch_lib.pipeline.runner import run_pipeline

        values = values | {"test_users_of": run.info.run_id if BY_USER in run.info.files else ""}
        check_values(values, values["dataset"])
        for line in record.due:
            self.message(f"Due: {line}.")
        if (seconds := self.expected_seconds()) is not None:
            self.message(f"Such a run took {duration(seconds)} before.")
        prune_runs(self.folders.artifacts_dir, self.keep)
        chosen = run.info.facts.get("train", {}).get("best_params", {})  # not chosen anew, which takes most of the time
        values |= {name: value for name, value in chosen.items() if name in values and values[name] is None}
        values |= {"refresh_tmdb": False}  # the inputs are up to date
        earlier = run if learned_alike(run, record.state) else None
        info, _ = run_pipeline(self.folders, values, list(STEPS), self.message, promote=False, earlier=earlier)
        if DRIFT in info.facts:
            self.message(f"Changed {drift_line(info.facts[DRIFT])}.")
        reasons = self.gate.objections(info.run_id, self.folders.artifacts_dir)
        return replace(record, run_id=info.run_id, reasons=reasons)

    def _decided(self, record: RefreshRecord) -> RefreshRecord:
        artifacts = self.folders.artifacts_dir
        if record.reasons:
            record.finish(artifacts, HELD_BACK)
            prune_runs(artifacts, self.keep)
            raise HeldBackError(
                f"{record.run_id} was held back, and {current_run_id(artifacts)} stays current: "
                f"{'; '.join(record.reasons)}. To use it all the same: cinematch use {record.run_id}"
            )
        use_run(artifacts, record.run_id)
        record = record.finish(artifacts, PROMOTED)
        prune_runs(artifacts, self.keep)
        return record


def _tmdb_ids(run: RunRecord) -> list[int]:
    """The TMDb ids of the films that a run can recommend; none for a run of an older format."""
    if run.info.format_version < FORMAT_VERSION:
        return []
    ids = Run(run.folder).read_movies_meta().columns.tmdb_ids
    return [int(one) for one in ids[ids > 0]]

"""Many runs over a grid of parameters: shared steps once, each setting in a process of its own, resumable."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cinematch_lib.artifacts.manifest import MANIFEST, write_manifest
from cinematch_lib.artifacts.runs import list_runs
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.checks import check_values
from cinematch_lib.pipeline.notebooks import STEPS, step_parameters
from cinematch_lib.pipeline.parameters import check_parameters
from cinematch_lib.storage.files import to_json, write_text
from cinematch_lib.storage.locks import folder_lock
from cinematch_lib.storage.memory import free_memory

_COMMAND = (sys.executable, "-c", "import sys; from cinematch_lib.cli.main import main; sys.exit(main())", "run")
_SHARE = 0.8  # of the free memory that may be planned with
_BASE, _SETTINGS, _FAILED, _SPEC = "base", "settings", "failed", "sweep.json"


@dataclass(frozen=True)
class SweepSpec:
    """What a sweep runs: `settings` of the varied parameters, and `common` ones, the same in all of them."""

    dataset: str
    settings: Sequence[Mapping[str, Any]]
    common: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> "SweepSpec":
        """From `grid` (a list of values for each parameter) and optionally `dataset`, `parameters`, `sample`, `seed`.

        With `sample`, so many of the combinations are drawn at random by `seed`. All values are checked as
        ``cinematch run`` checks them. Raises CineMatchError.
        """
        if unknown := content.keys() - {"grid", "dataset", "parameters", "sample", "seed"}:
            raise CineMatchError(
                f"a sweep has grid, dataset, parameters, sample and seed, got {', '.join(sorted(map(repr, unknown)))}"
            )
        grid = content.get("grid")
        if not isinstance(grid, Mapping) or not grid or not all(isinstance(one, list) and one for one in grid.values()):
            raise CineMatchError(f"grid must map parameters to lists such as regularization: [50, 100], got {grid!r}")
        settings = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
        sample = content.get("sample")
        if sample is not None:
            if not isinstance(sample, int) or not 1 <= sample <= len(settings):
                raise CineMatchError(f"sample must be from 1 to {len(settings)} (the combinations), got {sample!r}")
            drawn = np.random.default_rng(content.get("seed", 0)).permutation(len(settings))[:sample]
            settings = [settings[at] for at in sorted(drawn.tolist())]
        spec = cls(str(content.get("dataset", "sample")), settings, dict(content.get("parameters") or {}))
        return spec._checked()

    def _checked(self) -> "SweepSpec":
        known = step_parameters(list(STEPS))
        defaults = {name: one.default for name, one in known.items()}
        common = check_parameters(self.common, known)
        settings = [check_parameters(one, known) for one in self.settings]
        for one in settings:
            check_values(defaults | common | one, self.dataset)
        return SweepSpec(self.dataset, settings, common)

    @property
    def first_step(self) -> str:
        """The first step that takes a varied parameter: the steps before it are shared."""
        return next(step for step in STEPS if self.settings[0].keys() & step_parameters([step]).keys())


def run_sweep(
    spec: SweepSpec,
    folder: Path,
    raw_dir: Path,
    *,
    jobs: int = 1,
    last_step: str = "evaluate",
    message: Callable[[str], None] = print,
) -> list[str]:
    """Run every setting of a sweep that is not done yet; returns the messages of those that failed.

    `folder` is an artifacts folder of the sweep's own: its runs, with their executed notebooks, are those of the
    settings. The first setting runs alone, and tells how much memory one takes: so many run at once, up to `jobs`, as
    fit into the free memory. After an interruption, the same call does what is missing. Raises CineMatchError where
    `folder` holds another sweep.
    """
    if jobs < 1:
        raise CineMatchError(f"jobs must be 1 or more, got {jobs}")
    _claim(folder, spec, last_step)
    sweep = _Sweep(spec, folder, raw_dir, last_step)
    sweep.run_shared_steps(message)
    missing = [number for number in range(len(spec.settings)) if not sweep.is_done(number)]
    message(f"{len(spec.settings)} settings, {len(spec.settings) - len(missing)} of them done")
    failures = [] if not missing else sweep.run_settings(missing[:1], 1, message)
    at_once = _fitting(jobs, sweep.peak_mb(), message) if missing[1:] else 1
    failures += sweep.run_settings(missing[1:], at_once, message)
    for left in (*folder.glob(".base-*"), *folder.glob(".[0-9]*-*")):  # of attempts that were killed
        shutil.rmtree(left, ignore_errors=True)
    return failures


def _claim(folder: Path, spec: SweepSpec, last_step: str) -> None:
    key = {"dataset": spec.dataset, "settings": spec.settings, "common": spec.common, "to": last_step}
    text, file = to_json(key), folder / _SPEC
    if file.is_file() and file.read_text(encoding="utf-8") != text:
        raise CineMatchError(f"{folder} holds a sweep of other parameters; name this one otherwise (--name)")
    write_text(file, text)


def _fitting(jobs: int, peak_mb: float, message: Callable[[str], None]) -> int:
    free = free_memory()[0] / 1e6
    fit = max(1, int(_SHARE * free / max(peak_mb, 1)))
    if fit < jobs:
        message(f"{fit} at once instead of {jobs}: one takes {peak_mb:,.0f} MB, and {free:,.0f} MB are free")
    return min(jobs, fit)


@dataclass(frozen=True)
class _Sweep:
    spec: SweepSpec
    folder: Path
    raw_dir: Path
    last_step: str
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def is_done(self, number: int) -> bool:
        """Whether a setting has its run."""
        record = self._record(number)
        if not record.is_file():
            return False
        return (self.folder / "runs" / json.loads(record.read_text(encoding="utf-8"))["run"]).is_dir()

    def run_shared_steps(self, message: Callable[[str], None]) -> None:
        """The steps before the first that takes a varied parameter, once."""
        steps = list(STEPS)[: list(STEPS).index(self.spec.first_step)]
        base = self.folder / _BASE
        if not steps or base.is_dir():
            return
        message(f"steps of all settings: {', '.join(steps)}")
        attempt = Path(tempfile.mkdtemp(prefix=".base-", dir=self.folder))
        if problem := self._run(attempt, self.spec.common, ["--to", steps[-1]]):
            raise CineMatchError(f"the steps of all settings failed: {problem}")
        attempt.rename(base)

    def run_settings(self, numbers: Sequence[int], jobs: int, message: Callable[[str], None]) -> list[str]:
        """Run these settings, so many at once; returns the messages of those that failed."""
        with ThreadPoolExecutor(jobs) as pool:
            try:
                found = list(pool.map(lambda number: self._run_setting(number, message), numbers))
            except BaseException:  # an interruption: the others end too
                pool.shutdown(wait=False, cancel_futures=True)
                for process in self.processes:
                    process.terminate()
                raise
        return [problem for problem in found if problem]

    def peak_mb(self) -> float:
        """The most memory that a step of the sweep's runs took."""
        steps = [one for run in list_runs(self.folder) for one in run.facts.get("pipeline", {}).get("steps", [])]
        return max((one["peak_mb"] for one in steps), default=0.0)

    def _run_setting(self, number: int, message: Callable[[str], None]) -> str:
        setting, base = self.spec.settings[number], self.folder / _BASE
        # A folder of each attempt's own: a process that outlives this one does not meet its successor.
        attempt = Path(tempfile.mkdtemp(prefix=f".{number:04}-", dir=self.folder))
        if base.is_dir():  # files of runs never change, so that links do
            shutil.copytree(base, attempt, copy_function=os.link, dirs_exist_ok=True)
        words = ", ".join(f"{name} {value}" for name, value in setting.items())
        problem = self._run(attempt, {**self.spec.common, **setting}, ["--from", self.spec.first_step])
        if problem:
            shutil.rmtree(self.folder / _FAILED / f"{number:04}", ignore_errors=True)
            (self.folder / _FAILED).mkdir(exist_ok=True)
            attempt.rename(self.folder / _FAILED / f"{number:04}")
            message(f"[{number + 1}/{len(self.spec.settings)}] {words}: failed")
            return f"{words}: {problem}"
        (*_, newest) = list_runs(attempt / "artifacts")
        run_id = self._moved(attempt / "artifacts/runs" / newest.run_id, newest.facts)
        write_text(self._record(number), to_json({"run": run_id, "setting": dict(setting)}))
        shutil.rmtree(attempt)
        message(f"[{number + 1}/{len(self.spec.settings)}] {words}: {run_id}")
        return ""

    def _moved(self, run: Path, facts: Mapping[str, Any]) -> str:
        """Move a run to those of the sweep; returns its id.

        Of two with the same results, made in the same second in two processes, the later is sealed anew.
        """
        with folder_lock(self.folder):
            while (target := self.folder / "runs" / run.name).exists():
                time.sleep(1)
                (run / MANIFEST).unlink()
                run = run.rename(run.with_name(write_manifest(run, facts).run_id))
            target.parent.mkdir(exist_ok=True)
            run.rename(target)
        return run.name

    def _record(self, number: int) -> Path:
        return self.folder / _SETTINGS / f"{number:04}.json"

    def _run(self, attempt: Path, parameters: Mapping[str, Any], steps: Sequence[str]) -> str:
        """Run the pipeline in a process; returns what went wrong, or nothing."""
        known = step_parameters(list(STEPS))
        file = attempt / "parameters.yaml"
        # A new file: the one of the shared steps is a link, and has the parameters of all settings in it.
        write_text(file, yaml.safe_dump({name: parameters[name] for name in known if name in parameters}))
        to = [] if "--to" in steps else ["--to", self.last_step]
        dirs = {"--raw-dir": self.raw_dir, "--data-dir": attempt / "data", "--artifacts-dir": attempt / "artifacts"}
        folders = [str(word) for flag, path in dirs.items() for word in (flag, path.resolve())]
        words = [*_COMMAND, "--dataset", self.spec.dataset, "-f", str(file), *steps, *to, *folders, "--use"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.processes.append(process)
        output, _ = process.communicate()
        self.processes.remove(process)
        if process.returncode == 0:
            return ""
        return output.strip()[-2000:] or f"the process ended with code {process.returncode}"

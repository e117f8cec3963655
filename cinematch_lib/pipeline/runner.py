"""The notebooks in order, through papermill: one run, whole or not at all."""

import contextlib
import logging
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papermill
import psutil
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.runs import RunInfo
from cinematch_lib.catalog.cleaning import CleaningReport
from cinematch_lib.data.datasets import check_name
from cinematch_lib.errors import MEANT_FOR_PEOPLE, CineMatchError, NothingToDoError, UnknownNameError, close_names
from cinematch_lib.pipeline.parameters import Parameter, notebook_parameters
from cinematch_lib.pipeline.resume import FILES_OF, resume_draft
from cinematch_lib.storage.locks import folder_lock

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
STEPS = {
    "fetch": "01_fetch.ipynb",
    "clean": "02_clean.ipynb",
    "features": "03_features.ipynb",
    "train": "04_train.ipynb",
    "evaluate": "05_evaluate.ipynb",
}
FOLDERS = ("raw_dir", "data_dir", "artifacts_dir")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class StepFailedError(CineMatchError):
    """A notebook failed; the message shows the cell and its error."""


@dataclass(frozen=True)
class StepTime:
    """What a step took: wall-clock seconds, and the most memory that its kernel held, in megabytes."""

    step: str
    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Folders:
    """Where a pipeline reads and writes."""

    raw_dir: Path
    data_dir: Path
    artifacts_dir: Path


def steps_between(first: str | None, last: str | None) -> list[str]:
    """The steps from `first` to `last`, both included. Raises CineMatchError."""
    names = list(STEPS)
    for name in (first, last):
        if name is not None and name not in STEPS:
            raise UnknownNameError(
                f"there is no step {name!r}; the steps are {', '.join(names)}", close_names(name, names)
            )
    start, stop = names.index(first or names[0]), names.index(last or names[-1])
    if start > stop:
        raise CineMatchError(f"--from must not come after --to, got --from {first} and --to {last}")
    return names[start : stop + 1]


def parameters_of(steps: Sequence[str]) -> dict[str, Parameter]:
    """The parameters that the notebooks of these steps have, by name; the folders and the draft left out."""
    if not NOTEBOOKS.is_dir():
        raise CineMatchError(f"{NOTEBOOKS} was not found; the pipeline runs in a checkout of the project")
    known: dict[str, Parameter] = {}
    for step in steps:
        known |= notebook_parameters(NOTEBOOKS / STEPS[step])
    return {name: parameter for name, parameter in known.items() if name not in (*FOLDERS, "run_dir")}


def say_at_once(line: str) -> None:
    """Print a line now, also where output goes to a log: a step may take long."""
    print(line, flush=True)


def run_pipeline(
    folders: Folders, parameters: Mapping[str, Any], steps: Sequence[str], say: Callable[[str], None] = say_at_once
) -> tuple[RunInfo, list[StepTime]]:
    """Run the notebooks of `steps` and publish what they leave as a run.

    From `train` or `evaluate` on, the new run also holds what the current run holds. A step that this data set
    has nothing for (no ratings to learn from) says so and leaves nothing; NothingToDoError where that is so of
    all of them.

    `parameters` were checked; each goes to the notebooks that have it. Raises StepFailedError for the first
    notebook that fails, whose copy is then kept in ``artifacts_dir/failed``, and CineMatchError before any
    starts where the catalog to go on from is missing or another data set's. Whatever ends it early, a failure
    or Ctrl-C, the current run does not change.
    """
    dataset = _dataset(folders.data_dir, parameters.get("dataset"), steps)
    check_name(dataset)
    folders.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with folder_lock(folders.data_dir):  # of two pipelines at once, one would go on from the other's catalog
            return _run_steps(folders, parameters, steps, dataset, say)
    finally:
        with contextlib.suppress(OSError):  # it is not empty, as a rule
            folders.data_dir.rmdir()


def _run_steps(
    folders: Folders, parameters: Mapping[str, Any], steps: Sequence[str], dataset: str, say: Callable[[str], None]
) -> tuple[RunInfo, list[StepTime]]:
    # Parameters were checked, and by their types too, which papermill takes for unknown ones; failures are told below.
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    draft = _draft(folders, steps)
    times: list[StepTime] = []
    try:
        for number, step in enumerate(steps, start=1):
            of = f"[{number}/{len(steps)}] {step}"
            say(f"{of} …")
            try:
                times.append(_run_step(step, draft, folders, parameters))
            except NothingToDoError as why:
                draft.path(f"notebooks/{STEPS[step]}").unlink()
                if step == steps[-1] and not times:
                    raise
                say(f"{of}: nothing to do; {why}")
            else:
                say(f"{of}: {times[-1].seconds:.1f} s, {times[-1].peak_mb:,.0f} MB")
        earlier = [one for one in draft.facts().get("pipeline", {}).get("steps", []) if one["step"] not in steps]
        draft.record("pipeline", dataset=dataset, steps=[*earlier, *(vars(one) for one in times)])
        return draft.publish(), times
    except StepFailedError:
        failed = folders.artifacts_dir / "failed"
        shutil.rmtree(failed, ignore_errors=True)
        shutil.move(draft.folder / "notebooks", failed)
        raise
    finally:
        if draft.folder.name.startswith("."):
            draft.discard()


def _draft(folders: Folders, steps: Sequence[str]) -> Draft:
    """An empty draft; where the steps before are not run, one with what they left in the current run."""
    if steps[0] in FILES_OF:
        return resume_draft(steps[0], CleaningReport.load(folders.data_dir), folders.artifacts_dir)
    return Draft.create(folders.artifacts_dir)


def _dataset(data_dir: Path, asked: str | None, steps: Sequence[str]) -> str:
    """The data set to run on: the one asked for; where cleaning is not among the steps, the catalog's.

    Raises CineMatchError where the catalog is another data set's, or missing.
    """
    names = list(STEPS)
    if names.index(steps[0]) <= names.index("clean"):
        return asked or parameters_of(steps)["dataset"].default
    there = CleaningReport.load(data_dir).dataset
    if asked not in (None, there):
        raise CineMatchError(f"the catalog in {data_dir} is of {there}, not of {asked}; clean it first: --from clean")
    return there


def _run_step(step: str, draft: Draft, folders: Folders, parameters: Mapping[str, Any]) -> StepTime:
    source = NOTEBOOKS / STEPS[step]
    has = notebook_parameters(source)
    places = {name: str(getattr(folders, name).resolve()) for name in FOLDERS} | {
        "run_dir": str(draft.folder.resolve())
    }
    values = {name: value for name, value in {**parameters, **places}.items() if name in has}
    began = time.perf_counter()
    with _PeakMemory() as memory:
        try:
            papermill.execute_notebook(
                source,
                draft.path(f"notebooks/{source.name}"),
                values,
                kernel_name="python3",
                cwd=str(NOTEBOOKS),
                progress_bar=False,
                shutdown_kernel="immediate",  # all that counts is in files by then; it is quicker, and quiet on Ctrl-C
                extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns that loopback is not encrypted
                stderr_file=sys.stderr if sys.stderr.isatty() else None,
            )
        except PapermillExecutionError as error:
            if error.ename == NothingToDoError.__name__:
                raise NothingToDoError(error.evalue) from None
            raise StepFailedError(_what_failed(step, source.name, error, folders)) from None
        except (DeadKernelError, RuntimeError):  # it died, or did not even start
            raise StepFailedError(
                f"step {step} failed: its kernel died, most likely for want of memory (it held up to "
                f"{memory.peak_mb:,.0f} MB); close other programs or take a smaller data set\n\n"
                f"{_kept(source.name, folders)}"
            ) from None
    return StepTime(step, round(time.perf_counter() - began, 2), round(memory.peak_mb, 1))


def _what_failed(step: str, notebook: str, error: PapermillExecutionError, folders: Folders) -> str:
    """Where it failed and why: an error meant for people by its message, others by the cell and the traceback."""
    where = f"step {step} failed in cell [{error.exec_count}] of {notebook}"
    if error.ename in MEANT_FOR_PEOPLE:
        return f"{where}: {error.evalue}\n{_kept(notebook, folders)}"
    cell = "\n".join(f"    {line}" for line in str(error.source).splitlines())
    what = _ESCAPES.sub("", "\n".join(error.traceback)) or f"{error.ename}: {error.evalue}"
    return f"{where}:\n\n{cell}\n\n{what}\n\n{_kept(notebook, folders)}"


def _kept(notebook: str, folders: Folders) -> str:
    return f"The notebook as far as it came: {folders.artifacts_dir / 'failed' / notebook}"


class _PeakMemory:
    """The most memory that the processes started meanwhile held together, sampled ten times a second."""

    def __enter__(self) -> "_PeakMemory":
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        mine = psutil.Process()
        while not self._over.wait(0.1):
            held = 0
            for process in mine.children(recursive=True):
                try:
                    held += process.memory_info().rss
                except psutil.Error:  # it ended while we looked
                    continue
            self.peak_mb = max(self.peak_mb, held / 1e6)

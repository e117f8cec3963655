"""A run's files: written whole, sealed by a manifest, verified when read.

``artifacts/runs/<run-id>/`` holds a run, ``artifacts/current`` names the current one. A run is prepared in a
draft folder and moved to its place when it is complete; `current` is replaced last, so that whoever reads
meets either the old run or the new one, whole. Nothing here reads a pickle.
"""

import io
import json
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scipy import sparse

from cinematch_lib.artifacts.item_weights import ITEM_WEIGHTS, ItemWeights
from cinematch_lib.artifacts.manifest import MANIFEST, REMEDY, RunInfo, read_manifest, write_manifest
from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.storage.files import sha256, to_json, write_text
from cinematch_lib.storage.locks import folder_lock

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from sklearn.base import BaseEstimator

    from cinematch_lib.features.film_features import FilmFeatures

FEATURES = "item_features.npz"
META = "movies_meta.json"
_SERVED = (FEATURES, META)  # the files that a current run must have
_DRAFT = ".draft-"
_FACTS = "facts.json"
_CURRENT = "current"


class Draft:
    """A run in preparation: a folder to write to, and the parameters of the steps that wrote."""

    def __init__(self, folder: Path, *, part_of_pipeline: bool = False) -> None:
        self.folder = folder
        self._part_of_pipeline = part_of_pipeline

    @classmethod
    def open(cls, artifacts_dir: Path, run_dir: str = "") -> "Draft":
        """The draft `run_dir` that a pipeline made; where that is empty, a new one of one's own."""
        return cls(Path(run_dir), part_of_pipeline=True) if run_dir else cls.create(artifacts_dir)

    def finish(self) -> str:
        """Publish a draft of one's own; leave a pipeline's to the pipeline. Says in words what was done."""
        if self._part_of_pipeline:
            return "Kept for the run that the pipeline is making."
        return f"Published as {self.publish().run_id}, now the current run."

    @classmethod
    def create(cls, artifacts_dir: Path) -> "Draft":
        """A new, empty draft under `artifacts_dir`; what dead processes left behind is removed.

        Raises CineMatchError when nothing can be written there.
        """
        runs = artifacts_dir / "runs"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            with folder_lock(runs):
                _remove_left_behind(artifacts_dir)
                return cls(Path(tempfile.mkdtemp(prefix=f"{_DRAFT}{os.getpid()}-", dir=runs)))
        except OSError as error:
            raise CineMatchError(
                f"{artifacts_dir} cannot hold runs ({error.filename}: {error.strerror}); name another artifacts folder"
            ) from None

    def path(self, name: str) -> Path:
        """Where the file `name` of the run goes; its folder exists."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write_json(self, name: str, value: object) -> None:
        """Write `value` as JSON."""
        write_text(self.path(name), to_json(value, indent=None if name == META else 2))

    def write_matrix(self, name: str, matrix: sparse.csr_matrix) -> None:
        """Write a CSR matrix as npz, uncompressed: it loads faster and its bytes depend on nothing else."""
        sparse.save_npz(self.path(name), sparse.csr_matrix(matrix), compressed=False)

    def write_estimator(self, name: str, estimator: "BaseEstimator | dict") -> None:
        """Write a fitted scikit-learn estimator in skops's format; the same estimator gives the same bytes."""
        from cinematch_lib.artifacts.estimators import dump  # scikit-learn is heavy, and readers can do without

        self.path(name).write_bytes(dump(estimator))

    def write_features(self, matrix: sparse.csr_matrix, features: "FilmFeatures", meta: Mapping[str, Any]) -> None:
        """Write what the recommender loads, and the fitted parts that made it."""
        self.write_matrix(FEATURES, matrix)
        self.write_json(META, meta)
        self.write_estimator("tfidf_vectorizer.skops", features.text_)
        self.write_estimator("genre_mlb.skops", features.genres_)
        self.write_estimator("numeric_scaler.skops", features.numbers_)

    def write_item_weights(self, weights: ItemWeights) -> None:
        """Write what other people's ratings say, which the recommender loads where a run has it."""
        with self.path(ITEM_WEIGHTS).open("wb") as file:
            weights.write(file)

    def write_figure(self, name: str, figure: "Figure") -> None:
        """Write a figure as ``figures/<name>.png``; the same figure gives the same bytes."""
        figure.savefig(self.path(f"figures/{name}.png"), metadata={"Software": None})

    def record(self, step: str, **facts: Any) -> None:
        """Note facts of a step (its parameters, the data set, sizes) for the manifest."""
        facts_of = self.facts() | {step: facts}
        write_text(self.folder / _FACTS, to_json(facts_of))

    def facts(self) -> dict[str, dict[str, Any]]:
        """What the steps noted so far, by step."""
        path = self.folder / _FACTS
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def discard(self) -> None:
        """Remove the draft and all in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def publish(self) -> RunInfo:
        """Seal the draft as a run and, where it holds all that serving needs, make it the current run."""
        facts = self.facts()
        (self.folder / _FACTS).unlink(missing_ok=True)
        runs = self.folder.parent
        with folder_lock(runs):  # so that two that are ready in the same second do not take the same name
            info = write_manifest(self.folder, facts)
            for path in self.folder.rglob("*"):
                if path.is_file():
                    path.chmod(0o444)  # a run is a record: an editor that opens a file should not change it
            self.folder.chmod(0o755)
            self.folder = self.folder.rename(runs / info.run_id)
            if all(name in info.files for name in _SERVED):
                write_text(runs.parent / _CURRENT, info.run_id + "\n")
        return info


class Run:
    """A published run, every file of which was there and unaltered when it was opened."""

    def __init__(self, folder: Path) -> None:
        """Check the whole run; raises CineMatchError that names the file which is missing or altered."""
        self.folder = folder
        self.info = read_manifest(folder)
        known = set(self.info.files) | {MANIFEST}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name not in known and not any(part.startswith(".") for part in Path(name).parts):
                raise CineMatchError(f"{path} is not part of the run and was not read; remove it, or {REMEDY}")
        for name in self.info.files:
            self.read_bytes(name)

    @classmethod
    def current(cls, artifacts_dir: Path) -> "Run":
        """The current run. Raises CineMatchError where there is none, or where it is not whole."""
        run_id = current_run_id(artifacts_dir)
        if run_id is None:
            raise CineMatchError(
                f"{artifacts_dir.resolve()} has no current run yet; make one (cinematch run), "
                "or name another folder (--artifacts-dir)"
            )
        try:
            folder = _run_folder(artifacts_dir, run_id)
        except UnknownNameError:
            raise CineMatchError(
                f"{artifacts_dir / _CURRENT} names {run_id!r}, which is no run there; choose one (cinematch runs, "
                "cinematch use RUN) or make one (cinematch run)"
            ) from None
        return cls(folder)

    def read_bytes(self, name: str) -> bytes:
        """A file's bytes, after their checksum was compared with the manifest's."""
        expected = self.info.files.get(name)
        path = self.folder / name
        if expected is None:
            raise CineMatchError(f"the run {self.info.run_id} has no {name}; {REMEDY}")
        if not path.is_file():
            raise CineMatchError(f"{path} is missing; {REMEDY}")
        data = path.read_bytes()
        if sha256(data) != expected["sha256"]:
            raise CineMatchError(f"{path} was altered: its SHA-256 is not the manifest's; {REMEDY}")
        return data

    def read_json(self, name: str) -> Any:
        """A JSON file's value."""
        return json.loads(self.read_bytes(name))

    def read_matrix(self, name: str) -> sparse.csr_matrix:
        """A CSR matrix. Raises CineMatchError for a file that holds a pickle or no matrix."""
        try:
            matrix = sparse.load_npz(io.BytesIO(self.read_bytes(name)))
            matrix.check_format()
        except _UNREADABLE as error:
            raise CineMatchError(
                f"{self.folder / name} holds no sparse matrix and was refused ({error}); {REMEDY}"
            ) from None
        return sparse.csr_matrix(matrix)

    def read_item_weights(self) -> ItemWeights | None:
        """The item-to-item weights, None where the run has none. Raises CineMatchError for a file of another kind."""
        if ITEM_WEIGHTS not in self.info.files:
            return None
        data = self.read_bytes(ITEM_WEIGHTS)
        try:
            return ItemWeights.read(data)
        except CineMatchError as error:
            raise CineMatchError(f"{self.folder / ITEM_WEIGHTS} was refused: {error}; {REMEDY}") from None

    def read_estimator(self, name: str) -> Any:
        """A fitted estimator. Raises CineMatchError when the file asks for a type outside scikit-learn."""
        from cinematch_lib.artifacts.estimators import load

        return load(self.read_bytes(name), self.folder / name)


# What numpy, scipy and zipfile raise for a file that is not a matrix. A pickle is a ValueError to them.
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


def list_runs(artifacts_dir: Path) -> list[RunInfo]:
    """The published runs whose manifests can be read, the oldest first."""
    found = [run for run in _manifests(artifacts_dir).values() if isinstance(run, RunInfo)]
    return sorted(found, key=lambda run: (run.created, run.run_id))


def unreadable_runs(artifacts_dir: Path) -> dict[str, str]:
    """What is wrong with the runs that `list_runs` leaves out, by their ids."""
    return {name: str(run) for name, run in _manifests(artifacts_dir).items() if not isinstance(run, RunInfo)}


def _manifests(artifacts_dir: Path) -> dict[str, RunInfo | CineMatchError]:
    found: dict[str, RunInfo | CineMatchError] = {}
    for folder in sorted((artifacts_dir / "runs").glob("[!.]*")):
        if folder.is_dir():
            try:
                found[folder.name] = read_manifest(folder)
            except CineMatchError as error:
                found[folder.name] = error
    return found


def current_run_id(artifacts_dir: Path) -> str | None:
    """The id of the current run, None where there is none."""
    path = artifacts_dir / _CURRENT
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else None


def use_run(artifacts_dir: Path, run_id: str) -> RunInfo:
    """Verify a run and make it the current one. Raises CineMatchError, and then nothing changes."""
    run = Run(_run_folder(artifacts_dir, run_id))
    if lacking := [name for name in _SERVED if name not in run.info.files]:
        raise CineMatchError(f"the run {run_id} cannot be used: it has no {' and no '.join(lacking)}; {REMEDY}")
    with folder_lock(artifacts_dir / "runs"):
        write_text(artifacts_dir / _CURRENT, run_id + "\n")
    return run.info


def _run_folder(artifacts_dir: Path, run_id: str) -> Path:
    folder = artifacts_dir / "runs" / run_id
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", run_id) or not folder.is_dir():
        known = [path.name for path in (artifacts_dir / "runs").glob("[!.]*")]
        raise UnknownNameError(
            f"{artifacts_dir} has no run {run_id!r}; list them: cinematch runs", close_names(run_id, known)
        )
    return folder


def _remove_left_behind(artifacts_dir: Path) -> None:
    """Remove the drafts of dead processes, and what a kill in the middle of replacing `current` left."""
    for draft in (artifacts_dir / "runs").glob(f"{_DRAFT}*"):
        owner = draft.name.removeprefix(_DRAFT).split("-")[0]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(draft, ignore_errors=True)
    for part in artifacts_dir.glob(f".{_CURRENT}.*"):
        part.unlink(missing_ok=True)


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

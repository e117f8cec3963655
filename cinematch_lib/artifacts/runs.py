"""Published runs: opened, verified against their manifests, listed, and made current.

``artifacts/runs/<run-id>/`` holds a run; ``artifacts/current`` names the current one. Drafts are renamed to
their place when complete and `current` is replaced last, so a reader sees either the previous run or the new
one, whole. No pickle is ever read.
"""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from scipy import sparse

from cinematch_lib.artifacts.embeddings import EMBEDDINGS, Embeddings
from cinematch_lib.artifacts.item_weights import ITEM_WEIGHTS, UNREADABLE, ItemWeights
from cinematch_lib.artifacts.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    OLDEST_RECORD_VERSION,
    REMEDY,
    RunInfo,
    read_manifest,
)
from cinematch_lib.artifacts.search_index import SEARCH_INDEX, SearchIndex
from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.storage.files import sha256, write_text
from cinematch_lib.storage.locks import folder_lock

_T = TypeVar("_T")
FEATURES = "item_features.npz"
META = "movies_meta.json"
REPORT = "cleaning_report.json"
REQUIRED = (FEATURES, META)  # the files without which a run cannot be the current one
CURRENT = "current"  # the file in the artifacts folder that names the current run


class RunRecord:
    """The record of a published run, of this or an older format: facts, metrics, figures, logs.

    Every file is verified against the manifest when the record is opened. A recommender cannot be made from a
    record: that takes a `Run`, which must have the present format.
    """

    _oldest_version = OLDEST_RECORD_VERSION

    def __init__(self, folder: Path) -> None:
        """Verify all files. Raises CineMatchError that names the file which is missing or altered."""
        self.folder = folder
        self.info = read_manifest(folder, self._oldest_version)
        known = set(self.info.files) | {MANIFEST}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name not in known and not any(part.startswith(".") for part in Path(name).parts):
                raise CineMatchError(f"{path} is not part of the run and was not read; remove it, or {REMEDY}")
        for name in self.info.files:
            self.read_bytes(name)

    def read_bytes(self, name: str) -> bytes:
        """The content of a file, after its checksum was compared with the manifest's. Raises CineMatchError."""
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
        """The value of a JSON file. Raises CineMatchError."""
        return json.loads(self.read_bytes(name))


class Run(RunRecord):
    """A published run of the present format, from which a recommender can be made."""

    _oldest_version = FORMAT_VERSION

    @classmethod
    def current(cls, artifacts_dir: Path) -> "Run":
        """The current run. Raises CineMatchError if there is none, or if it is incomplete or altered."""
        run_id = current_run_id(artifacts_dir)
        if run_id is None:
            raise CineMatchError(
                f"{artifacts_dir.resolve()} has no current run yet; make one (cinematch run), "
                "or name another folder (--artifacts-dir)"
            )
        try:
            folder = run_folder(artifacts_dir, run_id)
        except UnknownNameError:
            raise CineMatchError(
                f"{artifacts_dir / CURRENT} names {run_id!r}, which is no run there; choose one (cinematch runs, "
                "cinematch use RUN) or make one (cinematch run)"
            ) from None
        return cls(folder)

    def read_matrix(self, name: str) -> sparse.csr_matrix:
        """A CSR matrix. Raises CineMatchError for a file that holds a pickle or no matrix."""
        try:
            matrix = sparse.load_npz(io.BytesIO(self.read_bytes(name)))
            matrix.check_format()
        except UNREADABLE as error:
            raise CineMatchError(
                f"{self.folder / name} holds no sparse matrix and was refused ({error}); {REMEDY}"
            ) from None
        return sparse.csr_matrix(matrix)

    def read_item_weights(self) -> ItemWeights | None:
        """The item-to-item weights; None if the run has none. Raises CineMatchError for a file of another kind."""
        return self._read_arrays(ITEM_WEIGHTS, ItemWeights.read)

    def read_embeddings(self) -> Embeddings | None:
        """The embeddings; None if the run has none. Raises CineMatchError for a file of another kind."""
        return self._read_arrays(EMBEDDINGS, Embeddings.read)

    def read_search_index(self) -> SearchIndex | None:
        """The search index; None if the run has none. Raises CineMatchError for a file of another kind."""
        return self._read_arrays(SEARCH_INDEX, SearchIndex.read)

    def _read_arrays(self, name: str, read: Callable[[bytes], _T]) -> _T | None:
        if name not in self.info.files:
            return None
        data = self.read_bytes(name)
        try:
            return read(data)
        except CineMatchError as error:
            raise CineMatchError(f"{self.folder / name} was refused: {error}; {REMEDY}") from None


def list_runs(artifacts_dir: Path) -> list[RunInfo]:
    """The published runs whose manifests can be read, oldest first."""
    found = [run for run in _manifests(artifacts_dir).values() if isinstance(run, RunInfo)]
    return sorted(found, key=lambda run: (run.created, run.run_id))


def unreadable_runs(artifacts_dir: Path) -> dict[str, str]:
    """The runs that `list_runs` omits: run id to the reason."""
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
    """The id of the current run; None if there is none."""
    path = artifacts_dir / CURRENT
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else None


def use_run(artifacts_dir: Path, run_id: str) -> RunInfo:
    """Verify a run and make it the current one. Raises CineMatchError, and then nothing changes."""
    run = Run(run_folder(artifacts_dir, run_id))
    if lacking := [name for name in REQUIRED if name not in run.info.files]:
        raise CineMatchError(f"the run {run_id} cannot be used: it has no {' and no '.join(lacking)}; {REMEDY}")
    with folder_lock(artifacts_dir / "runs"):
        write_text(artifacts_dir / CURRENT, run_id + "\n")
    return run.info


def run_folder(artifacts_dir: Path, run_id: str) -> Path:
    """The folder of a published run. Raises UnknownNameError with the ids that are spelled most like `run_id`."""
    folder = artifacts_dir / "runs" / run_id
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", run_id) or not folder.is_dir():
        known = [path.name for path in (artifacts_dir / "runs").glob("[!.]*")]
        raise UnknownNameError(
            f"{artifacts_dir} has no run {run_id!r}; list them: cinematch runs", close_names(run_id, known)
        )
    return folder

"""Published runs: opened, verified against their manifests, listed, and made current.

``artifacts/runs/<run-id>/`` holds a run; ``artifacts/current`` names the current one. Drafts are renamed to
their place when complete and `current` is replaced last, so a reader sees either the previous run or the new
one, whole. No pickle is ever read.
"""

import csv
import io
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from scipy import sparse

from cinematch_lib.artifacts.array_file import UNREADABLE, read_matrix
from cinematch_lib.artifacts.embeddings import EMBEDDINGS, Embeddings
from cinematch_lib.artifacts.film_map import FILM_MAP, FilmMap
from cinematch_lib.artifacts.films_table import FILMS, FilmColumns, MoviesMeta
from cinematch_lib.artifacts.item_weights import ITEM_WEIGHTS, ItemWeights
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
from cinematch_lib.storage.files import Content, map_file, sha256, write_text
from cinematch_lib.storage.locks import folder_lock
from cinematch_lib.storage.paths import ITEM_NUMBERS

_T = TypeVar("_T")
FEATURES = "item_features.npz"
META = "movies_meta.json"
REPORT = "cleaning_report.json"
REQUIRED = (FEATURES, FILMS, META)  # the files without which a run cannot be the current one
_MAPPED = ".npz"  # ends the names of the files that stay mapped
_HASHING_THREADS = 4
CURRENT = "current"  # the file in the artifacts folder that names the current run
_HISTORY = "history"  # the file beside it with the runs that were made current, one a line, the latest last
_MAX_HISTORY = 100


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
        with ThreadPoolExecutor(_HASHING_THREADS) as pool:
            verified = dict(zip(self.info.files, pool.map(self._verified, self.info.files), strict=True))
        self._arrays = {name: content for name, content in verified.items() if name.endswith(_MAPPED)}

    def content(self, name: str) -> Content:
        """The content of a file, verified; files of arrays stay mapped. Raises CineMatchError."""
        return self._arrays[name] if name in self._arrays else self._verified(name)

    def read_bytes(self, name: str) -> bytes:
        """A copy of the content of a file, verified. Raises CineMatchError."""
        return bytes(self._verified(name))

    def _verified(self, name: str) -> Content:
        """The content of a file, mapped, after its checksum was compared with the manifest's. Raises CineMatchError."""
        expected = self.info.files.get(name)
        path = self.folder / name
        if expected is None:
            raise CineMatchError(f"the run {self.info.run_id} has no {name}; {REMEDY}")
        if not path.is_file():
            raise CineMatchError(f"{path} is missing; {REMEDY}")
        content = map_file(path)
        if sha256(content) != expected["sha256"]:
            raise CineMatchError(f"{path} was altered: its SHA-256 is not the manifest's; {REMEDY}")
        return content

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
                f"{artifacts_dir / CURRENT} names {run_id[:100]!r}, which is no run there; choose one (cinematch runs, "
                "cinematch use RUN) or make one (cinematch run)"
            ) from None
        return cls(folder)

    def read_matrix(self, name: str) -> sparse.csr_matrix:
        """A CSR matrix. Raises CineMatchError for a file that holds a pickle or no matrix."""
        try:
            return read_matrix(self.content(name))
        except UNREADABLE as error:
            raise CineMatchError(
                f"{self.folder / name} holds no sparse matrix and was refused ({error}); {REMEDY}"
            ) from None

    def read_movies_meta(self) -> MoviesMeta:
        """The films, and what holds for all of them. Raises CineMatchError for a file of another kind."""
        return MoviesMeta(self._read(FILMS, FilmColumns.read), **self.read_json(META))

    def read_item_weights(self) -> ItemWeights | None:
        """The item-to-item weights; None if the run has none. Raises CineMatchError for a file of another kind."""
        return self._read_optional(ITEM_WEIGHTS, ItemWeights.read)

    def read_embeddings(self) -> Embeddings | None:
        """The embeddings; None if the run has none. Raises CineMatchError for a file of another kind."""
        return self._read_optional(EMBEDDINGS, Embeddings.read)

    def read_search_index(self) -> SearchIndex | None:
        """The search index; None if the run has none. Raises CineMatchError for a file of another kind."""
        return self._read_optional(SEARCH_INDEX, SearchIndex.read)

    def read_item_numbers(self) -> dict[str, int]:
        """The numbers of items by their names in the data set, where they have names. Raises CineMatchError."""
        if ITEM_NUMBERS not in self.info.files:
            return {}
        rows = csv.DictReader(io.StringIO(self.read_bytes(ITEM_NUMBERS).decode("utf-8"), newline=""))
        return {row["item"]: int(row["movieId"]) for row in rows}

    def read_film_map(self) -> FilmMap | None:
        """The map of films; None if the run has none. Raises CineMatchError for a file of another kind."""
        return self._read_optional(FILM_MAP, FilmMap.read)

    def _read_optional(self, name: str, read: Callable[[Content], _T]) -> _T | None:
        return self._read(name, read) if name in self.info.files else None

    def _read(self, name: str, read: Callable[[Content], _T]) -> _T:
        try:
            return read(self.content(name))
        except CineMatchError as error:
            raise CineMatchError(f"{self.folder / name} was refused: {error}; {REMEDY}") from None


def list_runs(artifacts_dir: Path, oldest_version: int = FORMAT_VERSION) -> list[RunInfo]:
    """The published runs, of a format from `oldest_version` on, whose manifests can be read; oldest first."""
    found = [run for run in _manifests(artifacts_dir, oldest_version).values() if isinstance(run, RunInfo)]
    return sorted(found, key=lambda run: (run.created, run.run_id))


def unreadable_runs(artifacts_dir: Path, oldest_version: int = FORMAT_VERSION) -> dict[str, str]:
    """The runs that `list_runs` omits: run id to the reason."""
    manifests = _manifests(artifacts_dir, oldest_version).items()
    return {name: str(run) for name, run in manifests if not isinstance(run, RunInfo)}


def _manifests(artifacts_dir: Path, oldest_version: int) -> dict[str, RunInfo | CineMatchError]:
    found: dict[str, RunInfo | CineMatchError] = {}
    for folder in sorted((artifacts_dir / "runs").glob("[!.]*")):
        if folder.is_dir():
            try:
                found[folder.name] = read_manifest(folder, oldest_version)
            except CineMatchError as error:
                found[folder.name] = error
    return found


def current_run_id(artifacts_dir: Path) -> str | None:
    """The id of the current run; None if there is none."""
    path = artifacts_dir / CURRENT
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else None


def promoted_runs(artifacts_dir: Path) -> list[str]:
    """The ids of the runs that were made current and still exist, the earliest first; the last one is current."""
    path, current = artifacts_dir / _HISTORY, current_run_id(artifacts_dir)
    if current is None:
        return []
    ids = path.read_text(encoding="utf-8", errors="replace").split() if path.is_file() else []
    if current in ids:  # those after it were taken back
        ids = ids[: len(ids) - ids[::-1].index(current)]
    else:  # of a version without a history, or written by hand
        ids.append(current)
    existing = {folder.name for folder in (artifacts_dir / "runs").glob("[!.]*")}
    return [one for one in ids if one in existing]


def make_current(artifacts_dir: Path, run_id: str) -> None:
    """Let `current` name this run, and add it to the history. The caller holds the lock of the folder of runs."""
    ids = promoted_runs(artifacts_dir)
    write_text(artifacts_dir / CURRENT, run_id + "\n")
    if ids[-1:] != [run_id]:
        write_text(artifacts_dir / _HISTORY, "".join(f"{one}\n" for one in [*ids, run_id][-_MAX_HISTORY:]))


def use_previous_run(artifacts_dir: Path) -> RunInfo:
    """Make the run current that was so before the current one, which leaves the history; verified as by `use_run`."""
    if len(ids := promoted_runs(artifacts_dir)) < 2:
        raise CineMatchError(
            f"no earlier run of {artifacts_dir} was current, or it was removed; choose one: cinematch runs, "
            "cinematch use RUN"
        )
    return use_run(artifacts_dir, ids[-2], back=True)


def use_run(artifacts_dir: Path, run_id: str, *, back: bool = False) -> RunInfo:
    """Verify a run and make it the current one. Raises CineMatchError, and then nothing changes.

    With `back`, the history ends with the run's latest place there, instead of getting longer.
    """
    run = Run(run_folder(artifacts_dir, run_id))
    if lacking := [name for name in REQUIRED if name not in run.info.files]:
        raise CineMatchError(f"the run {run_id} cannot be used: it has no {' and no '.join(lacking)}; {REMEDY}")
    with folder_lock(artifacts_dir / "runs"):
        if back:
            write_text(artifacts_dir / CURRENT, run_id + "\n")
        else:
            make_current(artifacts_dir, run_id)
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

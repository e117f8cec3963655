"""A run's files: written whole, sealed by a manifest, verified when read.

``artifacts/runs/<run-id>/`` holds a run, ``artifacts/current`` names the one in use. A run is prepared in a
draft folder and moved to its place when it is complete; `current` is replaced last, so that whoever reads
meets either the old run or the new one, whole. Nothing here reads a pickle.
"""

import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scipy import sparse

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.files import sha256, to_json, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from sklearn.base import BaseEstimator

    from cinematch_lib.features import FilmFeatures

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
FEATURES = "item_features.npz"
META = "movies_meta.json"
_SERVED = (FEATURES, META)  # what a run needs to be put in use
_RECORDS = ("notebooks/",)  # they carry times and are left out of a run's fingerprint
_PACKAGES = ("cinematch-lib", "matplotlib", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops")
_DRAFT = ".draft-"


class Draft:
    """A run in preparation: a folder to write to, and the parameters of the steps that wrote."""

    def __init__(self, folder: Path, *, part_of_pipeline: bool = False) -> None:
        self.folder = folder
        self._part_of_pipeline = part_of_pipeline

    @classmethod
    def open(cls, artifacts_dir: Path, run_dir: str = "") -> "Draft":
        """The draft `run_dir` that a pipeline made; where that is empty, a new one of one's own."""
        return cls(Path(run_dir), part_of_pipeline=True) if run_dir else cls.begin(artifacts_dir)

    def finish(self) -> str:
        """Publish a draft of one's own; leave a pipeline's to the pipeline. Says in words what was done."""
        if self._part_of_pipeline:
            return "Kept for the run that the pipeline is making."
        return f"Published as {self.publish().run_id}, which is in use now."

    @classmethod
    def begin(cls, artifacts_dir: Path) -> "Draft":
        """A new, empty draft under `artifacts_dir`; those that dead processes left behind are removed."""
        runs = artifacts_dir / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        for left in runs.glob(f"{_DRAFT}*"):
            owner = left.name.removeprefix(_DRAFT).split("-")[0]
            if owner.isdigit() and not _is_alive(int(owner)):
                shutil.rmtree(left, ignore_errors=True)
        return cls(Path(tempfile.mkdtemp(prefix=f"{_DRAFT}{os.getpid()}-", dir=runs)))

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
        from cinematch_lib.estimators import dump  # scikit-learn is heavy, and readers can do without

        self.path(name).write_bytes(dump(estimator))

    def write_features(self, matrix: sparse.csr_matrix, features: "FilmFeatures", meta: Mapping[str, Any]) -> None:
        """Write what the recommender loads, and the fitted parts that made it."""
        self.write_matrix(FEATURES, matrix)
        self.write_json(META, meta)
        self.write_estimator("tfidf_vectorizer.skops", features.text_)
        self.write_estimator("genre_mlb.skops", features.genres_)
        self.write_estimator("numeric_scaler.skops", features.numbers_)

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

    def publish(self) -> "RunInfo":
        """Seal the draft as a run and, where it holds all that serving needs, put it in use."""
        facts = self.facts()
        (self.folder / _FACTS).unlink(missing_ok=True)
        manifest = _manifest(self.folder, facts)
        write_text(self.folder / MANIFEST, to_json(manifest))
        runs = self.folder.parent
        run_id = manifest["run_id"]
        for path in self.folder.rglob("*"):
            if path.is_file():
                path.chmod(0o444)  # a run is a record: an editor that opens one of its files should not change it
        self.folder.chmod(0o755)
        self.folder.rename(runs / run_id)
        self.folder = runs / run_id
        if all(name in manifest["files"] for name in _SERVED):
            write_text(runs.parent / "current", run_id + "\n")
        return RunInfo.of(manifest)


_FACTS = "facts.json"


@dataclass(frozen=True)
class RunInfo:
    """What a run's manifest says, for lists and comparisons."""

    run_id: str
    created: str
    fingerprint: str
    dataset: str
    facts: Mapping[str, Any]
    packages: Mapping[str, str]
    files: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "RunInfo":
        """From a manifest that was checked."""
        steps = manifest["steps"]
        dataset = next((facts["dataset"] for facts in steps.values() if "dataset" in facts), "")
        return cls(
            manifest["run_id"],
            manifest["created"],
            manifest["fingerprint"],
            dataset,
            steps,
            manifest["packages"],
            manifest["files"],
        )


class Run:
    """A published run, every file of which was there and unaltered when it was opened."""

    def __init__(self, folder: Path) -> None:
        """Check the whole run; raises CineMatchError that names the file which is missing or altered."""
        self.folder = folder
        manifest = _read_manifest(folder)
        self.info = RunInfo.of(manifest)
        known = set(self.info.files) | {MANIFEST}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name not in known and not any(part.startswith(".") for part in Path(name).parts):
                raise CineMatchError(f"{path} is not part of the run and was not read; remove it, or {_REMEDY}")
        for name in self.info.files:
            self.read_bytes(name)

    @classmethod
    def current(cls, artifacts_dir: Path) -> "Run":
        """The run in use."""
        run_id = current_run_id(artifacts_dir)
        if run_id is None:
            raise CineMatchError(f"{artifacts_dir} has no run in use yet; make one: cinematch run")
        return cls(_run_folder(artifacts_dir, run_id))

    def read_bytes(self, name: str) -> bytes:
        """A file's bytes, after their checksum was compared with the manifest's."""
        expected = self.info.files.get(name)
        path = self.folder / name
        if expected is None:
            raise CineMatchError(f"the run {self.info.run_id} has no {name}; {_REMEDY}")
        if not path.is_file():
            raise CineMatchError(f"{path} is missing; {_REMEDY}")
        data = path.read_bytes()
        if sha256(data) != expected["sha256"]:
            raise CineMatchError(f"{path} was altered: its SHA-256 is not the manifest's; {_REMEDY}")
        return data

    def read_json(self, name: str) -> Any:
        """A JSON file's value."""
        return json.loads(self.read_bytes(name))

    def read_matrix(self, name: str) -> sparse.csr_matrix:
        """A CSR matrix. Raises CineMatchError for a file that holds a pickle or no matrix."""
        try:
            matrix = sparse.load_npz(io.BytesIO(self.read_bytes(name)))
            matrix.check_format()
        except (ValueError, OSError, KeyError, EOFError) as error:
            raise CineMatchError(f"{self.folder / name} holds no sparse matrix and was refused: {error}") from None
        return sparse.csr_matrix(matrix)

    def read_estimator(self, name: str) -> Any:
        """A fitted estimator. Raises CineMatchError when the file asks for a type outside scikit-learn."""
        from cinematch_lib.estimators import load

        return load(self.read_bytes(name), self.folder / name)


_REMEDY = "make the run anew (cinematch run) or use another (cinematch use RUN)"


def list_runs(artifacts_dir: Path) -> list[RunInfo]:
    """The published runs whose manifests can be read, the oldest first."""
    found = []
    for manifest in (artifacts_dir / "runs").glob(f"[!.]*/{MANIFEST}"):
        try:
            found.append(RunInfo.of(_read_manifest(manifest.parent)))
        except CineMatchError:
            continue  # `Run` says what is wrong with it when it is asked for by name
    return sorted(found, key=lambda run: (run.created, run.run_id))


def current_run_id(artifacts_dir: Path) -> str | None:
    """The id of the run in use, None where there is none."""
    path = artifacts_dir / "current"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def use_run(artifacts_dir: Path, run_id: str) -> RunInfo:
    """Check a run whole and put it in use. Raises CineMatchError, and then leaves the one in use."""
    run = Run(_run_folder(artifacts_dir, run_id))
    if lacking := [name for name in _SERVED if name not in run.info.files]:
        raise CineMatchError(f"the run {run_id} cannot be used: it has no {' and no '.join(lacking)}; {_REMEDY}")
    write_text(artifacts_dir / "current", run_id + "\n")
    return run.info


def _run_folder(artifacts_dir: Path, run_id: str) -> Path:
    folder = artifacts_dir / "runs" / run_id
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", run_id) or not folder.is_dir():
        known = [path.name for path in (artifacts_dir / "runs").glob("[!.]*")]
        raise UnknownNameError(f"{artifacts_dir} has no run {run_id!r}", close_names(run_id, known))
    return folder


def _manifest(folder: Path, facts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            files[path.relative_to(folder).as_posix()] = {"sha256": sha256(data), "bytes": len(data)}
    lasting = [f"{name} {file['sha256']}" for name, file in files.items() if not name.startswith(_RECORDS)]
    fingerprint = sha256("\n".join(lasting).encode())
    now = datetime.now(UTC)
    manifest = {
        "format_version": FORMAT_VERSION,
        "run_id": _free_run_id(folder.parent, f"{now:%Y%m%dT%H%M%SZ}-{fingerprint[:8]}"),
        "created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "fingerprint": fingerprint,
        "steps": facts,
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "files": files,
    }
    return manifest | {"manifest_sha256": _seal(manifest)}


def _free_run_id(runs: Path, wanted: str) -> str:
    run_id, number = wanted, 1
    while (runs / run_id).exists():
        number += 1
        run_id = f"{wanted}-{number}"
    return run_id


def _seal(manifest: Mapping[str, Any]) -> str:
    """The manifest's own checksum, over everything else in it."""
    rest = {name: value for name, value in manifest.items() if name != "manifest_sha256"}
    return sha256(json.dumps(rest, sort_keys=True).encode())


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise CineMatchError(f"{path} is missing, so {folder.name} is no complete run; {_REMEDY}")
    try:
        manifest = json.loads(path.read_bytes())
        version = manifest["format_version"]
    except (ValueError, KeyError, TypeError):
        raise CineMatchError(f"{path} was altered: it is no manifest any more; {_REMEDY}") from None
    if version != FORMAT_VERSION:
        raise CineMatchError(
            f"{path} has format version {version}, and this version of CineMatch reads {FORMAT_VERSION}; {_REMEDY}"
        )
    if manifest.get("manifest_sha256") != _seal(manifest):
        raise CineMatchError(f"{path} was altered: its own checksum does not match; {_REMEDY}")
    return manifest


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

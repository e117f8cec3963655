"""A run's manifest: the facts of each step, package versions, and the checksums that seal the run's files.

The manifest is sealed by a checksum over its own content, so that every change of a run is detected.
"""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import map_file, sha256, to_json, write_text

FORMAT_VERSION = 6
OLDEST_RECORD_VERSION = 2  # of runs whose facts and metrics can be read; recommenders need the present version
MANIFEST = "manifest.json"
REMEDY = "make the run anew (cinematch run) or use another (cinematch use RUN)"
ADDED = "add"  # the facts of a run to which films were added after it was made
RECORDS = "notebooks/"  # they carry times, and are left out of fingerprints and comparisons
_PACKAGES = ("cinematch-lib", "matplotlib", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops")
_SEAL = "manifest_sha256"
_TYPES = {"run_id": str, "created": str, "fingerprint": str, "steps": dict, "packages": dict, "files": dict}


@dataclass(frozen=True)
class RunInfo:
    """The content of a run's manifest. `facts` maps a step to its facts, `files` a name to its SHA-256 and size."""

    run_id: str
    created: str
    fingerprint: str
    dataset: str
    facts: Mapping[str, Any]
    packages: Mapping[str, str]
    files: Mapping[str, Mapping[str, Any]]
    format_version: int = FORMAT_VERSION

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> "RunInfo":
        """From the JSON value of a verified manifest."""
        names = ("run_id", "created", "fingerprint", "packages", "files", "format_version")
        dataset = next((facts["dataset"] for facts in manifest["steps"].values() if "dataset" in facts), "")
        return cls(dataset=dataset, facts=manifest["steps"], **{name: manifest[name] for name in names})


def write_manifest(folder: Path, facts: Mapping[str, Mapping[str, Any]]) -> RunInfo:
    """Seal the files in `folder`: checksums, the `facts` of each step, and an id that is unique among the runs."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = map_file(path)
            files[path.relative_to(folder).as_posix()] = {"sha256": sha256(content), "bytes": len(content)}
    lasting = [f"{name} {file['sha256']}" for name, file in files.items() if not name.startswith(RECORDS)]
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
    write_text(folder / MANIFEST, to_json(manifest | {_SEAL: seal(manifest)}))
    return RunInfo.from_manifest(manifest)


def read_manifest(folder: Path, oldest_version: int = FORMAT_VERSION) -> RunInfo:
    """The verified manifest of a run's folder, of a format from `oldest_version` to FORMAT_VERSION.

    Raises CineMatchError if it is missing, altered, renamed or of another format.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise CineMatchError(f"{path} is missing, so {folder.name} is no complete run; {REMEDY}")
    try:
        manifest = json.loads(path.read_bytes())
        version = manifest["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CineMatchError(f"{path} was altered: it is no manifest any more; {REMEDY}") from None
    if not (type(version) is int and oldest_version <= version <= FORMAT_VERSION):
        raise CineMatchError(
            f"{path} has format version {version!r}, and this version of CineMatch reads {FORMAT_VERSION}; {REMEDY}"
        )
    if manifest.get(_SEAL) != seal(manifest):
        raise CineMatchError(f"{path} was altered: its own checksum does not match; {REMEDY}")
    if not _is_sound(manifest):
        raise CineMatchError(f"{path} was not written by CineMatch: it lacks what every manifest has; {REMEDY}")
    if manifest["run_id"] != folder.name:
        raise CineMatchError(f"{folder} was renamed: its manifest says {manifest['run_id']}; rename it back")
    return RunInfo.from_manifest(manifest)


def seal(manifest: Mapping[str, Any]) -> str:
    """The manifest's own checksum, over everything else in it."""
    rest = {name: value for name, value in manifest.items() if name != _SEAL}
    return sha256(json.dumps(rest, sort_keys=True).encode())


def _is_sound(manifest: Mapping[str, Any]) -> bool:
    return (
        all(isinstance(manifest.get(name), kind) for name, kind in _TYPES.items())
        and all(isinstance(facts, dict) for facts in manifest["steps"].values())
        and all(isinstance(file, dict) and "sha256" in file for file in manifest["files"].values())
        and not any(PurePosixPath(name).is_absolute() or ".." in name.split("/") for name in manifest["files"])
    )


def _free_run_id(runs: Path, wanted: str) -> str:
    ids = itertools.chain([wanted], (f"{wanted}-{number}" for number in itertools.count(2)))
    return next(run_id for run_id in ids if not (runs / run_id).exists())

"""The files of experiments, one each in ``state/experiments/``: written whole, and sealed by a checksum."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cinematch_lib.artifacts.manifest import RunInfo
from cinematch_lib.artifacts.runs import REQUIRED, Run, current_run_id, run_folder
from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.experiments.definition import Arm, Experiment, check
from cinematch_lib.storage.clock import now
from cinematch_lib.storage.files import sha256, to_json, write_text
from cinematch_lib.storage.locks import folder_lock

FOLDER = "experiments"  # in the state folder
CURRENT = "current"  # an arm's run that is typed for the current one
_VERSION = 1
_MAPPED = ".npz"


def start(state_dir: Path, experiment: Experiment) -> None:
    """Write a new experiment, which running servers then take up. Raises CineMatchError, and then nothing changes."""
    folder = state_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with folder_lock(folder):
        known, _ = read_all(state_dir)
        check(experiment, [one for one in known if one.stopped is None])
        if _path(state_dir, experiment.name).exists():
            raise CineMatchError(f"there is an experiment {experiment.name} already; take another name")
        _write(state_dir, experiment)


def stop(state_dir: Path, name: str, promoted: str | None = None) -> Experiment:
    """Stop a running experiment, and keep which arm was `promoted`. Raises CineMatchError."""
    experiment = find(state_dir, name)
    with folder_lock(state_dir / FOLDER):
        experiment = _read(_path(state_dir, name))
        if experiment.stopped is not None:
            raise CineMatchError(f"the experiment {name} was stopped at {experiment.stopped}")
        stopped = replace(experiment, stopped=now(), promoted=promoted)
        _write(state_dir, stopped)
    return stopped


def find(state_dir: Path, name: str) -> Experiment:
    """The experiment of this name. Raises UnknownNameError, and CineMatchError for a file that was altered."""
    path = _path(state_dir, name)
    if not path.is_file():
        names = sorted(one.stem for one in (state_dir / FOLDER).glob("[!.]*.json"))
        raise UnknownNameError(
            f"{state_dir} has no experiment {name!r}; list them: cinematch experiment list", close_names(name, names)
        )
    return _read(path)


def read_all(state_dir: Path) -> tuple[list[Experiment], dict[str, str]]:
    """All experiments, the oldest first, and those that cannot be read: name to the reason."""
    experiments, problems = [], {}
    for path in sorted((state_dir / FOLDER).glob("[!.]*.json")):
        try:
            experiments.append(_read(path))
        except CineMatchError as error:
            problems[path.stem] = str(error)
    return sorted(experiments, key=lambda one: (one.created, one.name)), problems


def resolve_arms(artifacts_dir: Path, arms: Sequence[Arm]) -> tuple[tuple[Arm, ...], list[RunInfo]]:
    """The arms with the ids and fingerprints of their runs, and the runs, each once.

    Raises CineMatchError for a run that is missing, altered, of another catalog than the others, or without the
    embeddings that an arm switches.
    """
    runs: dict[str, Run] = {}
    resolved = []
    for arm in arms:
        wanted = arm.run_id or CURRENT
        run_id = current_run_id(artifacts_dir) if wanted == CURRENT else wanted
        if run_id is None:
            raise CineMatchError(f"{artifacts_dir} has no current run; make one: cinematch run")
        run = runs.setdefault(run_id, _checked(artifacts_dir, run_id))
        if "embeddings" in arm.settings and run.read_embeddings() is None:
            raise CineMatchError(f"the run {run_id} of arm {arm.name} has no embeddings, which the arm switches")
        is_fixed = arm.run_id or "embeddings" in arm.settings  # which are a part of a run
        resolved.append(replace(arm, run_id=run_id, fingerprint=run.info.fingerprint) if is_fixed else arm)
    first, *others = (set(run.read_movies_meta().columns.movie_ids.tolist()) for run in runs.values())
    for info, films in zip([run.info for run in runs.values()][1:], others, strict=True):
        if films != first:
            raise CineMatchError(
                f"the run {info.run_id} is of another catalog than {next(iter(runs))}: {len(films - first):,} films "
                f"more, {len(first - films):,} fewer; arms must recommend the same films"
            )
    return tuple(resolved), [run.info for run in runs.values()]


def served_bytes(info: RunInfo) -> int:
    """The size of the files of a run that a server maps into memory."""
    return sum(file["bytes"] for name, file in info.files.items() if name.endswith(_MAPPED))


def _checked(artifacts_dir: Path, run_id: str) -> Run:
    run = Run(run_folder(artifacts_dir, run_id))
    if lacking := [name for name in REQUIRED if name not in run.info.files]:
        raise CineMatchError(f"the run {run_id} cannot be served: it has no {' and no '.join(lacking)}")
    return run


def _path(state_dir: Path, name: str) -> Path:
    return state_dir / FOLDER / f"{name}.json"


def _write(state_dir: Path, experiment: Experiment) -> None:
    content = asdict(experiment)
    write_text(
        _path(state_dir, experiment.name),
        to_json({"version": _VERSION, "sha256": _seal(content), "experiment": content}),
    )


def _read(path: Path) -> Experiment:
    try:
        value = json.loads(path.read_bytes())
        content = dict(value["experiment"])
        if value["version"] != _VERSION or value["sha256"] != _seal(content) or content["name"] != path.stem:
            raise ValueError
        return Experiment(**content | {"arms": tuple(Arm(**arm) for arm in content["arms"])})
    except (ValueError, KeyError, TypeError):
        raise CineMatchError(
            f"{path} was altered, or written by another version; restore it, or remove it and start another experiment"
        ) from None


def _seal(content: Mapping[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode())

"""The state of a project before a set-up: data sets, TMDb's responses, runs, disk space. Nothing is changed."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cinematch_lib.artifacts.manifest import RunInfo
from cinematch_lib.artifacts.runs import current_run_id, list_runs, unreadable_runs
from cinematch_lib.data.datasets import DATASETS, NEEDED, SAMPLE, folder_names
from cinematch_lib.data.fetching import ROOM
from cinematch_lib.data.layouts import look
from cinematch_lib.data.movielens import read_movies
from cinematch_lib.data.tmdb.export import METADATA, PROVIDERS_FILE
from cinematch_lib.data.tmdb.store import films_stored
from cinematch_lib.data.tmdb.table import own_metadata
from cinematch_lib.pipeline.folders import Folders
from cinematch_lib.pipeline.times import fastest

# Measured on 2 cores: 117 s for all steps on the sample; 208 s for 32 million ratings without the evaluation.
_SECONDS_AT_LEAST = 120.0
_SECONDS_PER_MILLION_RATINGS = 6.0


@dataclass(frozen=True)
class DataSet:
    """A data set that can be chosen; numbers of films and ratings are None where they are not known.

    `megabytes` are still to be downloaded; `has_metadata` is whether it brings a table of metadata, so that TMDb is
    not asked; `missing` are files that its folder lacks; `fastest` is the shortest time in seconds that the steps
    took here, without the fetching.
    """

    name: str
    exists: bool
    films: int | None
    ratings: int | None
    megabytes: int
    has_metadata: bool
    missing: Sequence[str]
    fastest: float | None

    @property
    def disk_space(self) -> float:
        """The bytes that must be free to download and unpack it."""
        return self.megabytes * 1e6 * ROOM

    @property
    def estimate(self) -> float | None:
        """Seconds of the pipeline on 2 cores without the download; None where the number of ratings is not known."""
        if self.ratings is None:
            return None
        return _SECONDS_AT_LEAST + self.ratings / 1e6 * _SECONDS_PER_MILLION_RATINGS


@dataclass(frozen=True)
class Survey:
    """The state of a project: `stored` films have TMDb's responses (None: no store), `free` disk space is in bytes."""

    data_sets: dict[str, DataSet]
    free: int
    stored: int | None
    has_own_table: bool
    has_providers: bool
    runs: list[RunInfo]
    unreadable_runs: int
    current: str | None


def inspect(folders: Folders, steps: Sequence[str]) -> Survey:
    """The state of a project for a run of `steps` in these folders. Raises CineMatchError for a damaged store."""
    raw, artifacts = folders.raw_dir, folders.artifacts_dir
    stored, runs = films_stored(raw / "tmdb"), list_runs(artifacts)
    own = [name for name in folder_names(raw) if name not in DATASETS and not _missing(raw / name)]
    return Survey(
        {name: _data_set(name, raw, runs, steps) for name in (*DATASETS, *own)},
        shutil.disk_usage(next(one for one in (raw.absolute(), *raw.absolute().parents) if one.is_dir())).free,
        stored,
        stored is None and (raw / "tmdb" / METADATA).is_file(),
        (raw / "tmdb" / PROVIDERS_FILE).is_file(),
        runs,
        len(unreadable_runs(artifacts)),
        current_run_id(artifacts),
    )


def _data_set(name: str, raw: Path, runs: Sequence[RunInfo], steps: Sequence[str]) -> DataSet:
    folder, known = raw / name, DATASETS.get(name)
    exists = name != SAMPLE and folder.is_dir()
    missing = _missing(folder) if exists else []
    films, ratings = (known.films, known.ratings) if known else (None, None)
    if films is None and exists and not missing:
        films = len(read_movies(folder))
    megabytes = 0 if exists or known is None else known.megabytes
    has_metadata = name == SAMPLE or own_metadata(folder) is not None
    return DataSet(name, exists, films, ratings, megabytes, has_metadata, missing, fastest(runs, name, steps))


def _missing(folder: Path) -> list[str]:
    found = look(folder)
    return list(NEEDED) if found is None else found.missing

"""What is there before a set-up begins: data sets, TMDb's answers, runs, room. It changes nothing."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cinematch_lib.artifacts.manifest import RunInfo
from cinematch_lib.artifacts.runs import current_run_id, list_runs, unreadable_runs
from cinematch_lib.data.datasets import DATASETS, NEEDED, SAMPLE, folder_names
from cinematch_lib.data.fetching import ROOM
from cinematch_lib.data.tmdb.export import METADATA, PROVIDERS_FILE
from cinematch_lib.data.tmdb.store import films_stored
from cinematch_lib.pipeline.runner import Folders

# Measured on 2 cores: 117 s for all steps on the sample; 208 s for 32 million ratings, the evaluation aside.
SECONDS_AT_LEAST = 120.0
SECONDS_PER_MILLION_RATINGS = 6.0


@dataclass(frozen=True)
class Choice:
    """A data set that can be taken: sizes are None where nobody knows them.

    `megabytes` are still to be downloaded; `has_facts` says that it brings a table of facts of its own, so that
    TMDb is not asked; `fastest` is the shortest time in seconds that the steps took here, without the fetching.
    """

    name: str
    there: bool
    films: int | None
    ratings: int | None
    megabytes: int
    has_facts: bool
    lacking: Sequence[str]
    fastest: float | None

    @property
    def room(self) -> float:
        """The bytes that must be free to download and unpack it."""
        return self.megabytes * 1e6 * ROOM

    @property
    def estimate(self) -> float | None:
        """Seconds that the pipeline may take on 2 cores, without what is downloaded; None where nothing is known."""
        if self.ratings is None:
            return None
        return SECONDS_AT_LEAST + self.ratings / 1e6 * SECONDS_PER_MILLION_RATINGS


@dataclass(frozen=True)
class Survey:
    """What is there; `stored` films have answers in TMDb's store (None: no store), `free` is in bytes."""

    choices: dict[str, Choice]
    free: int
    stored: int | None
    table_by_hand: bool
    has_providers: bool
    runs: list[RunInfo]
    broken_runs: int
    current: str | None


def look(folders: Folders, steps: Sequence[str]) -> Survey:
    """What there is for a run of these steps in these folders. Raises CineMatchError for a damaged store."""
    raw, artifacts = folders.raw_dir, folders.artifacts_dir
    stored, runs = films_stored(raw / "tmdb"), list_runs(artifacts)
    own = [name for name in folder_names(raw) if name not in DATASETS and not _lacking(raw / name)]
    return Survey(
        {name: _choice(name, raw, runs, steps) for name in (*DATASETS, *own)},
        shutil.disk_usage(_nearest(raw)).free,
        stored,
        stored is None and (raw / "tmdb" / METADATA).is_file(),
        (raw / "tmdb" / PROVIDERS_FILE).is_file(),
        runs,
        len(unreadable_runs(artifacts)),
        current_run_id(artifacts),
    )


def _choice(name: str, raw: Path, runs: Sequence[RunInfo], steps: Sequence[str]) -> Choice:
    folder, known = raw / name, DATASETS.get(name)
    there = name != SAMPLE and folder.is_dir()
    lacking = _lacking(folder) if there else []
    films, ratings = (known.films, known.ratings) if known else (None, None)
    if films is None and there and not lacking:
        with (folder / "movies.csv").open("rb") as file:
            films = sum(1 for _ in file) - 1
    megabytes = 0 if there or known is None else known.megabytes
    has_facts = name == SAMPLE or (folder / METADATA).is_file()
    return Choice(name, there, films, ratings, megabytes, has_facts, lacking, _fastest(name, runs, steps))


def _lacking(folder: Path) -> list[str]:
    return [name for name in NEEDED if not (folder / name).is_file()]


def _fastest(dataset: str, runs: Sequence[RunInfo], steps: Sequence[str]) -> float | None:
    """The shortest time of an earlier run with the same steps; fetching is left out, since it differs most."""
    times = []
    for run in runs:
        facts = run.facts.get("pipeline", {})
        took = {one["step"]: one["seconds"] for one in facts.get("steps", ())}
        if facts.get("dataset") == dataset and set(took) >= set(steps):
            times.append(sum(took[step] for step in steps if step != "fetch"))
    return min(times, default=None)


def _nearest(folder: Path) -> Path:
    folder = folder.absolute()
    return next(one for one in (folder, *folder.parents) if one.is_dir())

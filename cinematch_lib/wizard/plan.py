"""The run that results from the answers, and the command that makes it."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cinematch_lib.data.tmdb.rate_limit import FULL_RATE
from cinematch_lib.data.tmdb.settings import TOKEN
from cinematch_lib.pipeline.folders import Folders
from cinematch_lib.pipeline.times import duration
from cinematch_lib.storage.dotenv import dotenv_path
from cinematch_lib.wizard import terminal
from cinematch_lib.wizard.inspect import DataSet
from cinematch_lib.wizard.values import to_argument

_MEGABYTES_PER_SECOND = 10 / 8  # of a line of 10 Mbit/s, for estimates of downloads


@dataclass
class Plan:
    """A run to be made: `values` are the parameters that differ from their defaults, the data set aside.

    `asks_tmdb` is whether the step fetch sends requests to TMDb; `token` is one that was typed, to be stored if
    `stores_token`.
    """

    data_set: DataSet
    last: str | None
    values: dict[str, Any] = field(default_factory=dict)
    asks_tmdb: bool = False
    token: str | None = None
    stores_token: bool = False

    def command(self, folders: Folders) -> list[str]:
        """The words after ``cinematch`` that make this run."""
        words = ["run", "--dataset", self.data_set.name, *folder_flags(folders)]
        words += [word for name, value in self.values.items() for word in ("-p", name, to_argument(value))]
        return words + (["--to", self.last] if self.last else [])

    def show(self, folders: Folders, free: int) -> None:
        """Print the time and space that the run takes, the folders that it writes to, and its command.

        `free` is the free disk space in bytes.
        """
        terminal.heading("This will be run")
        facts = [("data set", f"{self.data_set.name}: {self._download(free)}")]
        if self.asks_tmdb:
            facts.append(("TMDb", tmdb_time(self.data_set, self.values.get("tmdb_limit"))))
        facts.append(("pipeline", pipeline_time(self.data_set, in_full=True)))
        targets = [] if self.data_set.exists else [folders.raw_dir / self.data_set.name]
        targets += [folders.raw_dir / "tmdb"] if self.asks_tmdb else []
        writes = [f"{one}/" for one in (*targets, folders.data_dir, folders.artifacts_dir)]
        writes += [str(dotenv_path())] if self.stores_token else []
        terminal.rows([*facts, ("writes to", ", ".join(writes))])
        terminal.say("")
        terminal.command(shlex.join(["cinematch", *self.command(folders)]))
        if self.token is not None and not self.stores_token:
            terminal.say(f"The token is passed to this run alone; the command by itself needs {TOKEN}.", indent=2)
        terminal.say("")

    def _download(self, free: int) -> str:
        megabytes = self.data_set.megabytes
        if self.data_set.exists:
            return "exists"
        if not megabytes:
            return "part of the package, nothing to download"
        return (
            f"{megabytes} MB to download, about {duration(megabytes / _MEGABYTES_PER_SECOND)} at 10 Mbit/s; "
            f"{self.data_set.disk_space / 1e9:.1f} GB of disk while it is unpacked, of {free / 1e9:.1f} GB free"
        )


def folder_flags(folders: Folders, names: tuple[str, ...] = ("raw", "data", "artifacts")) -> list[str]:
    """The flags for the folders that are not the default ones."""
    paths = {name: getattr(folders, f"{name}_dir") for name in names}
    return [word for name, path in paths.items() if path != Path(name) for word in (f"--{name}-dir", str(path))]


def pipeline_time(data_set: DataSet, *, in_full: bool = False) -> str:
    """The time of the steps: measured here, else estimated, else not known."""
    if data_set.fastest is not None:
        return f"{duration(data_set.fastest)} here{', the shortest time so far' if in_full else ''}"
    if data_set.estimate is None:
        return "not known"
    return f"about {duration(data_set.estimate)}{', an estimate for 2 cores' if in_full else ''}"


def tmdb_time(data_set: DataSet, limit: int | None) -> str:
    """The time of requests to TMDb, at most."""
    films = min((one for one in (limit, data_set.films) if one is not None), default=None)
    if films is None:
        return f"every film once, {FULL_RATE:g} a second at most"
    return f"{films:,} films at most, {FULL_RATE:g} a second: {duration(films / FULL_RATE)}"

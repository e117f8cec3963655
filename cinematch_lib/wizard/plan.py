"""What was decided: the run to make, and the command that makes it."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cinematch_lib.data.tmdb.rate_limit import FULL_RATE
from cinematch_lib.data.tmdb.settings import TOKEN, dotenv_path
from cinematch_lib.pipeline.runner import Folders
from cinematch_lib.wizard import terminal as page
from cinematch_lib.wizard.inspect import Choice, Survey
from cinematch_lib.wizard.rules import written

MEGABYTES_PER_SECOND = 10 / 8  # of a line of 10 Mbit/s, by which downloads are estimated


@dataclass
class Plan:
    """A run to be made: `values` are the parameters that differ from their defaults, the data set aside.

    `asks_tmdb` says whether the step fetch asks TMDb; `token` is one that was typed in, to be kept if `keeps_token`.
    """

    choice: Choice
    last: str | None
    values: dict[str, Any] = field(default_factory=dict)
    asks_tmdb: bool = False
    token: str | None = None
    keeps_token: bool = False

    def command(self, folders: Folders) -> list[str]:
        """The words after ``cinematch`` that make this run."""
        words = ["run", "--dataset", self.choice.name, *folder_flags(folders)]
        words += [word for name, value in self.values.items() for word in ("-p", name, written(value))]
        return words + (["--to", self.last] if self.last else [])


def folder_flags(folders: Folders, names: tuple[str, ...] = ("raw", "data", "artifacts")) -> list[str]:
    """The flags for the folders that are not the default ones."""
    chosen: Mapping[str, Path] = {name: getattr(folders, f"{name}_dir") for name in names}
    return [word for name, path in chosen.items() if path != Path(name) for word in (f"--{name}-dir", str(path))]


def show(plan: Plan, survey: Survey, folders: Folders) -> None:
    """What the run takes, what it writes, and its command."""
    page.heading("This will be run")
    found = [("data set", plan.choice.name + _download(plan.choice, survey))]
    if plan.asks_tmdb:
        found.append(("TMDb", tmdb_time(plan.choice, plan.values.get("tmdb_limit"))))
    found.append(("pipeline", pipeline_time(plan.choice, in_full=True)))
    targets = [folders.raw_dir / plan.choice.name] if not plan.choice.there else []
    targets += [folders.raw_dir / "tmdb"] if plan.asks_tmdb else []
    writes = [f"{one}/" for one in (*targets, folders.data_dir, folders.artifacts_dir)]
    writes += [str(dotenv_path())] if plan.keeps_token else []
    page.rows([*found, ("writes to", ", ".join(writes))])
    print()
    page.command(shlex.join(["cinematch", *plan.command(folders)]))
    if plan.token is not None and not plan.keeps_token:
        page.say(f"The token goes to this run alone; the command by itself needs {TOKEN}.", indent=2)
    print()


def pipeline_time(choice: Choice, *, in_full: bool = False) -> str:
    """How long the steps take: as it was here, else estimated, else that nobody knows."""
    if choice.fastest is not None:
        return f"{page.duration(choice.fastest)} here{', the quickest time so far' if in_full else ''}"
    if choice.estimate is None:
        return "not known"
    return f"about {page.duration(choice.estimate)}{', an estimate for 2 cores' if in_full else ''}"


def tmdb_time(choice: Choice, limit: int | None) -> str:
    """How long TMDb is asked at most."""
    films = min((one for one in (limit, choice.films) if one is not None), default=None)
    if films is None:
        return f"every film once, {FULL_RATE:g} a second at most"
    return f"{films:,} films at most, {FULL_RATE:g} a second: {page.duration(films / FULL_RATE)}"


def _download(choice: Choice, survey: Survey) -> str:
    if choice.there:
        return ": is there"
    if not choice.megabytes:
        return ": in the package, nothing to download"
    time = page.duration(choice.megabytes / MEGABYTES_PER_SECOND)
    return (
        f": {choice.megabytes} MB to download, about {time} at 10 Mbit/s; {choice.room / 1e9:.1f} GB of disk while it "
        f"is unpacked, of {survey.free / 1e9:.1f} GB free"
    )

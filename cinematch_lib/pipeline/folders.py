"""Where a pipeline reads and writes, and how it tells of its progress; light to import."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folders:
    """The folders that a pipeline reads and writes: data sets, the cleaned catalog, and runs."""

    raw_dir: Path
    data_dir: Path
    artifacts_dir: Path


def print_line(line: str) -> None:
    """Print a line and flush it, since a step may take long and the output may go to a log."""
    print(line, flush=True)

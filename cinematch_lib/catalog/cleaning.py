"""Cleaning as one step: raw tables in, ``movies_merged.csv`` and an account of every film out."""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters, drop_reasons
from cinematch_lib.catalog.merge import merge_films
from cinematch_lib.data.attribution import attributions
from cinematch_lib.data.download import md5_of
from cinematch_lib.data.formats import read_table
from cinematch_lib.data.movielens import checksums, read_ratings
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tables import MERGED
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import atomic_write, to_json, write_text
from cinematch_lib.storage.paths import REJECTS

CATALOG = "movies_merged.csv"
REPORT = "cleaning_report.json"
_TABLES = ("movies.csv", "links.csv", "ratings.csv", "tags.csv")


@dataclass(frozen=True)
class CleaningReport:
    """What became of every film: `read` is `kept` plus all that `dropped` counts, reason by reason.

    `catalog_md5` is the MD5 of the catalog that belongs to the report. `coverage` counts the kept films of which
    something is known; `rejected` and `repairs` count rows and
    values of the other tables by file and reason; `inputs` are the MD5s of what was read.
    """

    dataset: str
    inputs: Mapping[str, str]
    catalog_md5: str
    filters: Mapping[str, Any]
    services: Mapping[str, Any]
    read: int
    dropped: Mapping[str, int]
    kept: int
    coverage: Mapping[str, int]
    rejected: Mapping[str, Mapping[str, int]]
    repairs: Mapping[str, Mapping[str, int]]
    attributions: list[str]

    def __post_init__(self) -> None:
        if self.read != self.kept + sum(self.dropped.values()):
            raise AssertionError(f"films went missing: read {self.read}, kept {self.kept}, dropped {self.dropped}")

    def steps(self) -> pd.DataFrame:
        """The waterfall as a table: `step`, `films` (dropped ones below zero), `left` after the step."""
        return pd.DataFrame(waterfall_steps(self.read, self.dropped), columns=["step", "films", "left"])

    def coverage_table(self) -> pd.DataFrame:
        """For how many of the kept films something is known: `known`, `films`, `percent`."""
        table = pd.DataFrame({"known": list(self.coverage), "films": list(self.coverage.values())})
        return table.assign(percent=(100 * table["films"] / self.kept).round(1))

    def notes(self) -> pd.DataFrame:
        """Rows set aside and values mended in all tables: `file`, `what`, `rows`."""
        both = [
            (file, what, count)
            for part in (self.rejected, self.repairs)
            for file in part
            for what, count in part[file].items()
        ]
        return pd.DataFrame(both, columns=["file", "what", "rows"])

    def summary(self) -> str:
        """The account in one line: read = kept + dropped for each reason, and what was set aside elsewhere."""
        why = ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items() if count)
        dropped = self.read - self.kept
        text = f"{self.read:,} films read = {self.kept:,} kept + {dropped:,} dropped{f' ({why})' if why else ''}"
        aside = {file: sum(reasons.values()) for file, reasons in self.rejected.items()}
        rows = "".join(f"; {count:,} row{'s' * (count != 1)} of {file} set aside" for file, count in aside.items())
        return text + rows

    def check(self, data_dir: Path, folder: Path) -> None:
        """Raise CineMatchError unless the catalog in `data_dir` and the tables in `folder` are this report's."""
        if md5_of(data_dir / CATALOG) != self.catalog_md5:
            raise CineMatchError(
                f"{data_dir / CATALOG} is not the catalog that {REPORT} tells of; "
                "clean again: cinematch run --from clean"
            )
        found = checksums(folder)
        differing = [name for name in _TABLES if found.get(name) != self.inputs.get(name)]
        if differing:
            raise CineMatchError(
                f"{', '.join(differing)} in {folder} is not what the catalog was made from; "
                "clean again (cinematch run --from clean), or name the right raw_dir"
            )

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def load(cls, data_dir: Path) -> "CleaningReport":
        """The report that lies beside the catalog in `data_dir`. Raises CineMatchError."""
        path = data_dir / REPORT
        if not path.is_file():
            raise CineMatchError(f"{path} was not found; clean first: cinematch run --to clean")
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise CineMatchError(f"{path} is no report of this version's cleaning; clean again") from None


def clean(
    folder: Path,
    data_dir: Path,
    *,
    metadata_path: Path | None = None,
    filters: Filters | None = None,
    services: ServicesSource | None = None,
) -> CleaningReport:
    """Clean the MovieLens tables in `folder` and write three files to `data_dir`, each whole or not at all.

    ``movies_merged.csv`` holds the films that are kept, ``rejects.csv`` every row that is not, by file, line
    and reason, ``cleaning_report.json`` the counts. `metadata_path` is a TMDb table, None to do without.
    Raises CineMatchError for input that cannot be read and for filters that leave no film.
    """
    filters, services = filters or Filters(), services or ServicesSource()
    rejects = RejectLog()
    films = merge_films(folder, metadata_path, services, rejects)
    ratings = read_ratings(folder) if filters.min_ratings else None
    counts = None if ratings is None else ratings["movieId"].value_counts()
    reasons = drop_reasons(films, filters, counts)
    kept = films[reasons.isna()]
    dropped = rejects.counts("movies.csv")
    for reason in reasons.cat.categories:
        mask = reasons == reason
        dropped[reason] = int(mask.sum())
        gone = films[mask]
        rejects.add("movies.csv", gone["line"], gone["movieId"], gone["title"], reason)
    if kept.empty:
        why = ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count)
        raise CineMatchError(f"no film is left of {sum(dropped.values())} read: {why}; ask for less")
    with atomic_write(data_dir / CATALOG) as part:
        _write_csv(part, kept[list(MERGED.columns)])
    report = CleaningReport(
        dataset=folder.name,
        inputs={path.name: md5_of(path) for path in (metadata_path, services.table) if path} | checksums(folder),
        catalog_md5=md5_of(data_dir / CATALOG),
        filters=_plain(filters),
        services={
            "source": services.source,
            "region": services.region,
            "kinds": list(services.kinds),
            "seed": services.seed,
        },
        read=len(kept) + sum(dropped.values()),
        dropped=dropped,
        kept=len(kept),
        coverage=coverage(kept),
        rejected={file: rejects.counts(file) for file in rejects.files() if file != "movies.csv"},
        repairs=rejects.repairs,
        attributions=attributions(folder.name, services.source, with_tmdb=bool(kept["has_tmdb"].any())),
    )
    with atomic_write(data_dir / REJECTS) as part:
        _write_csv(part, rejects.table())
    write_text(data_dir / REPORT, to_json(report.to_dict()))
    return report


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    """The table as CSV, unknown values empty: as `to_csv` would, in three quarters of the time."""
    columns = [
        column.to_list() if column.dtype == "str" else column.astype("object").where(column.notna(), "").to_list()
        for _, column in table.items()
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(zip(*columns, strict=True))


def read_catalog(data_dir: Path) -> pd.DataFrame:
    """The cleaned films of `data_dir`, with the dtypes of `columns.MERGED`. Raises CineMatchError."""
    path = data_dir / CATALOG
    if not path.is_file():
        raise CineMatchError(f"{path} was not found; clean first: cinematch run --to clean")
    return read_table(path, MERGED)


def coverage(films: pd.DataFrame) -> dict[str, int]:
    """Of how many films each thing is known; an overview that is the title is none."""
    return {name: int(has.sum()) for name, has in known_fields(films).items()}


def known_fields(films: pd.DataFrame) -> dict[str, pd.Series]:
    """Of which films each thing is known, bool; an overview that is the title is none."""
    known = {"overview": films["overview"] != films["title"]}
    for name in ("cast_top", "director", "keywords", "poster_path", "services"):
        known[name] = films[name] != ""
    return known | {"runtime": films["runtime"].notna()}


def waterfall_steps(read: int, dropped: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """From the films read to those kept: (step, films, left after it); dropped ones count below zero.

    >>> waterfall_steps(9, {"before 1980": 2})
    [('read', 9, 9), ('before 1980', -2, 7), ('kept', 7, 7)]
    """
    steps = [("read", read, read)]
    for reason, count in dropped.items():
        steps.append((reason, -count, steps[-1][2] - count))
    return [*steps, ("kept", steps[-1][2], steps[-1][2])]


def _plain(filters: Filters) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(filters).items()}

"""The cleaning stage: raw tables to ``movies_merged.csv``, with a report that accounts for every film."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cinematch_lib.catalog.additions import ADDITIONS, with_additions
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters, drop_reasons
from cinematch_lib.catalog.merge import merge_films
from cinematch_lib.catalog.written import md5_of_table, write_table
from cinematch_lib.data.attribution import attributions
from cinematch_lib.data.download import md5_of
from cinematch_lib.data.feedback import FEEDBACK
from cinematch_lib.data.formats import read_table
from cinematch_lib.data.layouts import is_table_name
from cinematch_lib.data.movielens import checksums, item_numbers, read_ratings, read_tags
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tables import MERGED, film_labels
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import atomic_write, to_json, write_text
from cinematch_lib.storage.paths import ITEM_NUMBERS, REJECTS, project_path
from cinematch_lib.vocabulary.wording import counted

CATALOG = "movies_merged.csv"
REPORT = "cleaning_report.json"


@dataclass(frozen=True)
class CleaningReport:
    """The account of a cleaning: `read` films are the `kept` ones plus those in `dropped`, by reason.

    `catalog_md5` is the MD5 of the catalog that the report belongs to, `facts_md5` that of the catalog without the
    services that offer the films; `inputs` are the MD5s of the files that were read. `coverage` counts the kept films
    for which each field is known. `rejected` and `repairs` count rows and values of the other tables by file and
    reason.
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
    facts_md5: str = ""

    def __post_init__(self) -> None:
        if self.read != self.kept + sum(self.dropped.values()):
            raise AssertionError(f"films went missing: read {self.read}, kept {self.kept}, dropped {self.dropped}")

    def steps(self) -> pd.DataFrame:
        """The waterfall: `step`, `films` (negative for dropped ones), `left` after the step."""
        return pd.DataFrame(waterfall_steps(self.read, self.dropped), columns=["step", "films", "left"])

    def notes(self) -> pd.DataFrame:
        """Rejected rows and repaired values of all tables: `file`, `what`, `rows`."""
        files = [*self.rejected.items(), *self.repairs.items()]
        rows = [(file, what, count) for file, counts in files for what, count in counts.items()]
        return pd.DataFrame(rows, columns=["file", "what", "rows"])

    def lines(self) -> list[str]:
        """One line for each table other than the films': rejected rows and repaired values, with counts."""
        notes = self.notes().groupby("file", sort=False)
        return [
            f"{file}: {', '.join(f'{rows:,} {what}' for what, rows in zip(one['what'], one['rows'], strict=True))}"
            for file, one in notes
        ]

    def summary(self) -> str:
        """One line: read = kept + dropped by reason, and the rejected rows of the other tables."""
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items() if count)
        text = f"{self.read:,} films read = {self.kept:,} kept + {self.read - self.kept:,} dropped"
        rejected = {file: sum(counts.values()) for file, counts in self.rejected.items()}
        rows = "".join(f"; {counted(count, 'row')} of {file} rejected" for file, count in rejected.items())
        return text + (f" ({reasons})" if reasons else "") + rows

    def verify(self, data_dir: Path, folder: Path) -> None:
        """Raise CineMatchError unless the report is that of the catalog in `data_dir` and the tables in `folder`."""
        if md5_of(data_dir / CATALOG) != self.catalog_md5:
            raise CineMatchError(
                f"{data_dir / CATALOG} is not the catalog that {REPORT} describes; "
                "clean again: cinematch run --from clean"
            )
        found = checksums(folder) | _beside(data_dir, FEEDBACK)
        is_read = {name for name in self.inputs if is_table_name(name) or name == FEEDBACK}
        named = [*found, *(name for name in self.inputs if name not in found and name in is_read)]
        differing = [name for name in named if found.get(name) != self.inputs.get(name)]
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
        """The report beside the catalog in `data_dir`. Raises CineMatchError."""
        path = data_dir / REPORT
        if not path.is_file():
            raise CineMatchError(f"{path} was not found; clean first: cinematch run --to clean")
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise CineMatchError(f"{path} is no report of this version's cleaning; clean again") from None


def learned_from(report: Mapping[str, Any]) -> dict[str, Any]:
    """Of a report as plain values, what training and evaluation depend on: equal values give equal results."""
    inputs = {name: md5 for name, md5 in report["inputs"].items() if is_table_name(name) or name == FEEDBACK}
    return {"dataset": report["dataset"], "facts_md5": report.get("facts_md5"), "inputs": inputs}


def clean(
    folder: Path,
    data_dir: Path,
    *,
    metadata_path: Path | None = None,
    filters: Filters | None = None,
    services: ServicesSource | None = None,
) -> CleaningReport:
    """Clean the MovieLens tables in `folder` and write the catalog to `data_dir`.

    Three files are written, each atomically: ``movies_merged.csv`` with the kept films, ``rejects.csv`` with
    every other row by file, line and reason, and ``cleaning_report.json``; and for items whose names are no numbers
    ``item_numbers.csv``. Films that were added in `data_dir` (see
    `additions`) are joined to those of the data set. `metadata_path` is a table of TMDb metadata. Raises
    CineMatchError for input that cannot be read and for filters that keep no film.
    """
    filters, services = filters or Filters(), services or ServicesSource()
    rejects = RejectLog()
    films = with_additions(merge_films(folder, metadata_path, services, rejects), data_dir, rejects)
    ratings = read_ratings(folder) if filters.min_ratings else None
    reasons = drop_reasons(films, filters, None if ratings is None else ratings["movieId"].value_counts())
    kept = films[reasons.isna()]
    dropped = rejects.counts("movies.csv")
    failed = {reason: reasons == reason for reason in reasons.cat.categories}
    dropped |= {reason: int(mask.sum()) for reason, mask in failed.items()}
    rejects.add("movies.csv", films["line"].to_numpy(), films["movieId"], film_labels(films), failed, films)
    if kept.empty:
        why = ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count)
        example = f"; the first is {films['title'].iloc[0]!r}" if len(films) else ""
        factless = dropped.get("no year known", 0) + dropped.get("no genre known", 0) == len(films)
        remedy = "if these are no films, -p item_facts none keeps them" if factless else "ask for less"
        raise CineMatchError(f"no film is left of {sum(dropped.values())} read: {why}; {remedy}{example}")
    with atomic_write(data_dir / CATALOG) as part:
        write_table(part, kept[list(MERGED.columns)])
    report = CleaningReport(
        dataset=folder.name,
        inputs=input_checksums(folder, metadata_path, services, data_dir),
        catalog_md5=md5_of(data_dir / CATALOG),
        filters=_plain(filters),
        services={name: value for name, value in _plain(services).items() if name != "path"},
        read=len(kept) + sum(dropped.values()),
        dropped=dropped,
        kept=len(kept),
        coverage={name: int(known.sum()) for name, known in known_fields(kept).items()},
        rejected={file: rejects.counts(file) for file in rejects.files() if file != "movies.csv"},
        repairs=rejects.repairs,
        attributions=attributions(
            folder.name,
            services.source,
            with_tmdb=bool(kept["has_tmdb"].any()),
            of_films=filters.item_facts == "films",
        ),
        facts_md5=md5_of_table(kept[[name for name in MERGED.columns if name != "services"]]),
    )
    if (items := item_numbers(folder)) is None:
        (data_dir / ITEM_NUMBERS).unlink(missing_ok=True)  # of another data set
    else:
        with atomic_write(data_dir / ITEM_NUMBERS) as part:
            write_table(part, items)
    with atomic_write(data_dir / REJECTS) as part:
        write_table(part, rejects.table())
    write_text(data_dir / REPORT, to_json(report.to_dict()))
    return report


def input_checksums(
    folder: Path, metadata_path: Path | None, services: ServicesSource, data_dir: Path
) -> dict[str, str]:
    """The MD5 of each file that `clean` and the later steps read for these arguments, by its name."""
    given = {path.name: md5_of(path) for path in (metadata_path, services.table) if path}
    return given | _beside(data_dir, ADDITIONS, FEEDBACK) | checksums(folder)


def _beside(data_dir: Path, *names: str) -> dict[str, str]:
    return {name: md5_of(data_dir / name) for name in names if (data_dir / name).is_file()}


def read_catalog(data_dir: Path) -> pd.DataFrame:
    """The cleaned films of `data_dir`, with the dtypes of `tables.MERGED`. Raises CineMatchError."""
    path = data_dir / CATALOG
    if not path.is_file():
        raise CineMatchError(f"{path} was not found; clean first: cinematch run --to clean")
    return read_table(path, MERGED)


@dataclass(frozen=True, eq=False, repr=False)
class Catalog:
    """A cleaned catalog: its `films` and `report`, and the `ratings` and `tags` of its data set, None if absent.

    `folder` holds the raw tables of the data set, `data_dir` the files that cleaning wrote.
    """

    films: pd.DataFrame
    report: CleaningReport
    ratings: pd.DataFrame | None
    tags: pd.DataFrame | None
    folder: Path
    data_dir: Path


def load_catalog(raw_dir: str | Path, data_dir: str | Path) -> Catalog:
    """The catalog of the latest cleaning; relative folders are taken from the project's root.

    Raises CineMatchError if there is none, or if it or the raw tables have changed since.
    """
    data = project_path(data_dir)
    report = CleaningReport.load(data)
    films, folder = read_catalog(data), project_path(raw_dir) / report.dataset
    report.verify(data, folder)
    return Catalog(films, report, read_ratings(folder), read_tags(folder), folder, data)


def known_fields(films: pd.DataFrame) -> dict[str, pd.Series]:
    """For each field the films for which it is known, bool; an overview that equals the title is unknown."""
    known = {"overview": films["overview"] != films["title"]}
    for name in ("cast_top", "director", "keywords", "poster_path", "services"):
        known[name] = films[name] != ""
    return known | {"runtime": films["runtime"].notna()}


def waterfall_steps(read: int, dropped: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """The steps from the films read to those kept: (step, films, left after it); dropped films are negative.

    >>> waterfall_steps(9, {"before 1980": 2})
    [('read', 9, 9), ('before 1980', -2, 7), ('kept', 7, 7)]
    """
    steps = [("read", read, read)]
    for reason, count in dropped.items():
        steps.append((reason, -count, steps[-1][2] - count))
    return [*steps, ("kept", steps[-1][2], steps[-1][2])]


def _plain(options: Filters | ServicesSource) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(options).items()}

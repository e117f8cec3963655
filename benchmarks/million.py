"""Measure one machine on a million films: ``make bench-scale``.

The films are those of the MovieLens 32M catalog and of its table of TMDb metadata (``CINEMATCH_REAL_DATA``), else of
the embedded sample, recombined: titles, overviews, keywords, people and the numbers of each come from different films.
Each step runs in a process of its own, as in ``make bench``.
"""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from benchmarks.__main__ import measure_case
from benchmarks.cases import CASES
from cinematch_lib.data import fetch
from cinematch_lib.data.tmdb import find_metadata
from cinematch_lib.vocabulary.titles import parse_title

SEED = 0
FILMS = 1_000_000
MANY = 2  # the last cases, lists for 10,000 people, are for smaller catalogs
# Columns of a film's metadata that stay together; each group is drawn from one film.
GROUPS = (
    ("runtime", "popularity", "vote_count", "vote_average", "release_date", "original_language", "poster_path"),
    ("genres", "keywords"),
    ("cast_top",),
    ("director",),
)


def main() -> None:
    """Make the catalog, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", nargs="?", type=int, default=FILMS, help=f"number of films ({FILMS})")
    parser.add_argument("--keep", type=Path, help="a folder for the catalog and its runs; else they are removed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.keep or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        _measure(work, options.films)


def _measure(work: Path, films: int) -> None:
    real = os.environ.get("CINEMATCH_REAL_DATA")
    raw, dataset = (Path(real), "ml-32m") if real else (work / "base", "sample")
    base, metadata = fetch(dataset, raw), find_metadata(raw, dataset)
    assert metadata is not None  # both have one
    folder = work / "raw" / "recombined"
    if not folder.exists():
        recombine(base, metadata, folder, films)
    memory = psutil.virtual_memory().total / 2**30
    print(f"{films:,} films, recombined from {dataset}; {os.cpu_count()} cores, {memory:.0f} GiB, Python", end=" ")
    print(f"{platform.python_version()}\n\n| what | library call | whole process | peak memory |\n|---|---|---|---|")
    for name, case in list(CASES.items())[:-MANY]:
        of = measure_case(name, folder, folder / "tmdb_metadata.csv", work)
        what = (case.__doc__ or name).strip().rstrip(".")
        print(f"| {what} | {of['seconds']:.4g} s | {of['whole']:.1f} s | {of['peak_mb']:.0f} MB |", flush=True)


def recombine(base: Path, metadata: Path, folder: Path, films: int) -> None:
    """Write a data set of so many films, made of the parts of those in `base` and of the table `metadata`."""
    rng = np.random.default_rng(SEED)
    movies = pd.read_csv(base / "movies.csv")
    known = pd.read_csv(metadata, dtype=str, keep_default_na=False)
    titles, years = zip(*(parse_title(title) for title in movies["title"]), strict=True)
    draw = rng.integers(0, len(movies), (3, films))
    new_titles = [
        f"{_mixed(titles[one], titles[other])} ({years[third] or 2000})" for one, other, third in draw.T.tolist()
    ]
    folder.mkdir(parents=True)
    ids = np.arange(1, films + 1)
    table = pd.DataFrame({"movieId": ids, "title": new_titles, "genres": movies["genres"].to_numpy()[draw[2]]})
    table.to_csv(folder / "movies.csv", index=False)
    imdb_ids = [f"{number:07d}" for number in ids.tolist()]
    pd.DataFrame({"movieId": ids, "imdbId": imdb_ids, "tmdbId": ids}).to_csv(folder / "links.csv", index=False)
    has_facts = np.flatnonzero(rng.random(films) < len(known) / len(movies))
    one, other = rng.integers(0, len(known), (2, len(has_facts))).tolist()
    overviews = known["overview"].tolist()
    facts = {"tmdb_id": ids[has_facts], "title": [""] * len(has_facts)}
    facts["overview"] = [_mixed(overviews[a], overviews[b]) for a, b in zip(one, other, strict=True)]
    for group in GROUPS:
        rows = rng.integers(0, len(known), len(has_facts))
        facts |= {name: known[name].to_numpy()[rows] for name in group}
    pd.DataFrame(facts)[list(known.columns)].to_csv(folder / "tmdb_metadata.csv", index=False)


def _mixed(one: str, other: str) -> str:
    """The first half of the words of one text, and the second half of the words of another."""
    first, second = one.split(), other.split()
    return " ".join([*first[: (len(first) + 1) // 2], *second[(len(second) + 1) // 2 :]])


if __name__ == "__main__":
    sys.exit(main())

"""A small project of real films: raw tables cut from the sample, and a run made of them without notebooks."""

import csv
from pathlib import Path

import numpy as np

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.film_map import FilmMap
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.catalog import cleaning
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data import fetch, movielens
from cinematch_lib.evaluation.compare import SERVED
from cinematch_lib.evaluation.records import BY_USER, METRICS
from cinematch_lib.features import build_features
from support.tables import write_csv

DATASET, FILMS = "small", 400
# What the runs say they were given: runs made from the page go on with it, and take seconds instead of minutes.
QUICK = {
    "regularization": 100.0, "dropout": 0.0, "session_weight": 0.0, "year_weight": 0.0, "content_weight": 0.0,
    "folds": 1, "models": ["popular"], "tune": False, "extra_analyses": [],
}  # fmt: skip


def lay_raw(raw, users=60):
    """`raw/small/`: the sample's first films, their links, facts and ratings, and two invalid rows."""
    source, folder = fetch("sample", raw), raw / DATASET
    films = _cut(source / "movies.csv", folder, lambda _, number: number < FILMS)
    with (folder / "movies.csv").open("a", encoding="utf-8", newline="") as file:
        file.write("x,No number (1999),Drama\r\n1,Again (1999),Drama\r\n")
    ids = {film["movieId"] for film in films}
    links = _cut(source / "links.csv", folder, lambda row, _: row["movieId"] in ids)
    imdb = {row["imdbId"].zfill(7) for row in links}
    _cut(source / "tmdb_metadata.csv", folder, lambda row, _: row["imdb_id"].zfill(7) in imdb)
    _cut(source / "ratings.csv", folder, lambda row, _: row["movieId"] in ids and int(row["userId"]) <= users)
    return folder


def _cut(source, folder, wanted):
    with source.open(encoding="utf-8", newline="") as file:
        rows = [row for number, row in enumerate(csv.DictReader(file)) if wanted(row, number)]
    write_csv(folder / source.name, list(rows[0]), [list(row.values()) for row in rows])
    return rows


def publish(project, filters, services="demo", served=(), own=None):
    """A run of the small data set as the pipeline makes it, in this process.

    `served` are NDCG@10 of what is served, for each user of an evaluation; none: it was not evaluated.
    """
    folder, data = project / "raw" / DATASET, project / "data"
    report = cleaning.clean(
        folder,
        data,
        metadata_path=folder / "tmdb_metadata.csv",
        filters=filters,
        services=ServicesSource(services, own),
    )
    films = cleaning.read_catalog(data)
    built = build_features(films, movielens.read_ratings(folder), min_df=1)
    meta = movies_meta(films, built.quality_prior, built.names, services, report.attributions)
    draft = Draft.create(project / "artifacts")
    draft.write_features(built, meta)
    draft.record("clean", dataset=DATASET, filters=report.filters, services=report.services)
    given = {"papermill": {"parameters": QUICK | {"run_dir": "elsewhere"}}}
    draft.write_json("notebooks/05_evaluate.ipynb", {"metadata": given})
    if served:
        draft.write_json(METRICS, {"protocol": {"name": "users", "main": ["ndcg@10"], "fingerprint": "same"}})
        rows = "".join(f"{user},{value}\n" for user, value in enumerate(served))
        draft.path(BY_USER).write_text(f"userId,{SERVED} ndcg@10\n{rows}")
    return draft.publish()


def small_project(folder: Path):
    """Raw tables and a run of the films since 1990, in `folder`, the root of the project."""
    lay_raw(folder / "raw")
    publish(folder, Filters(min_year=1990))
    for name in ("notebooks", "cinematch_lib"):
        (folder / name).mkdir()
    return folder


def with_map(project):
    """The current run once more, with a map on which films lie on a line, by their ids."""
    run = Run.current(project / "artifacts")
    draft = Draft.create(project / "artifacts")
    for name in run.info.files:
        draft.share(run, name)
    for step, facts in run.info.facts.items():
        draft.record(step, **facts)
    ids = run.read_movies_meta().columns.movie_ids
    draft.write_film_map(FilmMap(ids, np.column_stack([np.linspace(-1, 1, len(ids)), np.zeros(len(ids))]).astype("f4")))
    draft.publish()
    return project

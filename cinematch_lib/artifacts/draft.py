"""Drafts: runs in preparation. A draft is sealed by its manifest and renamed to its place when it is complete."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scipy import sparse

from cinematch_lib.artifacts.array_file import read_matrix, write_matrix
from cinematch_lib.artifacts.embeddings import EMBEDDINGS, Embeddings
from cinematch_lib.artifacts.film_map import FILM_MAP, FilmMap
from cinematch_lib.artifacts.films_table import FILMS, MoviesMeta
from cinematch_lib.artifacts.item_weights import ITEM_WEIGHTS, ItemWeights
from cinematch_lib.artifacts.manifest import RunInfo, write_manifest
from cinematch_lib.artifacts.runs import FEATURES, META, REPORT, REQUIRED, RunRecord, make_current
from cinematch_lib.artifacts.search_index import SEARCH_INDEX, SearchIndex
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import map_file, permitted, to_json, write_text
from cinematch_lib.storage.locks import claim, folder_lock, is_abandoned
from cinematch_lib.storage.paths import ITEM_NUMBERS, REJECTS, project_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from sklearn.base import BaseEstimator

    from cinematch_lib.catalog import Catalog
    from cinematch_lib.features import FeatureSet

DRAFT = ".draft-"  # begins the names of the folders of drafts
_FACTS = "facts.json"


class Draft:
    """A run in preparation: a folder to write to, and the facts that each step recorded for the manifest."""

    def __init__(self, folder: Path, *, part_of_pipeline: bool = False) -> None:
        self.folder = folder
        self._part_of_pipeline = part_of_pipeline
        self._lock = None if part_of_pipeline else claim(folder)  # for as long as this process works on it

    @classmethod
    def open(cls, artifacts_dir: str | Path, run_dir: str = "") -> "Draft":
        """The draft of a pipeline in the folder `run_dir`; if that is empty, a new draft under `artifacts_dir`.

        A relative `artifacts_dir` is taken from the project's root.
        """
        return cls(Path(run_dir), part_of_pipeline=True) if run_dir else cls.create(project_path(artifacts_dir))

    @classmethod
    def create(cls, artifacts_dir: Path) -> "Draft":
        """A new, empty draft under `artifacts_dir`; drafts of processes that have ended are removed.

        Raises CineMatchError if the folder cannot be written.
        """
        runs = artifacts_dir / "runs"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            with folder_lock(runs):
                _remove_abandoned(artifacts_dir)
                return cls(Path(tempfile.mkdtemp(prefix=DRAFT, dir=runs)))
        except OSError as error:
            raise CineMatchError(
                f"{artifacts_dir} cannot hold runs ({error.filename}: {error.strerror}); name another artifacts folder"
            ) from None

    def path(self, name: str) -> Path:
        """The path of the run's file `name`; its folder is created."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def share(self, run: RunRecord, name: str) -> None:
        """Give the draft a file of a run, which never changes, as a hard link; a copy where there are none."""
        try:
            os.link(run.folder / name, self.path(name))
        except OSError:
            shutil.copyfile(run.folder / name, self.path(name))

    def write_json(self, name: str, value: object) -> None:
        """Write `value` as JSON."""
        write_text(self.path(name), to_json(value))

    def write_matrix(self, name: str, matrix: sparse.csr_matrix) -> None:
        """Write a CSR matrix as npz, in the format of `scipy.sparse.save_npz`."""
        with self.path(name).open("wb") as file:
            write_matrix(file, matrix)

    def write_estimator(self, name: str, estimator: "BaseEstimator | dict[str, Any]") -> None:
        """Write a fitted scikit-learn estimator in skops's format; equal estimators give equal bytes."""
        from cinematch_lib.artifacts.estimators import dump  # scikit-learn is slow to import

        self.path(name).write_bytes(dump(estimator))

    def write_cleaning(self, catalog: "Catalog") -> None:
        """Write the report, rejects and item numbers of a catalog, and record the facts of the step `clean`."""
        report = catalog.report
        self.write_json(REPORT, report.to_dict())
        self.path(REJECTS).write_bytes((catalog.data_dir / REJECTS).read_bytes())
        if (numbers := catalog.data_dir / ITEM_NUMBERS).is_file():
            self.path(ITEM_NUMBERS).write_bytes(numbers.read_bytes())
        facts = {name: getattr(report, name) for name in ("dataset", "inputs", "filters", "services")}
        self.record("clean", **facts)

    def write_features(self, features: "FeatureSet", films: MoviesMeta) -> None:
        """Write the feature matrix, films table and search index that the recommender loads, and the estimators."""
        self.write_matrix(FEATURES, features.matrix)
        self.write_movies_meta(films)
        with self.path(SEARCH_INDEX).open("wb") as file:
            SearchIndex.of(films.columns).write(file)
        self.write_estimator("tfidf_vectorizer.skops", features.estimator.text_)
        self.write_estimator("genre_mlb.skops", features.estimator.genres_)
        self.write_estimator("numeric_scaler.skops", features.estimator.numbers_)
        if features.estimator.components_ is not None:
            self.write_estimator("text_components.skops", features.estimator.components_)

    def write_movies_meta(self, films: MoviesMeta) -> None:
        """Write the films, and what holds for all of them."""
        self.write_json(META, films.facts())
        with self.path(FILMS).open("wb") as file:
            films.columns.write(file)

    def write_item_weights(self, weights: ItemWeights) -> None:
        """Write the item-to-item weights that were learned from ratings."""
        with self.path(ITEM_WEIGHTS).open("wb") as file:
            weights.write(file)

    def write_embeddings(self, embeddings: Embeddings) -> None:
        """Write the embeddings of films and histories that were learned from ratings."""
        with self.path(EMBEDDINGS).open("wb") as file:
            embeddings.write(file)

    def write_film_map(self, film_map: FilmMap) -> None:
        """Write the places of the films on the map."""
        with self.path(FILM_MAP).open("wb") as file:
            film_map.write(file)

    def read_features(self) -> tuple[sparse.csr_matrix, list[str]]:
        """The feature matrix, CSR float32 (films, features), that an earlier step wrote, and the features' names."""
        facts = json.loads((self.folder / META).read_text(encoding="utf-8"))
        return read_matrix(map_file(self.folder / FEATURES)), facts["features"]

    def write_figure(self, name: str, figure: "Figure") -> None:
        """Write a figure as ``figures/<name>.png``; equal figures give equal bytes."""
        figure.savefig(self.path(f"figures/{name}.png"), metadata={"Software": None})

    def record(self, step: str, **facts: Any) -> None:
        """Record facts of a step (its parameters, data set, sizes) for the manifest."""
        write_text(self.folder / _FACTS, to_json(self.facts() | {step: facts}))

    def facts(self) -> dict[str, dict[str, Any]]:
        """The recorded facts, by step."""
        path = self.folder / _FACTS
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def finish(self) -> str:
        """Publish the draft, unless a pipeline will; returns a message for the user."""
        if self._part_of_pipeline:
            return "Kept for the run that the pipeline is making."
        return f"Published as {self.publish().run_id}, now the current run."

    def publish(self, *, use: bool = True) -> RunInfo:
        """Seal the draft as a run and, with `use`, the current one if it has all files for serving."""
        facts = self.facts()
        (self.folder / _FACTS).unlink(missing_ok=True)
        runs = self.folder.parent
        with folder_lock(runs):  # two drafts published in the same second must not get the same id
            info = write_manifest(self.folder, facts)
            for path in self.folder.rglob("*"):
                if path.is_file():
                    path.chmod(permitted(0o444))  # runs are immutable; this keeps editors from changing one by accident
            self.folder.chmod(permitted(0o777))  # mkdtemp makes folders that only the owner can read
            self.folder = self.folder.rename(runs / info.run_id)
            if use and all(name in info.files for name in REQUIRED):
                make_current(runs.parent, info.run_id)
        self._release()
        return info

    def discard(self) -> None:
        """Remove the draft and its files."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None


def _remove_abandoned(artifacts_dir: Path) -> None:
    """Remove the drafts of processes that have ended."""
    for draft in (artifacts_dir / "runs").glob(f"{DRAFT}*"):
        if is_abandoned(draft):
            shutil.rmtree(draft, ignore_errors=True)

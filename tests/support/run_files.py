"""Small runs with a file of every kind, and hands that tamper with them."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import sparse
from sklearn.preprocessing import MultiLabelBinarizer

from cinematch_lib import CineMatchError
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.artifacts.manifest import MANIFEST, seal
from cinematch_lib.artifacts.runs import FEATURES, FILMS, META, Run, current_run_id
from cinematch_lib.storage.files import sha256
from support.small_runs import film_table

MATRIX = sparse.csr_matrix(np.array([[1, 0, 0.5], [0, 1, 0]], dtype=np.float32))
REMEDY = "make the run anew (cinematch run) or use another (cinematch use RUN)"
NAMES = [
    "figures/bars.png",
    FILMS,
    "genre_mlb.skops",
    FEATURES,
    META,
    "notebooks/01.ipynb",
]


def published(artifacts, films="first", served=True):
    """A small run with a file of every kind."""
    draft = Draft.create(artifacts)
    if served:
        draft.write_matrix(FEATURES, MATRIX)
        draft.write_json(META, {"films": films})
        with draft.path(FILMS).open("wb") as file:
            movies_meta(film_table({}, {}), np.zeros(2), [], "none", []).columns.write(file)
    draft.write_estimator("genre_mlb.skops", MultiLabelBinarizer().fit([["crime", "drama"]]))
    figure = Figure(figsize=(1, 1))
    figure.subplots().bar([1, 2], [3, 4])
    draft.write_figure("bars", figure)
    draft.path("notebooks/01.ipynb").write_text("{}")
    draft.record("clean", dataset="tiny", min_year=1980)
    return draft.publish()


def refusal(artifacts):
    """What is said when the current run is refused."""
    with pytest.raises(CineMatchError) as refused:
        Run.current(artifacts)
    return str(refused.value)


def folder_of(artifacts):
    return artifacts / "runs" / current_run_id(artifacts)


def put(path, data):
    """Write to a file of a run, as somebody would who means to."""
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.chmod(0o644)
    path.write_bytes(data)


def forge(folder, name=None, data=None, **changes):
    """Put `data` into a run, or change its manifest, and seal the run again so that every sum is right."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    if name:
        put(folder / name, data)
        manifest["files"][name] = {"sha256": sha256(data), "bytes": len(data)}
    manifest |= changes
    put(folder / MANIFEST, json.dumps(manifest | {"manifest_sha256": seal(manifest)}).encode())

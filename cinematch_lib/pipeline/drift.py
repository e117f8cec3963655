"""What changed against the current run, recorded in the manifest of the run that is made."""

import json
from pathlib import Path

from cinematch_lib.artifacts.diff import DRIFT
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.embeddings import EMBEDDINGS, Embeddings
from cinematch_lib.artifacts.films_table import FILMS, FilmColumns, MoviesMeta
from cinematch_lib.artifacts.item_weights import ITEM_WEIGHTS, ItemWeights
from cinematch_lib.artifacts.runs import META, Run, current_run_id
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.drift import RunContent, drift
from cinematch_lib.evaluation.records import METRICS
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.storage.files import map_file


def record_drift(draft: Draft, artifacts_dir: Path) -> None:
    """Record the drift of a draft against the current run; nothing where there is none that can be compared."""
    run_id = current_run_id(artifacts_dir)
    if run_id is None or not (draft.folder / META).exists():
        return
    try:
        run = Run.current(artifacts_dir)
    except CineMatchError:  # of an older format, or damaged
        return
    metrics = run.read_json(METRICS) if METRICS in run.info.files else {}
    before = RunContent(run.read_movies_meta().columns, Recommender.from_run(run), run.info.facts, metrics)
    draft.record(DRIFT, **drift(before, _content(draft), run_id))


def _content(draft: Draft) -> RunContent:
    matrix, _ = draft.read_features()
    facts = json.loads((draft.folder / META).read_text(encoding="utf-8"))
    meta = MoviesMeta(FilmColumns.read(map_file(draft.folder / FILMS)), **facts)
    weights, embeddings = draft.folder / ITEM_WEIGHTS, draft.folder / EMBEDDINGS
    recommender = Recommender(
        matrix,
        meta,
        item_weights=ItemWeights.read(map_file(weights)) if weights.exists() else None,
        embeddings=Embeddings.read(map_file(embeddings)) if embeddings.exists() else None,
    )
    metrics = draft.folder / METRICS
    measured = json.loads(metrics.read_text(encoding="utf-8")) if metrics.exists() else {}
    return RunContent(meta.columns, recommender, draft.facts(), measured)

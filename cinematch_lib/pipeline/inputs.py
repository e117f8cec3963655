"""The input of the steps that learn from ratings: the catalog, ratings and tags of a data set, and a draft."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from IPython.display import clear_output

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.catalog.cleaning import load_catalog
from cinematch_lib.data.feedback import FEEDBACK_USERS, FEEDBACK_WEIGHT, join_feedback
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.protocols import films_for
from cinematch_lib.features import TextEncoder, load_text_encoder, with_tags, with_text_vectors
from cinematch_lib.models.training import training_ratings
from cinematch_lib.pipeline.resume import resume_draft
from cinematch_lib.storage.paths import project_path


@dataclass(frozen=True)
class StepInputs:
    """`films` is the catalog; `ratings` are of these films; `tags` is the table of tags.csv, or None.

    Where people gave feedback on a server that learns from it, `ratings` holds it too, with a column `weight`.
    """

    dataset: str
    films: pd.DataFrame
    ratings: pd.DataFrame
    tags: pd.DataFrame | None
    draft: Draft

    @property
    def catalog(self) -> pd.DataFrame:
        """The films with a column of their tags."""
        return with_tags(self.films, self.tags)

    @property
    def own_ratings(self) -> pd.DataFrame:
        """The ratings of the data set alone."""
        return self.ratings[self.ratings["userId"] < FEEDBACK_USERS]

    @property
    def feedback_users(self) -> int:
        """The number of users whose ratings are feedback from a server."""
        return int(self.ratings.loc[self.ratings["userId"] >= FEEDBACK_USERS, "userId"].nunique())


def add_text_vectors(
    films: pd.DataFrame, embeddings: str, data_dir: str | Path, made_with: Draft | None = None
) -> tuple[pd.DataFrame, TextEncoder | None]:
    """The films with the vectors of their texts by the encoder in the folder `embeddings`, and the encoder.

    Without `embeddings`, the films as they are, and None. Vectors are cached in `data_dir`; the progress is shown in
    the output of the notebook's cell, and removed at the end. Raises as `load_text_encoder` does, and CineMatchError,
    before a text is encoded, if the features of the draft `made_with` were made with another encoder.
    """
    encoder = load_text_encoder(project_path(embeddings)) if embeddings else None
    if made_with is not None:
        _check_same_encoder(made_with, encoder)
    if encoder is None:
        return films, None
    with_vectors = with_text_vectors(films, encoder, project_path(data_dir))
    clear_output()
    return with_vectors, encoder


def open_inputs(
    step: str,
    raw_dir: str,
    data_dir: str,
    artifacts_dir: str,
    run_dir: str = "",
    protocol: str = "users",
    embeddings: str = "",
    feedback_weight: float = FEEDBACK_WEIGHT,
) -> StepInputs:
    """The input of `step` (``train`` or ``evaluate``) from these folders, and the draft that it writes to.

    `protocol` decides which films are evaluated (`protocols.films_for`); for `run_dir` see `resume_draft`, for
    `embeddings` `add_text_vectors`, for `feedback_weight` `join_feedback`. Raises NothingToDoError if there are no
    ratings, and CineMatchError if the catalog is not that of the raw data or of the current run, or if the features
    were made with another text encoder.
    """
    catalog = load_catalog(raw_dir, data_dir)
    films, dataset = films_for(protocol, catalog.folder, catalog.films), catalog.report.dataset
    ratings = training_ratings(catalog.ratings, films, dataset)
    ratings = join_feedback(ratings, films["movieId"], catalog.data_dir, feedback_weight)
    draft = resume_draft(step, catalog.report, project_path(artifacts_dir), run_dir)
    films, _ = add_text_vectors(films, embeddings, data_dir, draft)
    return StepInputs(dataset, films, ratings, catalog.tags, draft)


def _check_same_encoder(draft: Draft, encoder: TextEncoder | None) -> None:
    recorded = draft.facts().get("features", {}).get("text_encoder") or {}
    given = {} if encoder is None else encoder.files
    if recorded != given:
        made, now = (", ".join(f"{name} {digest[:12]}" for name, digest in one.items()) for one in (recorded, given))
        raise CineMatchError(
            f"the features were made with the text encoder {made or 'none'}, and embeddings names {now or 'none'}; "
            "name the same folder (-p embeddings FOLDER), or make the features anew (cinematch run --from features)"
        )

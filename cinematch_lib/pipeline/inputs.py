"""The input of the steps that learn from ratings: the catalog, ratings and tags of a data set, and a draft."""

from dataclasses import dataclass

import pandas as pd

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.catalog.cleaning import load_catalog
from cinematch_lib.evaluation.protocols import films_for
from cinematch_lib.features import with_tags
from cinematch_lib.models.training import training_ratings
from cinematch_lib.pipeline.resume import resume_draft
from cinematch_lib.storage.paths import project_path


@dataclass(frozen=True)
class StepInputs:
    """`films` is the catalog; `ratings` are of these films; `tags` is the table of tags.csv, or None."""

    dataset: str
    films: pd.DataFrame
    ratings: pd.DataFrame
    tags: pd.DataFrame | None
    draft: Draft

    @property
    def catalog(self) -> pd.DataFrame:
        """The films with a column of their tags."""
        return with_tags(self.films, self.tags)


def open_inputs(
    step: str, raw_dir: str, data_dir: str, artifacts_dir: str, run_dir: str = "", protocol: str = "users"
) -> StepInputs:
    """The input of `step` (``train`` or ``evaluate``) from these folders, and the draft that it writes to.

    `protocol` decides which films are evaluated (`protocols.films_for`); for `run_dir` see `resume_draft`. Raises
    NothingToDoError if there are no ratings, and CineMatchError if the catalog is not that of the raw data or of the
    current run.
    """
    catalog = load_catalog(raw_dir, data_dir)
    films, dataset = films_for(protocol, catalog.folder, catalog.films), catalog.report.dataset
    ratings = training_ratings(catalog.ratings, films, dataset)
    draft = resume_draft(step, catalog.report, project_path(artifacts_dir), run_dir)
    return StepInputs(dataset, films, ratings, catalog.tags, draft)

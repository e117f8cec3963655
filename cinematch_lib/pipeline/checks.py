"""Checks before the first step: of all that can be known of the parameters without reading the data."""

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from cinematch_lib.catalog.availability import ServicesSource, demo_names
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data.datasets import DATASETS
from cinematch_lib.data.tmdb.fetching import validate
from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.pipeline.notebooks import step_parameters
from cinematch_lib.storage.memory import check_address_space, check_memory
from cinematch_lib.vocabulary.choices import FIELDS, MODEL_NAMES, PROTOCOLS, check_choice
from cinematch_lib.vocabulary.genres import MOVIELENS_GENRES, TMDB_ONLY_GENRES
from cinematch_lib.vocabulary.services import resolve_service, service_keys

# The least value of parameters that no class checks before its step, or only one that takes a second to import.
_LEAST = {
    **dict.fromkeys(("max_films", "weights_per_film", "folds", "test_users", "min_df", "ngram_max"), 1),
    **dict.fromkeys(("seed", "shards", "regularization", "dropout", "session_weight", "year_weight"), 0),
    **dict.fromkeys(("feature_weight", "content_weight", "prior_weight", "feedback_weight"), 0),
}
_KERNEL_BYTES, _KERNEL_SPACE = 0.6e9, 1.65e9  # the least memory and address space with which a step came to its end
_SEEDS = 2**32  # scikit-learn takes seeds below


def check_values(values: Mapping[str, Any], dataset: str | None = None) -> None:
    """Raise CineMatchError for `values` of all parameters that the steps of the pipeline would refuse.

    With the name of a MovieLens data set, also for genres that it does not have; other folders may have others.
    """
    check_memory(_KERNEL_BYTES, "the steps of the pipeline", "close other programs, or raise the limit")
    check_address_space(_KERNEL_SPACE, "the steps of the pipeline", "raise it, best to unlimited")
    for name, least in _LEAST.items():
        if (value := values.get(name)) is not None and value < least:
            raise CineMatchError(f"{name} must be {least} or more, got {value}")
    if values["seed"] >= _SEEDS:
        raise CineMatchError(f"seed must be below {_SEEDS}, got {values['seed']}")
    for name, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise CineMatchError(f"{name} must be a finite number, got {value}")
    _check_choices(values)
    filters = Filters(**{one.name: values[one.name] for one in fields(Filters)})
    if dataset in DATASETS:
        _check_genres([*values["genres_keep"], *values["genres_drop"]])
    validate(values["tmdb_limit"], values["region"], values["max_age_days"])
    file = Path(values["services_file"]) if values["services_file"] else None
    if file is not None and not file.is_file():
        raise CineMatchError(f"services_file must be a CSV file, and there is none at {file}")
    if values["embeddings"] and not Path(values["embeddings"]).is_dir():
        raise CineMatchError(
            f"embeddings must be a folder with a text encoder, and there is none at {values['embeddings']}"
        )
    options = {name: values[name] for name in ("region", "offers", "seed")}
    ServicesSource.from_parameters(values["services"], raw_dir=Path(), services_file=file, **options)
    _check_services(filters.services_keep, values["services"])
    _check_evaluation(values)
    _check_learning(values)


def _check_choices(values: Mapping[str, Any]) -> None:
    """Raise UnknownNameError for names of protocols, analyses and fields that there are not."""
    analyses = step_parameters(["evaluate"])["extra_analyses"].default  # all of them
    choices = {"protocol": PROTOCOLS, "extra_analyses": analyses, "field_weights": FIELDS}
    for name, known in choices.items():
        for one in [values[name]] if isinstance(values[name], str) else values[name]:
            check_choice(name, one, known)


def _check_evaluation(values: Mapping[str, Any]) -> None:
    """Raise CineMatchError for lists and dates that the step `evaluate` would refuse."""
    if not values["models"]:
        raise CineMatchError(f"models must name one of {', '.join(MODEL_NAMES)} or more, got []")
    if not values["ks"] or min(values["ks"]) < 1:
        raise CineMatchError(f"ks must be one whole number from 1 on or more, got {values['ks']}")
    for date in values["date"].split(",") if values["date"] is not None else ():
        try:
            pd.Timestamp(date.strip())
        except ValueError:
            raise CineMatchError(f"date must be a day such as 2015-01-01, or a year, got {date.strip()!r}") from None


def _check_learning(values: Mapping[str, Any]) -> None:
    """Raise CineMatchError for what the classes of the steps `features` and `train` would refuse."""
    from cinematch_lib import models  # scikit-learn takes a second, and most mistakes are told before
    from cinematch_lib.features import load_text_encoder
    from cinematch_lib.features.film_features import FilmFeatures

    names = ("max_features", "ngram_max", "min_df", "field_weights")
    FilmFeatures(**{name: values[name] for name in names}).check_parameters()
    if values["embeddings"]:
        load_text_encoder(values["embeddings"])
    hybrid = inspect.signature(models.Hybrid).parameters
    models.make("hybrid", **{name: values[name] for name in hybrid})
    for name in values["models"]:
        models.model_class(name)
    _check_served_model(values["model"], values["model_params"])


def _check_served_model(name: str, params: Mapping[str, Any]) -> None:
    from cinematch_lib import models

    models.make(name, **params)
    if not models.is_linear(name):
        raise CineMatchError(
            f"model must be linear over items to be served, which {name} is not: it has no item_matrix; compare it "
            "with others by -p models, and serve another one"
        )
    if name == "hybrid" and params:
        raise CineMatchError(
            f"model_params are those of another model than the hybrid, got {dict(params)}; the hybrid's are parameters "
            "of their own, such as -p regularization 200"
        )


def _check_genres(genres: Sequence[str]) -> None:
    known = MOVIELENS_GENRES + TMDB_ONLY_GENRES
    for genre in Filters(genres_keep=genres).genres_keep:
        if genre not in known:
            message = f"there is no genre {genre!r}; there are {', '.join(known)}"
            raise UnknownNameError(message, close_names(genre, known))


def _check_services(kept: Sequence[str], source: str) -> None:
    if kept and source == "none":
        raise CineMatchError(
            f"services_keep={list(kept)} needs services, and services is 'none'; choose demo, file or tmdb"
        )
    if source == "demo":
        for name in kept:
            resolve_service(name, service_keys(demo_names()))

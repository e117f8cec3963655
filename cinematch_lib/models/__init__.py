"""Recommender models with one contract (`base.Model`), made by name."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas", "psutil", "sklearn", "threadpoolctl")

import inspect
from typing import Any

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.models.base import Model
from cinematch_lib.models.content import ContentModel
from cinematch_lib.models.ease import Ease
from cinematch_lib.models.hybrid import Hybrid
from cinematch_lib.models.implicit_wrappers import Als, Bpr, ItemKNN
from cinematch_lib.models.popular import Popular
from cinematch_lib.models.pure_svd import PureSVD
from cinematch_lib.models.training import fit_embeddings, train
from cinematch_lib.models.user_knn import UserKNN
from cinematch_lib.vocabulary.choices import MODEL_NAMES
from cinematch_lib.vocabulary.renamed import check_not_renamed

_CLASSES = (Popular, ContentModel, ItemKNN, UserKNN, PureSVD, Ease, Als, Bpr, Hybrid)
MODELS: dict[str, type[Model]] = dict(zip(MODEL_NAMES, _CLASSES, strict=True))

__all__ = ["MODELS", "Hybrid", "Model", "fit_embeddings", "make", "train"]


def make(name: str, **params: Any) -> Model:
    """An unfitted model by its name, with `params` as its hyperparameters.

    Raises UnknownNameError for an unknown name, and CineMatchError for parameters that the model does not have.

    >>> make("ease", regularization=200).parameters()
    {'regularization': 200, 'max_films': 20000, 'weighted_ratings': False}
    """
    if name not in MODELS:
        raise UnknownNameError(
            f"a model's name is one of {', '.join(MODELS)}, got {name!r}", close_names(str(name), MODELS)
        )
    known = inspect.signature(MODELS[name]).parameters
    for unknown in params.keys() - known.keys():
        check_not_renamed(unknown, known)
    if unknown := [one for one in params if one not in known]:
        raise CineMatchError(
            f"the model {name} takes {', '.join(known) or 'no parameters'}, got {', '.join(map(repr, unknown))}"
        )
    return MODELS[name](**params)

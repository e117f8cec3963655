"""Recommender models with one contract (`base.Model`), made by name."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas", "psutil", "sklearn", "threadpoolctl")

from cinematch_lib.models.base import Model
from cinematch_lib.models.hybrid import Hybrid
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.registry import MODELS, is_linear, make, model_class
from cinematch_lib.models.training import fit_embeddings, train

__all__ = ["MODELS", "Hybrid", "Interactions", "Model", "fit_embeddings", "is_linear", "make", "model_class", "train"]

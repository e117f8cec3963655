"""Checks of one's own models: what the pipeline, the evaluation and the recommender rely on."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas")

from cinematch_lib.testing.checkerboard import SIDE, catalog, checkerboard, history
from cinematch_lib.testing.checks import CHECKS, check_model

__all__ = ["CHECKS", "SIDE", "catalog", "check_model", "checkerboard", "history"]

"""Figures of the catalog, of models and of their evaluation."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "matplotlib", "pandas")

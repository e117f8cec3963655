"""Figures of the catalog, of models and of their evaluation."""

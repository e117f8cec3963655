"""Runs the notebooks in order, with checked parameters."""

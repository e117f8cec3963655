"""Data sets: fetched, verified, laid out and read as tables."""

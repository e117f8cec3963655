"""Filter, score, rank, explain and search the films of a run."""

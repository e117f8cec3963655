"""A few films, and the services that a source gives them."""

import pandas as pd

from cinematch_lib.catalog.availability import ServicesSource, film_services
from cinematch_lib.data.rejects import RejectLog


def films():
    """Toy Story, Heat, a film without ids, and two films that share a tmdbId."""
    return pd.DataFrame(
        {
            "movieId": [1, 6, 7, 8, 9],
            "tmdbId": pd.array([862, 949, None, 5, 5], dtype="Int64"),
            "imdbId": ["0114709", "0113277", "", "0000008", "10872600"],
            "title": ["Toy Story", "Heat", "Seven (a.k.a. Se7en)", "Twins", "Twins"],
            "year": pd.array([1995, 1995, None, 1988, 2001], dtype="Int64"),
        },
        index=[10, 11, 12, 13, 14],
    )


def services(source, **options):
    """Each film's services by movieId, and the ledger."""
    rejects = RejectLog()
    found = film_services(films(), ServicesSource(source, **options), rejects)
    assert found.index.tolist() == films().index.tolist()
    assert found.dtype == "str"
    return dict(zip(films()["movieId"], found, strict=True)), rejects

"""Merging small tables."""

import pandas as pd

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.merge import merge_films
from cinematch_lib.data.rejects import RejectLog

NO_SERVICES = ServicesSource("none")


def merge(folder, metadata=None, services=NO_SERVICES):
    rejects = RejectLog()
    return merge_films(folder, metadata, services, rejects), rejects


def films(*rows):
    frame = pd.DataFrame(rows, columns=["movieId", "year", "genres", "has_tmdb"])
    return frame.astype({"year": "Int64", "genres": "str"})

"""TMDb's metadata: fetched politely and never twice (`fetch`), and read with every doubt accounted for."""

from cinematch_lib.data.tmdb.coverage import coverage
from cinematch_lib.data.tmdb.fetching import FetchReport, fetch
from cinematch_lib.data.tmdb.table import (
    LONGEST_RUNTIME,
    find_metadata,
    join_genres,
    plain_text,
    read_metadata,
)

__all__ = [
    "LONGEST_RUNTIME",
    "FetchReport",
    "coverage",
    "fetch",
    "find_metadata",
    "join_genres",
    "plain_text",
    "read_metadata",
]

"""TMDb's metadata: fetched within the rate limit (`fetch`), and read with an account of every invalid value."""

from cinematch_lib.data.tmdb.coverage import coverage
from cinematch_lib.data.tmdb.fetching import FetchReport, fetch, is_asked
from cinematch_lib.data.tmdb.table import MAX_RUNTIME, find_metadata, own_metadata, plain_text, read_metadata

__all__ = [
    "MAX_RUNTIME",
    "FetchReport",
    "coverage",
    "fetch",
    "find_metadata",
    "is_asked",
    "own_metadata",
    "plain_text",
    "read_metadata",
]

"""Data sets: fetched, verified, laid out and read as tables."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas", "pyarrow", "requests", "tqdm", "urllib3", "dotenv")

from cinematch_lib.data.fetching import fetch
from cinematch_lib.data.shards import write_shards

__all__ = ["fetch", "write_shards"]

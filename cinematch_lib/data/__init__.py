"""Data sets: fetched, verified, laid out and read as tables."""

from typing import TYPE_CHECKING, Any

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas", "pyarrow", "requests", "tqdm", "urllib3", "dotenv")

if TYPE_CHECKING:
    from cinematch_lib.data.fetching import fetch

__all__ = ["fetch"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from cinematch_lib.data import fetching  # loads requests

        return getattr(fetching, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

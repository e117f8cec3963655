"""The catalog of films: merged, cleaned and filtered, with an account of every row."""

from typing import TYPE_CHECKING, Any

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas")

if TYPE_CHECKING:
    from cinematch_lib.catalog.availability import ServicesSource
    from cinematch_lib.catalog.cleaning import Catalog, CleaningReport, clean, load_catalog
    from cinematch_lib.catalog.filters import Filters
    from cinematch_lib.data.tmdb import find_metadata

__all__ = ["Catalog", "CleaningReport", "Filters", "ServicesSource", "clean", "find_metadata", "load_catalog"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from cinematch_lib.catalog import availability, cleaning, filters  # load pandas
        from cinematch_lib.data import tmdb

        return next(
            getattr(module, name) for module in (availability, cleaning, filters, tmdb) if hasattr(module, name)
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

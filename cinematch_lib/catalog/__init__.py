"""The catalog of films: merged, cleaned and filtered, with an account of every row."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas")

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.cleaning import Catalog, CleaningReport, clean, load_catalog
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data.tmdb import find_metadata

__all__ = ["Catalog", "CleaningReport", "Filters", "ServicesSource", "clean", "find_metadata", "load_catalog"]

"""The catalog of films: merged, cleaned and filtered, with an account of every row."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas")

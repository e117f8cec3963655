"""Films as rows of a sparse feature matrix."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas", "sklearn")

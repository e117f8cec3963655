"""The analyst's page: filters moved by hand, everything counted and recommended anew, and kept as a run."""

from cinematch_lib.errors import require_extra

require_extra("lab", "PIL", "ipywidgets", "matplotlib", "pandas", "yaml")

from cinematch_lib.explorer.page import explore

__all__ = ["explore"]

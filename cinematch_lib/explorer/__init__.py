"""The analyst's page: filters, and the counts and recommendations that result from them."""

from cinematch_lib.errors import require_extra

require_extra("lab", "anywidget", "ipywidgets", "jupyter_server", "pandas", "tornado", "traitlets", "voila", "yaml")

from cinematch_lib.explorer.page import explore

__all__ = ["explore"]

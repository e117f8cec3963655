"""The analyst's page: filters, and the counts and recommendations that result from them."""

from cinematch_lib.errors import require_extra

require_extra(
    "lab", "PIL", "ipywidgets", "jupyter_server", "matplotlib", "pandas", "tornado", "traitlets", "voila", "yaml"
)

from cinematch_lib.explorer.page import explore

__all__ = ["explore"]

"""The analyst's page: filters, and the counts and recommendations that result from them."""

from typing import TYPE_CHECKING, Any

from cinematch_lib.errors import require_extra

require_extra(
    "lab", "anywidget", "ipywidgets", "jupyter_server", "pandas", "psutil", "tornado", "traitlets", "voila", "yaml"
)

if TYPE_CHECKING:
    from cinematch_lib.explorer.page import explore

__all__ = ["explore"]


def __getattr__(name: str) -> Any:
    if name == "explore":
        from cinematch_lib.explorer.page import explore  # loads what shows films, which the web server does without

        return explore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

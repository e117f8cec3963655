"""Films as rows of a sparse feature matrix."""

from typing import TYPE_CHECKING, Any

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas", "sklearn")

if TYPE_CHECKING:
    from cinematch_lib.features.build import FeatureSet, build_features, with_tags

__all__ = ["FeatureSet", "build_features", "with_tags"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from cinematch_lib.features import build  # loads scikit-learn

        return getattr(build, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

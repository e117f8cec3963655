"""Films as rows of a sparse feature matrix."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas", "sklearn")

from cinematch_lib.features.build import FeatureSet, build_features, with_tags

__all__ = ["FeatureSet", "build_features", "with_tags"]

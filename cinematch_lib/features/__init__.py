"""Films as rows of a sparse feature matrix."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas", "sklearn", "tqdm")

from cinematch_lib.features.build import FeatureSet, build_features, with_tags
from cinematch_lib.features.film_layout import lay_out_films
from cinematch_lib.features.text_encoders import TextEncoder, load_text_encoder
from cinematch_lib.features.text_vectors import encode_texts, with_text_vectors

__all__ = [
    "FeatureSet",
    "TextEncoder",
    "build_features",
    "encode_texts",
    "lay_out_films",
    "load_text_encoder",
    "with_tags",
    "with_text_vectors",
]

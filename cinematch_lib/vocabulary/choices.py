"""The names that parameters may take; they stand here so that they can be checked before anything large is loaded."""

from collections.abc import Collection

from cinematch_lib.errors import UnknownNameError, close_names

MODEL_NAMES = ("popular", "content", "itemknn", "userknn", "puresvd", "ease", "als", "bpr", "hybrid")
MODULES_DIR = "CINEMATCH_MODULES_DIR"  # the environment variable with the folder of one's own models
ITEM_FACTS = ("films", "none")  # what must be known of an item
PROTOCOLS = ("users", "time", "liang2018")
# The fields of film features.
TEXT_FIELDS = ("title", "overview", "keywords", "cast_top", "director", "tags")
NUMBER_FIELDS = ("year", "runtime")
TEXT_VECTOR = "text_vector"
FIELDS = (*TEXT_FIELDS, "genres", *NUMBER_FIELDS, TEXT_VECTOR)


def check_choice(name: str, value: str, known: Collection[str]) -> None:
    """Raise UnknownNameError if `value` of the parameter `name` is not one of `known`."""
    if value not in known:
        raise UnknownNameError(f"{name} must be of {', '.join(known)}, got {value!r}", close_names(str(value), known))

"""The files of a run: written atomically, sealed by a manifest, verified when read."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cinematch_lib.artifacts.draft import Draft
    from cinematch_lib.artifacts.film_map import FilmMap
    from cinematch_lib.artifacts.films_table import movies_meta

__all__ = ["Draft", "FilmMap", "movies_meta"]


def __getattr__(name: str) -> Any:
    if name == "Draft":
        from cinematch_lib.artifacts.draft import Draft

        return Draft
    if name == "FilmMap":
        from cinematch_lib.artifacts.film_map import FilmMap

        return FilmMap
    if name == "movies_meta":
        from cinematch_lib.artifacts.films_table import movies_meta  # loads pandas

        return movies_meta
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The genre vocabulary: MovieLens's genres in lower case, and the usual spellings of each."""

from collections.abc import Collection, Iterable
from functools import lru_cache

from cinematch_lib.errors import UnknownNameError, close_names
from cinematch_lib.vocabulary.spelling import fold_closed

MOVIELENS_GENRES = (
    "action",
    "adventure",
    "animation",
    "children",
    "comedy",
    "crime",
    "documentary",
    "drama",
    "fantasy",
    "film-noir",
    "horror",
    "musical",
    "mystery",
    "romance",
    "sci-fi",
    "thriller",
    "war",
    "western",
)
TMDB_ONLY_GENRES = ("history", "tv movie")

# IMAX is a format; the last two are \N, as MySQL and IMDb write nothing, and N/A.
_NOT_GENRES = {"", "nogenreslisted", "imax", "nan", "null", "none", "unknown", "n", "na"}
_SPELLINGS = {
    "animated": "animation",
    "childrens": "children",
    "docu": "documentary",
    "family": "children",
    "historical": "history",
    "kids": "children",
    "music": "musical",
    "noir": "film-noir",
    "romantic": "romance",
    "sciencefiction": "sci-fi",
    "sf": "sci-fi",
}
_CANONICAL = {fold_closed(name): name for name in MOVIELENS_GENRES + TMDB_ONLY_GENRES} | _SPELLINGS


@lru_cache(maxsize=4096)
def canonical_genre(name: str) -> str | None:
    """The canonical name of a genre in any usual spelling; None for a label that is no genre.

    A name outside the vocabulary is kept in lower case, because a data set may have genres of its own.

    >>> [canonical_genre(name) for name in ("Sci-Fi", "science fiction", " SCIFI ", "Family", "IMAX")]
    ['sci-fi', 'sci-fi', 'sci-fi', 'children', None]
    """
    folded = fold_closed(name)
    if folded in _NOT_GENRES:
        return None
    return _CANONICAL.get(folded) or " ".join(name.casefold().split())


def canonical_genres(names: Iterable[str]) -> list[str]:
    """The canonical names in their order, without repeats and without labels that are no genre.

    >>> canonical_genres("Crime|Sci-Fi|IMAX|Science Fiction".split("|"))
    ['crime', 'sci-fi']
    """
    return list(dict.fromkeys(genre for name in names if (genre := canonical_genre(name))))


def resolve_genre(name: str, known: Collection[str]) -> str:
    """The one of the canonical genres `known` that `name` means. Raises UnknownNameError with similar genres.

    >>> resolve_genre("SciFi", ["sci-fi", "war"])
    'sci-fi'
    """
    genre = canonical_genre(name)
    if genre is None or genre not in known:
        raise UnknownNameError(
            f"no film here has the genre {name!r}; there are {', '.join(sorted(known))}", close_names(name, known)
        )
    return genre

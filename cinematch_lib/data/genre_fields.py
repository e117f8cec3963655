"""Fields of genres: lists in any usual form, judged once, when they are read."""

import re

import pandas as pd

from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.vocabulary.genres import MOVIELENS_GENRES, TMDB_ONLY_GENRES, canonical_genres
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR, listed_names

_KNOWN = frozenset(MOVIELENS_GENRES + TMDB_ONLY_GENRES)
_OTHER_SEPARATORS = re.compile(r"[,;/&+]|\band\b", re.IGNORECASE)


def join_genres(names: str) -> str:
    """A list of genres in any usual form, `|`-joined under their canonical names, without repeats.

    Commas, semicolons, slashes, "&" and "and" separate names where this gives genres that are known.

    >>> join_genres("Science Fiction|Family|sci-fi"), join_genres("[{'id': 80, 'name': 'Crime'}]")
    ('sci-fi|children', 'crime')
    >>> join_genres("Action, Sci-Fi"), join_genres("Drama & Crime"), join_genres("Sword & Sandal")
    ('action|sci-fi', 'drama|crime', 'sword & sandal')
    """
    if names.lstrip().startswith("["):
        return LIST_SEPARATOR.join(canonical_genres(listed_names(names)))
    genres = canonical_genres(names.split(LIST_SEPARATOR))
    if LIST_SEPARATOR not in names and not _KNOWN.intersection(genres):
        parts = canonical_genres(_OTHER_SEPARATORS.split(names))
        if _KNOWN.intersection(parts):
            genres = parts
    return LIST_SEPARATOR.join(genres)


def judge_genres(fields: pd.Series, file: str, log: RejectLog) -> pd.Series:
    """`join_genres` of each field; lists in another form, and fields without a known genre, are counted in `log`."""
    joined = {field: join_genres(field) for field in fields.unique()}
    reread = {field for field in joined if LIST_SEPARATOR not in field and LIST_SEPARATOR in joined[field]}
    reread |= {field for field in joined if field.lstrip().startswith("[")}
    strange = {field for field, genres in joined.items() if genres and not _KNOWN & {*genres.split(LIST_SEPARATOR)}}
    log.add_repair(file, "genres in a list that is not separated by |, read as such", int(fields.isin(reread).sum()))
    log.add_repair(file, "films of which no genre is one of MovieLens's or TMDb's", int(fields.isin(strange).sum()))
    return fields.map(joined)

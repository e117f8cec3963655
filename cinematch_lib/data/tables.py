"""The columns and dtypes of every table, and the conversion of ids from text.

Lists inside a column are joined by ``|``. ``imdbId`` is text and keeps its zeros.
"""

import re
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class TableSchema:
    """The columns of a CSV table with their pandas dtypes.

    Without `multiline`, a line break inside a value is an error (usually a quote that was never closed).
    """

    name: str
    required: dict[str, str]
    optional: dict[str, str] = field(default_factory=dict)
    multiline: bool = False

    @property
    def columns(self) -> dict[str, str]:
        """All columns with their dtypes, in the order of the file."""
        return self.required | self.optional


CAST_SHOWN = 3  # names in the column cast_top

# Tables that people edit are read as text, so that an invalid row can be rejected with its line number.
MOVIES = TableSchema("movies", {"movieId": "str", "title": "str", "genres": "str"}, {"year": "str"})
LINKS = TableSchema("links", {"movieId": "str", "imdbId": "str", "tmdbId": "str"})
TAGS = TableSchema("tags", {"userId": "str", "movieId": "str", "tag": "str"}, {"timestamp": "str"})
RATINGS = TableSchema("ratings", {"userId": "int32", "movieId": "int32", "rating": "float32"}, {"timestamp": "int64"})
# Data that need not be films.
INTERACTIONS = TableSchema(
    "interactions", {"userId": "str", "movieId": "str"}, {"weight": "float32", "timestamp": "int64"}
)
ITEMS = TableSchema(
    "items", {"movieId": "str"}, dict.fromkeys(("title", "genres", "year", "overview"), "str"), multiline=True
)
_TMDB_COLUMNS = (
    "tmdb_id title release_date runtime popularity vote_count vote_average genres overview keywords cast_top director "
    "original_language poster_path"
)
_IMDB_ID = {"imdb_id": "str"}  # of films that have no tmdbId
TMDB_METADATA = TableSchema("tmdb_metadata", dict.fromkeys(_TMDB_COLUMNS.split(), "str"), _IMDB_ID, multiline=True)
PROVIDERS = TableSchema("providers", dict.fromkeys(("tmdb_id", "region", "kind", "service"), "str"), _IMDB_ID)
SERVICES_FILE = TableSchema(
    "services file",
    {"service": "str"},
    dict.fromkeys(("movieId", "imdbId", "tmdbId", "title", "year", "region"), "str"),
)

# The merged catalog: one row per film, ordered by movieId.
MERGED_DTYPES = {
    "movieId": "int64",
    "tmdbId": "Int64",
    "imdbId": "str",
    "title": "str",
    "year": "Int64",
    "genres": "str",
    "overview": "str",
    "runtime": "Int64",
    "popularity": "Float64",
    "vote_count": "Int64",
    "vote_average": "Float64",
    "keywords": "str",
    "cast_top": "str",
    "director": "str",
    "original_language": "str",
    "poster_path": "str",
    "services": "str",
}
MERGED = TableSchema("movies_merged", MERGED_DTYPES, multiline=True)


def film_labels(films: pd.DataFrame) -> pd.Series:
    """Title (year) of each film, text; the title alone where no year is known or there is no such column."""
    if "year" not in films:
        return films["title"]
    return films["title"].where(films["year"].isna(), films["title"] + " (" + films["year"].astype("str") + ")")


def whole_numbers(text: pd.Series) -> pd.Series:
    """Text as positive integers, Int64; missing where the text is something else.

    >>> whole_numbers(pd.Series(["862", " 862.0 ", "-1", "1.5", "one", ""])).tolist()
    [862, 862, <NA>, <NA>, <NA>, <NA>]
    """
    numbers = pd.to_numeric(text, errors="coerce")
    return numbers.where((numbers > 0) & (numbers % 1 == 0) & (numbers < 2**53)).astype("Int64")


def years_of(text: pd.Series) -> pd.Series:
    """The year of text that is a year or a date in any order, Int64; missing where there is none.

    >>> years_of(pd.Series(["1995", "1995.0", "1995-12-15", "15/12/1995", "95", ""])).tolist()
    [1995, 1995, 1995, 1995, <NA>, <NA>]
    """
    return whole_numbers(text.str.extract(r"(?<![0-9])([0-9]{4})(?![0-9])", expand=False))


# An id with its letters, in an address of a title, or made a number with decimals by a spreadsheet.
_IMDB_FORM = re.compile(
    r"^(?:https?://)?(?:(?:www\.|m\.)?imdb\.com/title/)?(?:tt)?([0-9]+)(?:\.0+|/.*|\?.*)?$", re.IGNORECASE
)


def imdb_digits(ids: pd.Series) -> pd.Series:
    """The digits of IMDb ids, padded to seven; empty where the text is no IMDb id.

    >>> imdb_digits(pd.Series(["tt0114709", "114709.0", "10872600", "imdb.com/title/tt0114709/", "n/a"])).tolist()
    ['0114709', '0114709', '10872600', '0114709', '']
    """
    digits = ids.copy()
    others = ~ids.str.fullmatch("[0-9]{7,8}", na=False)  # most tables have no others; the patterns below are slow
    found = ids[others].str.strip().str.replace(_IMDB_FORM, r"\1", regex=True)
    digits[others] = found.where(found.str.fullmatch("[0-9]{1,8}"), "").str.zfill(7).array
    return digits.where(digits.str.strip("0") != "", "")

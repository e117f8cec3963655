"""Reading the files of a MovieLens folder."""

from pathlib import Path

import pandas as pd

from cinematch_lib.data.datasets import KNOWN_FILES
from cinematch_lib.data.download import md5_of
from cinematch_lib.data.formats import read_table, row_lines
from cinematch_lib.data.tables import LINKS, MOVIES, RATINGS, TAGS
from cinematch_lib.errors import CineMatchError

LOWEST_RATING, HIGHEST_RATING = 0.5, 5.0  # stars


def checksums(folder: Path) -> dict[str, str]:
    """The MD5, as 32 hexadecimal digits, of each CSV file of a data set, by file name."""
    return {name: md5_of(path) for name in KNOWN_FILES if (path := Path(folder) / name).is_file()}


def read_movies(folder: Path) -> pd.DataFrame:
    """movies.csv as text, one row per film. Raises CineMatchError like `formats.read_table`."""
    return read_table(Path(folder) / "movies.csv", MOVIES)


def read_links(folder: Path) -> pd.DataFrame:
    """links.csv as text (ids keep their zeros), one row per film. Raises like `read_movies`."""
    return read_table(Path(folder) / "links.csv", LINKS)


def read_tags(folder: Path) -> pd.DataFrame | None:
    """tags.csv as text, one row per tag of a user for a film; None without the file. Raises like `read_movies`."""
    path = Path(folder) / "tags.csv"
    return read_table(path, TAGS) if path.exists() else None


def read_ratings(folder: Path) -> pd.DataFrame | None:
    """ratings.csv, one row per rating (0.5 to 5 stars), in the order of the file; None without the file.

    `timestamp`, where the file has it, is in seconds since 1970. Raises CineMatchError for ratings outside the
    scale, and like `read_movies`.
    """
    path = Path(folder) / "ratings.csv"
    if not path.exists():
        return None
    ratings = read_table(path, RATINGS)
    wrong = ~ratings["rating"].between(LOWEST_RATING, HIGHEST_RATING)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        first, line = ratings.iloc[row], row_lines(path, len(ratings))[row]
        raise CineMatchError(
            f"{path}: {wrong.sum():,} of {len(ratings):,} ratings are not from {LOWEST_RATING} to "
            f"{HIGHEST_RATING:g}; the first is on line {line} (user {first['userId']:.0f}, film "
            f"{first['movieId']:.0f}, rating {first['rating']:g}); correct or remove them"
        )
    return ratings

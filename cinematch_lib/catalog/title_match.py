"""Films of a catalog by title and year, for tables that have no ids."""

from collections import defaultdict

import pandas as pd

from cinematch_lib.data.tables import years_of
from cinematch_lib.vocabulary.spelling import fold_closed
from cinematch_lib.vocabulary.titles import parse_title, title_names


def match_titles(rows: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    """The `movieId` of the one film that each row of `rows` means by `title` and, if there, `year`; indexed as `rows`.

    Case, accents, spaces and punctuation do not count, a title may end in its year, and films are also found by their
    names in brackets. Rows that mean no film of `films` (`movieId, title, year`), or several, are left out.
    """
    by_name: dict[tuple[str, int | None], set[int]] = defaultdict(set)
    for movie_id, title, year in films[["movieId", "title", "year"]].itertuples(index=False, name=None):
        for name in {fold_closed(one) for one in title_names(title)} - {""}:
            by_name[name, None].add(movie_id)
            if not pd.isna(year):
                by_name[name, int(year)].add(movie_id)
    years = years_of(rows["year"]) if "year" in rows else pd.Series(pd.NA, index=rows.index)
    found = {}
    for row, text, typed in zip(rows.index, rows["title"], years, strict=True):
        title, year = parse_title(text)
        if year is None and not pd.isna(typed):
            year = int(typed)
        meant = by_name.get((fold_closed(title), year), set())
        if len(meant) == 1:
            found[row] = next(iter(meant))
    return pd.DataFrame({"movieId": pd.Series(found, dtype="int64")})

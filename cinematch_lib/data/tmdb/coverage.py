"""The share of films, and of ratings, for which each field of the metadata is known."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from cinematch_lib.data.formats import read_table
from cinematch_lib.data.movielens import read_links
from cinematch_lib.data.tables import PROVIDERS, imdb_digits, whole_numbers
from cinematch_lib.data.tmdb.export import PROVIDERS_FILE
from cinematch_lib.data.tmdb.table import find_metadata, metadata_rows

_FIELDS = ("overview", "cast_top", "director", "keywords", "poster_path")


def coverage(
    dataset: Path, raw_dir: Path, rating_counts: Mapping[int, int] | pd.Series | None = None
) -> pd.DataFrame | None:
    """The coverage of a data set by its metadata: `known`, `films` (% of films), `ratings` (% of ratings).

    `rating_counts` maps movieId to its number of ratings; without it the column `ratings` is missing. The last
    row, providers, counts films with an offer in ``raw_dir/tmdb/providers.csv``. None without a metadata table.
    Raises CineMatchError for tables that cannot be read.
    """
    path = find_metadata(raw_dir, dataset.name)
    if path is None:
        return None
    links = read_links(dataset)
    films = pd.DataFrame({"tmdb": whole_numbers(links["tmdbId"]), "imdb": imdb_digits(links["imdbId"])})
    metadata, _ = metadata_rows(path)
    rows = {name.partition("_")[0]: metadata[metadata[name].str.strip() != ""] for name in _FIELDS}
    offers = raw_dir / "tmdb" / PROVIDERS_FILE
    rows["providers"] = read_table(offers, PROVIDERS) if offers.is_file() else metadata[:0]
    has = {name: _is_in(films, known) for name, known in rows.items()}
    table = pd.DataFrame({"known": list(has), "films": [100 * having.mean() for having in has.values()]})
    if rating_counts is not None and len(rating_counts):
        counts = whole_numbers(links["movieId"]).map(dict(rating_counts)).fillna(0).astype("float64")
        table["ratings"] = [100 * counts[having].sum() / max(counts.sum(), 1) for having in has.values()]
    return table.round(1)


def _is_in(films: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """The films that have one of these rows: matched by TMDb id, or by IMDb id if that is unknown."""
    by_tmdb = films["tmdb"].notna() & films["tmdb"].isin(whole_numbers(rows["tmdb_id"]))
    if "imdb_id" not in rows:
        return by_tmdb
    return by_tmdb | ((films["imdb"] != "") & films["tmdb"].isna() & films["imdb"].isin(imdb_digits(rows["imdb_id"])))

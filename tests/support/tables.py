"""Writes little MovieLens and TMDb tables, in the publishers' own formats, for tests to read."""

import csv

TMDB_COLUMNS = [
    "tmdb_id", "title", "release_date", "runtime", "popularity", "vote_count", "vote_average", "genres",
    "overview", "keywords", "cast_top", "director", "original_language", "poster_path",
]  # fmt: skip


def write_csv(path, columns, rows):
    """A CSV file with the line ends of MovieLens; a value of None becomes an empty one. Returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows([columns, *rows])
    return path


def write_movielens(folder, movies, links=None, ratings=None, tags=None):
    """A MovieLens folder; returns it.

    `movies` are (movieId, title, genres); `links` (movieId, imdbId, tmdbId), by default each film's own id as
    both, padded for IMDb; `ratings` (userId, movieId, rating, timestamp) and `tags` (userId, movieId, tag,
    timestamp) are written where they are given.
    """
    write_csv(folder / "movies.csv", ["movieId", "title", "genres"], movies)
    if links is None:
        links = [(movie, str(movie).zfill(7), movie) for movie, _, _ in movies]
    write_csv(folder / "links.csv", ["movieId", "imdbId", "tmdbId"], links)
    if ratings is not None:
        write_csv(folder / "ratings.csv", ["userId", "movieId", "rating", "timestamp"], ratings)
    if tags is not None:
        write_csv(folder / "tags.csv", ["userId", "movieId", "tag", "timestamp"], tags)
    return folder


def write_tmdb(path, rows):
    """A TMDb metadata table; `rows` are dictionaries, what they leave out is empty. Returns `path`.

    A column that TMDb's table does not have (imdb_id) is added behind its own.
    """
    columns = list(dict.fromkeys([*TMDB_COLUMNS, *(name for row in rows for name in row)]))
    return write_csv(path, columns, [[row.get(name) for name in columns] for row in rows])

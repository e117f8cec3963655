"""Data sets that are fetched from TMDb, and what came."""

import pandas as pd

from cinematch_lib.data.tmdb import fetch as fetch_once

FAST = 2000  # requests a second, where the pace is not what is tested


def lay_links(raw, links, name="mine"):
    """A data set of which only the links matter: (movieId, imdbId, tmdbId), or a number of films."""
    if isinstance(links, int):
        links = [(number, f"{number:07}", number) for number in range(1, links + 1)]
    folder = raw / name
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["movieId,imdbId,tmdbId", *(",".join(map(str, link)) for link in links)]
    (folder / "links.csv").write_text("\r\n".join(lines) + "\r\n")
    return folder


def fetch(folder, **options):
    return fetch_once(folder, folder.parent, **{"rate": FAST} | options)


def table(raw, name="tmdb_metadata.csv"):
    return pd.read_csv(raw / "tmdb" / name, dtype="str", keep_default_na=False)


def films_asked(server):
    return {
        int(path.rpartition("/")[2]): count for path, count in server.asked("/3/movie/").items() if "ch" not in path
    }

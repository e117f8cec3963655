"""Small tables to clean, and what cleaning leaves of them."""

import csv

from cinematch_lib.storage.paths import REJECTS

MOVIES = [
    (6, "Heat (1995)", "Action|Crime|Thriller"),
    (1, "Toy Story (1995)", "Adventure|Animation|Children|Comedy|Fantasy"),
    (7, "Metropolis (1927)", "Sci-Fi"),
    (8, "Babylon 5", "Sci-Fi"),
    (9, "Fog (2005)", "(no genres listed)"),
    ("x", "Ran (1985)", "War"),
    (6, "Heat, again (1995)", "Drama"),
]


LINKS = [(1, "0114709", 862), (6, "0113277", 949), (99, "0000099", 99)]


TMDB = [
    {
        "tmdb_id": "862",
        "title": "Toy Story",
        "runtime": "81",
        "popularity": "21.946943",
        "vote_count": "5415",
        "vote_average": "7.7",
        "overview": 'Led by Woody, "Andy\'s" toys\nlive happily.',
        "keywords": "jealousy|toy",
        "cast_top": "Tom Hanks|Tim Allen|Don Rickles",
        "director": "John Lasseter",
        "original_language": "en",
        "poster_path": "/rhI.jpg",
    },
    {"tmdb_id": "error", "title": "Too many requests"},
    {"tmdb_id": "949", "title": "Heat", "runtime": "60000"},
]


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def reject_rows(data_dir):
    with (data_dir / REJECTS).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))

"""The share of slips for which search finds the film among the first five, and the time of a query.

``make bench-search``. On the films of MovieLens 32M and TMDb's people and plots where ``CINEMATCH_REAL_DATA`` names the
folder that holds ``ml-32m/``, ``ml-32m-ratings/`` and ``tmdb/``, else on the embedded sample. Queries are the main
titles of the best-known films, each changed once in each way.
"""

import csv
import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA

from cinematch_lib.artifacts.films_table import MoviesMeta, movies_meta
from cinematch_lib.artifacts.search_index import SearchIndex
from cinematch_lib.data import fetch
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.search import FilmSearch
from cinematch_lib.vocabulary.search_words import search_words, with_digits
from cinematch_lib.vocabulary.titles import parse_title, title_names

SEED, FIRST, LIKED = 0, 5, 4.0
BANDS = ((0, 1000), (1000, 2500))  # ranks by likes
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Films(NamedTuple):
    """Columns of the films, as a catalog has them, and the likes of each."""

    columns: dict[str, list]
    likes: np.ndarray


def main() -> None:
    """Build the index, ask, print."""
    copies = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory() as work:
        films = _films(Path(work))
    if copies > 1:
        films = _multiplied(films, copies)
    titles, popularity = films.columns["title"], np.log1p(films.likes) / max(np.log1p(films.likes).max(), 1.0)
    began = time.perf_counter()
    file = io.BytesIO()
    meta = _meta(films)
    SearchIndex.of(meta.columns).write(file)
    built = time.perf_counter()
    index = SearchIndex.read(file.getvalue())
    search = FilmSearch(FilmTable(meta), popularity, index)
    loaded = time.perf_counter()
    search.search("the first search", FIRST)
    first = time.perf_counter() - loaded
    print(f"{len(titles):,} films, {len(index.titles.names):,} names; file {len(file.getvalue()) / 1e6:.0f} MB")
    print(f"built in {built - began:.1f} s, loaded in {loaded - built:.3f} s, first search {1e3 * first:.1f} ms\n")
    times: list[float] = []
    for low, high in BANDS:
        _measure(films, search, low, high, times)
    bad = [1e3 * _timed(search, text)[1] for text in _bad_queries(len(times))]
    for name, of in (("of slips", 1e3 * np.array(times)), ("that mean nothing", np.array(bad))):
        print(f"queries {name}: median {np.median(of):.2f} ms, 99th percentile {np.quantile(of, 0.99):.2f} ms")


def _measure(films: Films, search: FilmSearch, low: int, high: int, times: list[float]) -> None:
    best = np.argsort(-films.likes, kind="stable")[low:high].tolist()
    rng = np.random.default_rng(SEED)
    words = _common_words(films)
    print(f"| films ranked {low + 1:,} to {high:,}: slip | queries | in the first {FIRST} |\n|---|---|---|")
    total = found = 0
    for name, slip in SLIPS.items():
        asked, hits, missed = 0, 0, []
        for row in best:
            title = title_names(films.columns["title"][row])[0]
            query = slip(title, rng, words)
            if query is None or not search_words(query):
                continue
            rows, seconds = _timed(search, query)
            times.append(seconds)
            asked, hits = asked + 1, hits + (row in rows)
            if row not in rows:
                missed.append(f"{query!r} ({title})")
        if asked:
            print(f"| {name} | {asked:,} | {hits / asked:.1%} |")
        if os.environ.get("CINEMATCH_MISSED"):
            print("\n".join(missed[:25]))
        total, found = total + asked, found + hits
    print(f"| all | {total:,} | {found / total:.1%} |\n")


def _timed(search: FilmSearch, query: str) -> tuple[list[int], float]:
    began = time.perf_counter()
    rows = search.search(query, FIRST)
    return rows, time.perf_counter() - began


_Slip = Callable[[str, np.random.Generator, list[str]], str | None]


def _place(title: str, rng: np.random.Generator, last: int = 0) -> int | None:
    """The place of a letter of the title, and none of its last `last` ones."""
    places = [at for at in range(len(title) - last) if title[at].isalpha() and title[at : at + 1 + last].isalnum()]
    return int(rng.choice(places)) if len(places) > 1 else None


def _dropped(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    at = _place(title, rng)
    return None if at is None else title[:at] + title[at + 1 :]


def _doubled(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    at = _place(title, rng)
    return None if at is None else title[:at] + title[at] + title[at:]


def _swapped(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    at = _place(title, rng, last=1)
    return None if at is None else title[:at] + title[at + 1] + title[at] + title[at + 2 :]


def _replaced(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    at = _place(title, rng)
    return None if at is None else title[:at] + str(rng.choice(list(LETTERS))) + title[at + 1 :]


def _near_word(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    """A word becomes one that differs in a letter and is a word of another title."""
    own = title.lower().split()
    candidates = [at for at, word in enumerate(own) if word.isalpha() and len(word) > 3]
    if len(own) < 2 or not candidates:
        return None
    at = int(rng.choice(candidates))
    near = process.extract(own[at], words, scorer=OSA.distance, score_cutoff=1, limit=20)
    others = [word for word, distance, _ in near if distance]
    return " ".join([*own[:at], str(rng.choice(others)), *own[at + 1 :]]) if others else None


def _numeral(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    """Digits for Roman numerals and number words, without what follows a colon."""
    name = search_words(title.split(" - ")[0].split(": ")[0] if ": Episode" not in title else title.split(" - ")[0])
    digits = with_digits(name)
    return " ".join(digits) if digits != name else None


def _without_articles(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    own = title.split()
    kept = [word for word in own if word.lower() not in ("the", "a", "an")]
    return " ".join(kept) if kept and kept != own else None


def _joined(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    own = title.split()
    return "".join(own) if len(own) > 1 else None


def _two_joined(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    own = title.split()
    if len(own) < 2:
        return None
    at = int(rng.integers(1, len(own)))
    return " ".join(own[:at]) + " ".join(own[at:])


def _split(title: str, rng: np.random.Generator, words: list[str]) -> str | None:
    places = [at for at in range(2, len(title) - 2) if title[at - 2 : at + 2].isalpha()]
    if not places:
        return None
    at = int(rng.choice(places))
    return f"{title[:at]} {title[at:]}"


SLIPS: dict[str, _Slip] = {
    "none": lambda title, rng, words: title,
    "a letter dropped": _dropped,
    "a letter doubled": _doubled,
    "two letters swapped": _swapped,
    "a letter replaced": _replaced,
    "a word of another title": _near_word,
    "digits for numerals": _numeral,
    "articles dropped": _without_articles,
    "all words joined": _joined,
    "two words joined": _two_joined,
    "a word split": _split,
}


def _common_words(films: Films) -> list[str]:
    counts = Counter(word for title in films.columns["title"] for word in title.lower().split() if word.isalpha())
    return sorted(word for word, count in counts.items() if count > 1)


def _bad_queries(n: int) -> Iterator[str]:
    rng = np.random.default_rng(SEED)
    for _ in range(min(n, 1000)):
        yield " ".join("".join(rng.choice(list(LETTERS), rng.integers(3, 10))) for _ in range(rng.integers(1, 6)))


def _films(work: Path) -> Films:
    real = os.environ.get("CINEMATCH_REAL_DATA")
    folder = Path(real) / "ml-32m" if real else fetch("sample", work / "raw")
    metadata = Path(real) / "tmdb" / "tmdb_metadata.csv" if real else folder / "tmdb_metadata.csv"
    ratings = pd.read_parquet(Path(real) / "ml-32m-ratings") if real else pd.read_csv(folder / "ratings.csv")
    likes = ratings.loc[ratings["rating"] >= LIKED, "movieId"].value_counts()
    tmdb = {row["tmdb_id"]: row for row in _rows(metadata)}
    links = {row["movieId"]: tmdb.get(row["tmdbId"], {}) for row in _rows(folder / "links.csv")}
    columns: dict[str, list] = {name: [] for name in ("title", "year", "director", "cast_top", "overview")}
    ids = []
    for row in _rows(folder / "movies.csv"):
        title, year = parse_title(row["title"])
        known = links.get(row["movieId"], {})
        ids.append(int(row["movieId"]))
        columns["title"].append(title)
        columns["year"].append(year)
        for name in ("director", "cast_top", "overview"):
            columns[name].append(known.get(name, "") or (title if name == "overview" else ""))
    return Films(columns, likes.reindex(ids, fill_value=0).to_numpy())


def _meta(films: Films) -> MoviesMeta:
    """The films as a run holds them, as far as search uses them."""
    n = len(films.likes)
    texts = {name: [""] * n for name in ("genres", "services", "imdbId", "poster_path", "original_language")}
    numbers = {"movieId": list(range(n)), "runtime": [None] * n, "tmdbId": [None] * n, "vote_count": [None] * n}
    table = pd.DataFrame(films.columns | texts | numbers)
    return movies_meta(table, np.zeros(n), [], "none", [])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _multiplied(films: Films, copies: int) -> Films:
    """The films `copies` times, the titles of the further ones with words of others at their end."""
    rng = np.random.default_rng(SEED)
    columns = {name: list(values) for name, values in films.columns.items()}
    words = [word for title in columns["title"] for word in title.split()]
    for _ in range(copies - 1):
        drawn = rng.integers(0, len(words), (len(films.likes), 2))
        for name, values in films.columns.items():
            columns[name] += values
        columns["title"][-len(films.likes) :] = [
            " ".join([*title.split()[:-1], words[one], words[other]])
            for title, (one, other) in zip(films.columns["title"], drawn.tolist(), strict=True)
        ]
    return Films(columns, np.concatenate([films.likes, np.zeros(len(films.likes) * (copies - 1), dtype=np.int64)]))


if __name__ == "__main__":
    main()

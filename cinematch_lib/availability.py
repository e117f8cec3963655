"""Which streaming service has a film, and who says so: TMDb, a file of the user's, or a demonstration.

The demonstration invents; its services carry ``(demo)`` in their very names, so that nothing built on the
catalog can show them as real.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.columns import LIST_SEPARATOR, PROVIDERS, SERVICES_FILE, read_table, whole_numbers
from cinematch_lib.errors import CineMatchError
from cinematch_lib.left_out import LeftOut
from cinematch_lib.names import DEMO_SUFFIX
from cinematch_lib.services import service_name
from cinematch_lib.tmdb import imdb_digits

SOURCES = ("tmdb", "file", "demo", "none")
KINDS = ("flatrate", "free", "ads", "rent", "buy")

# Invented services and the share of films that each is given.
_DEMO_SHARES = {
    "Amazon Prime Video": 0.30,
    "Apple TV+": 0.08,
    "Disney+": 0.12,
    "HBO Max": 0.15,
    "Hulu": 0.20,
    "Netflix": 0.25,
}


@dataclass(frozen=True)
class ServicesSource:
    """Where streaming services come from.

    `source` is one of SOURCES; `path` is the providers table (tmdb) or the user's CSV (file); `region` an
    ISO 3166 code such as ``US``; `kinds` the kinds of offer that count (tmdb); `seed` varies the demonstration.
    """

    source: str = "none"
    path: Path | None = None
    region: str = "US"
    kinds: Sequence[str] = ("flatrate",)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise CineMatchError(f"services must be one of {', '.join(SOURCES)}, got {self.source!r}")
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown or not self.kinds:
            raise CineMatchError(f"kinds of offer must be some of {', '.join(KINDS)}, got {list(self.kinds)}")
        if self.source == "file" and self.path is None:
            raise CineMatchError(
                'services="file" needs services_file: a CSV with movieId, imdbId or tmdbId, and service'
            )


def services_of(films: pd.DataFrame, wanted: ServicesSource, left_out: LeftOut) -> pd.Series:
    """Each film's services, joined by `|` in alphabetical order, empty where none is known.

    `films` has `movieId`, `tmdbId` (Int64) and `imdbId` (text); the result has its index. Rows of a table
    that name no film here are set aside in `left_out`.
    """
    if wanted.source == "demo":
        return pd.Series(demo_services(films["movieId"].to_numpy(), wanted.seed), index=films.index, dtype="str")
    if wanted.source == "none":
        return pd.Series("", index=films.index, dtype="str")
    offers = _tmdb_offers(films, wanted) if wanted.source == "tmdb" else _file_offers(films, wanted, left_out)
    offers = offers.drop_duplicates().sort_values(["movieId", "service"])
    joined = offers.groupby("movieId")["service"].agg(LIST_SEPARATOR.join)
    return joined.astype("object").reindex(films["movieId"], fill_value="").astype("str").set_axis(films.index)


def demo_services(movie_ids: np.ndarray, seed: int = 0) -> list[str]:
    """Invented services for each film id, `|`-joined; a film's depend on its own id and the seed alone.

    >>> demo_services(np.array([6, 1])) == demo_services(np.array([1, 2, 6]))[::-2]
    True
    """
    names = [name + DEMO_SUFFIX for name in _DEMO_SHARES]
    held = np.zeros(len(movie_ids), dtype=np.int64)
    for bit, (name, share) in enumerate(_DEMO_SHARES.items()):
        held |= (_unit_hash(movie_ids, zlib.crc32(name.encode()) + seed) < share).astype(np.int64) << bit
    joined = [
        LIST_SEPARATOR.join(name for bit, name in enumerate(names) if pattern >> bit & 1)
        for pattern in range(1 << len(names))
    ]
    return [joined[pattern] for pattern in held]


def _unit_hash(ids: np.ndarray, salt: int) -> np.ndarray:
    """A number in [0, 1) for each id: the splitmix64 finalizer (Steele, Lea, Flood 2014)."""
    z = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) / 2.0**64


def _tmdb_offers(films: pd.DataFrame, wanted: ServicesSource) -> pd.DataFrame:
    if wanted.path is None or not wanted.path.is_file():
        raise CineMatchError(
            f'services="tmdb" needs {wanted.path or "raw/tmdb/providers.csv"}, which TMDb has not been asked for yet; '
            'fetch it, or choose services="demo", "file" or "none"'
        )
    offers = read_table(wanted.path, PROVIDERS)
    region = wanted.region.upper()
    if len(offers) and region not in (regions := set(offers["region"])):
        raise CineMatchError(
            f"{wanted.path} holds the offers of {', '.join(sorted(regions))}, not those of {region}; run the step "
            f"fetch again with -p region {region}: all regions were stored, so nothing is asked for twice"
        )
    offers = offers[(offers["region"] == region) & offers["kind"].isin(wanted.kinds)]
    pairs = offers[["service", "kind"]].drop_duplicates()
    names = {(name, kind): service_name(name, kind) for name, kind in pairs.itertuples(index=False)}
    called = [names[pair] for pair in zip(offers["service"], offers["kind"], strict=True)]
    offers = offers.assign(service=called, tmdbId=whole_numbers(offers["tmdb_id"]))
    known = films.loc[films["tmdbId"].notna(), ["movieId", "tmdbId"]]
    found = [known.merge(offers[["tmdbId", "service"]], on="tmdbId")]
    if "imdb_id" in offers:  # films without a tmdbId, which TMDb found by their IMDb id
        known = films.loc[films["tmdbId"].isna() & (films["imdbId"] != ""), ["movieId", "imdbId"]]
        found.append(known.merge(offers.assign(imdbId=imdb_digits(offers["imdb_id"])), on="imdbId"))
    return pd.concat([one[["movieId", "service"]] for one in found])


def _file_offers(films: pd.DataFrame, wanted: ServicesSource, left_out: LeftOut) -> pd.DataFrame:
    path = wanted.path
    offers = read_table(path, SERVICES_FILE)
    keys = [name for name in ("movieId", "imdbId", "tmdbId") if name in offers]
    if not keys:
        raise CineMatchError(f"{path} needs a column movieId, imdbId or tmdbId to say which film has the service")
    film = pd.Series(pd.NA, index=offers.index, dtype="Int64")
    for name in keys:
        film = film.fillna(_film_of(offers[name], name, films))
    service = offers["service"].str.strip()
    elsewhere = pd.Series(False, index=offers.index)
    if "region" in offers:
        region = offers["region"].str.strip().str.upper()
        elsewhere = (region != "") & (region != wanted.region.upper())
    named = offers[keys].agg(" ".join, axis=1).str.strip()
    for mask, reason in (
        (elsewhere, f"offer of another region than {wanted.region}"),
        (~elsewhere & (service == ""), "no service named"),
        (~elsewhere & (service != "") & film.isna(), "no such film in the catalog"),
    ):
        left_out.rows(path.name, offers.index[mask] + 2, named[mask], service[mask], reason)
    good = ~elsewhere & (service != "") & film.notna()
    service = service.str.replace(LIST_SEPARATOR, "/", regex=False)
    return pd.DataFrame({"movieId": film[good], "service": service[good]})


def _film_of(ids: pd.Series, kind: str, films: pd.DataFrame) -> pd.Series:
    """The film that each id of this kind means, missing where there is none."""
    if kind == "imdbId":
        known = films.loc[films["imdbId"] != "", ["imdbId", "movieId"]].drop_duplicates("imdbId")
        keys = imdb_digits(ids)
    else:
        known = films.loc[films[kind].notna(), list(dict.fromkeys([kind, "movieId"]))].drop_duplicates(kind)
        keys = whole_numbers(ids)
    return keys.map(pd.Series(known["movieId"].to_numpy(), index=known[kind])).astype("Int64")

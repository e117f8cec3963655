"""The streaming services of each film: from TMDb, from a file of the user, or invented for demonstration.

Invented services end in ``(demo)``, so that nothing built on the catalog can show them as real.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.catalog.title_match import match_titles
from cinematch_lib.data.formats import read_table, row_lines
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.sources import Source, canonical_columns
from cinematch_lib.data.tables import PROVIDERS, SERVICES_FILE, TableSchema, imdb_digits, whole_numbers
from cinematch_lib.data.tmdb.responses import KINDS
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.encodings import WESTERN
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from cinematch_lib.vocabulary.services import listed_services, region_code, service_key, service_name
from cinematch_lib.vocabulary.spelling import DEMO_SUFFIX, fold_closed

SOURCES = ("tmdb", "file", "demo", "none")

_KEYS = ("movieId", "imdbId", "tmdbId", "title")  # what may say which film a row is about; ids count first
_YES, _NO = ("1", "1.0", "true", "yes", "y", "x"), ("", "0", "0.0", "false", "no", "n")
_NO_SERVICES = ("type", "adult", "isadult", "seen", "watched", "liked")  # folded names of columns of 0 and 1
# The invented services and the share of films on each.
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
    """The source of streaming services.

    `source` is one of SOURCES; `path` is the providers table (tmdb) or the user's CSV (file); `region` is an ISO
    3166 code such as ``US``; `kinds` are the kinds of offer that count (tmdb); `seed` varies the demonstration.
    Raises CineMatchError for invalid values.
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
        if not re.fullmatch("[A-Za-z]{2}", self.region):
            raise CineMatchError(f"region must be an ISO 3166 code of two letters, such as US, got {self.region!r}")
        object.__setattr__(self, "region", region_code(self.region))
        if self.source == "file" and self.path is None:
            raise CineMatchError(
                'services="file" needs services_file: a CSV with movieId, imdbId or tmdbId, and service'
            )

    @classmethod
    def from_parameters(
        cls, services: str, *, raw_dir: Path, services_file: Path | None, region: str, offers: Sequence[str], seed: int
    ) -> "ServicesSource":
        """The source for the pipeline's parameters; TMDb's offers are in ``raw_dir/tmdb/providers.csv``.

        Raises CineMatchError for invalid parameters, and for a `services_file` that would be ignored.
        """
        if services_file is not None and services != "file":
            raise CineMatchError(
                f'services_file names {services_file}, which services="{services}" does not read; '
                'say services="file", or leave services_file out'
            )
        paths = {"tmdb": raw_dir / "tmdb" / "providers.csv", "file": services_file}
        return cls(services, paths.get(services), region, offers, seed)

    @property
    def table(self) -> Path | None:
        """The file that is read; None if the source needs none."""
        return self.path if self.source in ("tmdb", "file") else None


def film_services(films: pd.DataFrame, source: ServicesSource, rejects: RejectLog) -> pd.Series:
    """The services of each film, `|`-joined in alphabetical order, empty if none is known; indexed like `films`.

    `films` has `movieId`, `tmdbId` (Int64) and `imdbId` (text). Rows of a table that belong to no film go to
    `rejects`. Raises CineMatchError for tables that cannot be read.
    """
    if source.source == "demo":
        return pd.Series(demo_services(films["movieId"].to_numpy(), source.seed), index=films.index, dtype="str")
    if source.source == "none":
        return pd.Series("", index=films.index, dtype="str")
    read_offers = _tmdb_offers if source.source == "tmdb" else _file_offers
    offers = read_offers(films, source, rejects)
    offers["service"] = offers["service"].str.replace(LIST_SEPARATOR, "/", regex=False)
    offers = offers.drop_duplicates().sort_values(["movieId", "service"])
    joined = offers.groupby("movieId")["service"].agg(LIST_SEPARATOR.join)
    return joined.astype("object").reindex(films["movieId"], fill_value="").astype("str").set_axis(films.index)


def demo_services(movie_ids: np.ndarray, seed: int = 0) -> list[str]:
    """Invented services for each film id, `|`-joined; they depend on the id and the seed alone.

    >>> demo_services(np.array([6, 1])) == demo_services(np.array([1, 2, 6]))[::-2]
    True
    """
    names = demo_names()
    held = np.zeros(len(movie_ids), dtype=np.int64)
    for bit, (name, share) in enumerate(_DEMO_SHARES.items()):
        held |= (_unit_hash(movie_ids, zlib.crc32(name.encode()) + seed) < share).astype(np.int64) << bit
    patterns = range(1 << len(names))
    joined = [LIST_SEPARATOR.join(one for bit, one in enumerate(names) if number >> bit & 1) for number in patterns]
    return [joined[pattern] for pattern in held]


def demo_names() -> list[str]:
    """The names of the invented services."""
    return [name + DEMO_SUFFIX for name in _DEMO_SHARES]


def _unit_hash(ids: np.ndarray, salt: int) -> np.ndarray:
    """A uniform number in [0, 1) for each id, by the finalizer of splitmix64 (Steele, Lea and Flood 2014)."""
    z = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) / 2.0**64


def _tmdb_offers(films: pd.DataFrame, source: ServicesSource, rejects: RejectLog) -> pd.DataFrame:
    if source.path is None or not source.path.is_file():
        raise CineMatchError(
            f'services="tmdb" needs {source.path or "raw/tmdb/providers.csv"}, which TMDb has not been asked for yet; '
            'fetch it, or choose services="demo", "file" or "none"'
        )
    offers = read_table(source.path, PROVIDERS)
    if len(offers) and source.region not in (regions := set(offers["region"].str.upper())):
        raise CineMatchError(
            f"{source.path} holds the offers of {', '.join(sorted(regions))}, not those of {source.region}; run the "
            f"step fetch again with -p region {source.region}: all regions were stored, so nothing is asked for twice"
        )
    numbers, service = whole_numbers(offers["tmdb_id"]), offers["service"].str.strip()
    imdb = imdb_digits(offers["imdb_id"]) if "imdb_id" in offers else pd.Series("", index=offers.index)
    known = numbers.notna() | (imdb != "")
    unusable = {"tmdb_id is not a number": ~known, "no service named": known & (service == "")}
    rejects.add(_file_name(source.path), row_lines(source.path, len(offers)), offers["tmdb_id"], service, unusable)
    pairs = pd.DataFrame({"name": service, "kind": offers["kind"]}).drop_duplicates()
    names = {pair: service_name(*pair) for pair in pairs.itertuples(index=False, name=None)}
    named = [names[pair] for pair in zip(service, offers["kind"], strict=True)]
    called = pd.Series(named, index=offers.index, dtype="str")
    counts = (offers["region"].str.upper() == source.region) & offers["kind"].isin(source.kinds) & (service != "")
    # Films without a tmdbId may have been found by their IMDb id.
    unlinked = films[films["tmdbId"].isna() & (films["imdbId"] != "")]
    by_tmdb = _match_films(numbers[counts], "tmdbId", films)
    by_imdb = _match_films(imdb[counts & (imdb != "")], "imdbId", unlinked)
    return pd.concat([one.assign(service=called) for one in (by_tmdb, by_imdb)])


def _file_offers(films: pd.DataFrame, source: ServicesSource, rejects: RejectLog) -> pd.DataFrame:
    path = source.path or Path()
    flagged = _read_flags(path, rejects)
    offers = read_table(path, SERVICES_FILE) if flagged is None else flagged
    if offers.empty:
        raise CineMatchError(f"{path} holds no services, only its first line")
    if Source(path).is_western:
        rejects.add_repair(_file_name(path), f"rows {WESTERN}", len(offers))
    keys = [name for name in _KEYS if name in offers]
    if not keys:
        raise CineMatchError(
            f"{path} needs a column movieId, imdbId, tmdbId or title to say which film has the service"
        )
    meant = pd.DataFrame({"movieId": pd.Series(dtype="int64")})
    contradictory: set[int] = set()
    for name in keys:  # the first id that belongs to a film counts
        if name == "title":
            found = match_titles(offers.drop(meant.index), films)
        else:
            ids = imdb_digits(offers[name]).replace("", None) if name == "imdbId" else whole_numbers(offers[name])
            found = _match_films(ids, name, films)
            same = meant.join(found.rename(columns={"movieId": "too"}), how="inner").query("movieId == too").index
            contradictory |= set(meant.index.intersection(found.index)) - set(same)
        meant = pd.concat([meant, found.drop(meant.index, errors="ignore")])
    what = "rows whose ids are those of different films, of which the first counts"
    rejects.add_repair(_file_name(path), what, len(contradictory))
    listed = offers["service"].map(listed_services)
    service = offers["service"].str.strip().where(listed.map(len) > 0, "")
    elsewhere = pd.Series(False, index=offers.index)
    if "region" in offers:
        region = offers["region"].map(region_code)
        elsewhere = (region != "") & (region != source.region)
    nameless = ~elsewhere & (service == "") & (flagged is None)
    filmless = ~elsewhere & ~nameless & ~offers.index.isin(meant.index)
    unusable = {
        f"offer of another region than {source.region}": elsewhere,
        "no service named": nameless,
        "no such film in the catalog": filmless,
    }
    ids = pd.Series([" ".join(row).strip() for row in offers[keys].itertuples(index=False, name=None)], dtype="str")
    rejects.add(_file_name(path), row_lines(path, len(offers)), ids, service, unusable)
    named = listed[~elsewhere & ~nameless].explode().dropna()
    spelled = named.map(_one_spelling(named)).astype("str").rename("service")
    return meant.join(spelled, how="inner")


def _read_flags(path: Path, rejects: RejectLog) -> pd.DataFrame | None:
    """The rows of a file with a column of yes and no for each service, as of a services file; None for other files."""
    headers = [Source(path).with_separator_for([key]).header() for key in _KEYS] if path.is_file() else []
    header = max(headers, key=len, default=[])
    others = dict.fromkeys(set(header) - set(canonical_columns(header, SERVICES_FILE.columns).values()), "str")
    others = {name: dtype for name, dtype in others.items() if fold_closed(name) not in _NO_SERVICES}
    if not others or canonical_columns(header, ["service"]):
        return None
    ids = {name: dtype for name, dtype in SERVICES_FILE.optional.items() if canonical_columns(header, [name])}
    rows = read_table(path, TableSchema("services file", others | ids))
    cells = {name: rows[name].str.strip().str.casefold() for name in sorted(others)}
    flags = {name: cell.isin(_YES) for name, cell in cells.items() if cell.isin({*_YES, *_NO}).all()}
    if not flags:
        return None
    rejects.add_repair(_file_name(path), f"columns of 0 and 1 read as services ({', '.join(flags)})", len(flags))
    named = pd.Series("", index=rows.index, dtype="str")
    for name, has in flags.items():
        named = named.where(~has, named + name + LIST_SEPARATOR)
    return rows[list(ids)].assign(service=named)


def _one_spelling(names: pd.Series) -> dict[str, str]:
    """For each name the most frequent one that differs from it in case, spaces or punctuation alone."""
    spellings: dict[str, str] = {}
    for name in names.value_counts(sort=True).index:
        spellings.setdefault(service_key(name), name)
    return {name: spellings[service_key(name)] for name in names.unique()}


def _match_films(ids: pd.Series, kind: str, films: pd.DataFrame) -> pd.DataFrame:
    """The `movieId` of the films with each of the `ids` of this `kind`, by the index of `ids`; may be several."""
    known = pd.DataFrame({"id": films[kind], "movieId": films["movieId"]})
    pairs = ids.dropna().rename("id").rename_axis("row").reset_index().merge(known, on="id")
    return pairs.set_index("row")[["movieId"]]


def _file_name(path: Path) -> str:
    return f"services: {path.name}"  # with a prefix, because a services file may be named movies.csv

"""Fetching the metadata of a data set's films from TMDb: each film once, within the rate limit, resumable."""

import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cinematch_lib.data.download import check_certificates
from cinematch_lib.data.movielens import read_links
from cinematch_lib.data.tables import imdb_digits, whole_numbers
from cinematch_lib.data.tmdb.changes import mark_changed
from cinematch_lib.data.tmdb.client import Client, RequestFailedError
from cinematch_lib.data.tmdb.export import METADATA, export
from cinematch_lib.data.tmdb.rate_limit import FULL_RATE, RateLimiter
from cinematch_lib.data.tmdb.settings import TOKEN, access, other_names_set
from cinematch_lib.data.tmdb.store import FILE, Store, open_store
from cinematch_lib.data.tmdb.table import own_metadata
from cinematch_lib.data.tmdb.workers import Film, Workers
from cinematch_lib.errors import CineMatchError, DownloadError

MAX_DAYS = 180  # TMDb's terms permit to keep its data for six months
DAY = 86_400  # seconds

NO_TOKEN = (
    f"No {TOKEN} is set, so TMDb was not asked. The films go without its overviews, keywords, cast, directors, "
    'posters and streaming offers (services="tmdb" has nothing to read); everything else works, from ratings, '
    "genres, tags and years. To fetch them, read TMDb's terms above, get a free API Read Access Token at "
    "https://www.themoviedb.org/settings/api, and write it to .env as .env.example shows."
)


@dataclass
class FetchReport:
    """The result of a fetch: a message, counts of films and requests, and the failed requests with the reasons."""

    message: str = ""
    films: int = 0
    asked: int = 0
    found: int = 0
    gone: int = 0
    changed: int = 0
    dropped: int = 0
    failures: int = 0
    slowed: int = 0
    seconds: float = 0.0
    failed: list[tuple[str, str]] = field(default_factory=list)
    other_tokens: list[str] = field(default_factory=list)

    def notes(self) -> list[str]:
        """What a person should know without reading the tables: films, unanswered requests, a token of another name."""
        lines = []
        if self.asked:
            lines.append(f"TMDb: {self.found:,} of {self.films:,} films have metadata, {self.gone:,} are unknown there")
        if self.failed:
            _, reason = self.failed[0]
            lines.append(f"TMDb left {len(self.failed):,} requests unanswered ({reason}); the next fetch repeats them")
        if self.other_tokens:
            lines.append(f"TMDb was not asked: {TOKEN} is not set, but {', '.join(self.other_tokens)} is; rename it")
        return lines

    def summary(self) -> pd.DataFrame:
        """The counts as a table: `what`, `number`."""
        rows = [
            ("films of the data set that TMDb may know", self.films),
            ("of these with metadata now", self.found),
            ("of these unknown to TMDb, or deleted there", self.gone),
            ("requests that failed in all attempts", len(self.failed)),
            ("films in the store that TMDb says have changed", self.changed),
            ("films dropped, as TMDb's terms cap how long they may be kept", self.dropped),
            ("requests sent", self.asked),
            ("attempts that failed", self.failures),
            ("pauses that TMDb asked for (429)", self.slowed),
            ("requests a second", round(self.asked / self.seconds, 1) if self.seconds else 0.0),
        ]
        return pd.DataFrame({"what": [what for what, _ in rows], "number": [f"{number:,}" for _, number in rows]})

    def failed_requests(self) -> pd.DataFrame:
        """The requests that failed in all attempts: `request`, `reason`; the next fetch repeats them."""
        return pd.DataFrame(self.failed, columns=["request", "reason"])


def fetch(
    dataset: Path,
    raw_dir: Path,
    *,
    rating_counts: Mapping[int, int] | pd.Series | None = None,
    limit: int | None = None,
    region: str = "US",
    max_age_days: int = MAX_DAYS,
    refresh: bool = True,
    rate: float = FULL_RATE,
    offers_of: Collection[int] = (),
    offers_max_age_days: int = MAX_DAYS,
) -> FetchReport:
    """Fetch the metadata of the films in ``dataset/links.csv`` into ``raw_dir/tmdb/`` and write its tables.

    Films in the store are fetched again only if they are older than `max_age_days` or listed as changed by
    TMDb; without `refresh` they are never fetched again, and the old ones are dropped. `rating_counts` maps
    movieId to its number of ratings: films with most ratings are fetched first. `limit` is the maximum number
    of films. `region` (an ISO 3166 code) is that of the offers in ``providers.csv``; `rate` is in requests per
    second. No request is sent without a token in the environment or in `.env`, for a data set that has a
    metadata table of its own, and if there is a table without a store; `FetchReport.message` tells the case.
    The films with the TMDb ids `offers_of` are fetched again after `offers_max_age_days`, since TMDb's changes do not
    tell of streaming offers.

    Raises CineMatchError for invalid parameters, a refused token, a store in use by another process and a full
    disk, DownloadError if TMDb is unavailable. Answers received before an error stay in the store.
    """
    region = validate(limit, region, max_age_days)
    folder, api = raw_dir / "tmdb", access()
    if (reason := _given(dataset, folder)) is not None:
        return FetchReport(reason)
    if api is None and not (folder / FILE).is_file():
        return FetchReport(NO_TOKEN, other_tokens=other_names_set())
    if api is not None:
        check_certificates()
    wanted = _wanted(read_links(dataset), rating_counts, limit)
    began = time.time()
    oldest = began - max_age_days * DAY
    with open_store(folder) as store:
        done = FetchReport(films=len(wanted))
        if api is None:
            done.other_tokens = other_names_set()
            done.message = f"{NO_TOKEN}\n\nWhat was fetched before is used as far as it is not too old."
        else:
            aged = store.films() - store.fresh_films(began - offers_max_age_days * DAY) - store.gone()
            again = aged.intersection(offers_of)
            _fetch_missing(store, Client(api, RateLimiter(rate)), wanted, oldest, max_age_days, refresh, done, again)
        done.seconds = time.time() - began
        done.dropped = store.drop_older(oldest)
        resolved = store.resolved(oldest)
        moved = export(store, region, resolved)
        _count(done, store, wanted, resolved)
    if api is not None:
        done.message = f"{done.found:,} of {done.films:,} films have TMDb's metadata in {folder / METADATA}."
    if moved is not None:
        done.message += f" The table that lay there before was not fetched by this project and is kept as {moved.name}."
    return done


def is_asked(dataset: Path, raw_dir: Path) -> bool:
    """Whether `fetch` sends requests: there is a token, and no table of metadata that takes the place of answers."""
    return access() is not None and _given(dataset, raw_dir / "tmdb") is None


def check_reachable(dataset: Path, raw_dir: Path) -> None:
    """Raise CineMatchError if `fetch` would, for the token or certificates, as far as is known without the network."""
    if is_asked(dataset, raw_dir):
        check_certificates()


def _given(dataset: Path, folder: Path) -> str | None:
    """Why TMDb need not be asked: a table of metadata that the data set brings, or that lies in `folder`."""
    if (own := own_metadata(dataset)) is not None and dataset != folder:
        return f"{dataset.name} brings its own table of facts ({own.name}), so TMDb was not asked."
    if (folder / METADATA).is_file() and not (folder / FILE).is_file():
        by_hand = f"{folder / METADATA} was put there by hand and is used as it is"
        return f"{by_hand}; to fetch from TMDb, move it away first."
    return None


def validate(limit: int | None, region: str, max_age_days: int) -> str:
    """The region in capitals. Raises CineMatchError for invalid parameters of `fetch`."""
    if limit is not None and limit < 0:
        raise CineMatchError(f"tmdb_limit must be a number of films, or none for all of them, got {limit}")
    if not 0 <= max_age_days <= MAX_DAYS:
        raise CineMatchError(
            f"max_age_days must be between 0 and {MAX_DAYS}, as TMDb's terms let its data be kept for six months, "
            f"got {max_age_days}"
        )
    if not re.fullmatch(r"[A-Za-z]{2}", region):
        raise CineMatchError(f"region must be an ISO 3166 code of two letters such as US or DE, got {region!r}")
    return region.upper()


def _wanted(links: pd.DataFrame, rating_counts: Mapping[int, int] | pd.Series | None, limit: int | None) -> list[Film]:
    """The films to fetch in their order, without repeats: (TMDb id, "") or (None, digits of the IMDb id)."""
    films = pd.DataFrame({"tmdb": whole_numbers(links["tmdbId"]), "imdb": imdb_digits(links["imdbId"])})
    if rating_counts is not None:
        counts = whole_numbers(links["movieId"]).map(dict(rating_counts)).fillna(0)
        films = films.loc[(-counts.astype("float64")).argsort(kind="stable").to_numpy()]
    rows = zip(films["tmdb"].astype("object"), films["imdb"], strict=True)
    named: list[Film] = [(None, imdb) if pd.isna(tmdb) else (int(tmdb), "") for tmdb, imdb in rows]
    return list(dict.fromkeys(film for film in named if film != (None, "")))[:limit]


def _fetch_missing(
    store: Store,
    client: Client,
    wanted: list[Film],
    oldest: float,
    max_age_days: int,
    refresh: bool,
    done: FetchReport,
    again: set[int],
) -> None:
    """Fetch the films `wanted` that the store lacks, and those of them in `again`; counts go to `done`."""
    try:
        if refresh or store.checked_until() is None:
            try:
                done.changed = mark_changed(store, client, max_age_days)
            except RequestFailedError as error:
                done.failed.append(("movie/changes", str(error)))
        known = (store.fresh_films(oldest) if refresh else store.films()) - again
        tasks = _missing(wanted, known, store.resolved(oldest if refresh else 0))
        workers = Workers(store, client, known)
        try:
            workers.fetch(tasks)
        finally:
            done.failed += workers.failed
        if tasks and not known and len(workers.failed) >= len(tasks):
            raise DownloadError(
                f"none of {len(tasks):,} films was answered by TMDb: {workers.failed[0][1]}; run it again later, or "
                "with -p use_tmdb false"
            )
    finally:
        client.limiter.close()
        client.close()
        done.asked, done.failures, done.slowed = client.limiter.passed, client.failures, client.limiter.slowed


def _missing(wanted: list[Film], known: set[int], resolved: Mapping[str, int | None]) -> list[Film]:
    """The films that are not in the store; an IMDb id is replaced by its TMDb id if that is known."""
    tasks = []
    for tmdb_id, imdb_id in wanted:
        if tmdb_id is None and imdb_id in resolved:
            tmdb_id, imdb_id = resolved[imdb_id], ""
            if tmdb_id is None:
                continue
        if tmdb_id is None or tmdb_id not in known:
            tasks.append((tmdb_id, imdb_id))
    return list(dict.fromkeys(tasks))


def _count(done: FetchReport, store: Store, wanted: list[Film], resolved: Mapping[str, int | None]) -> None:
    there, gone = store.films(), store.gone()
    for tmdb_id, imdb_id in wanted:
        if tmdb_id is None and resolved.get(imdb_id, 0) is None:
            done.gone += 1
            continue
        found = resolved.get(imdb_id) if tmdb_id is None else tmdb_id
        done.gone += found in gone
        done.found += found in there and found not in gone

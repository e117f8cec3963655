"""Fetching a data set's films from TMDb: once each, as fast as is allowed, and never again without need."""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from cinematch_lib.data.formats import read_table
from cinematch_lib.data.tables import LINKS, imdb_digits, whole_numbers
from cinematch_lib.data.tmdb.changes import mark_changed
from cinematch_lib.data.tmdb.client import Client, RequestFailedError
from cinematch_lib.data.tmdb.export import METADATA, export
from cinematch_lib.data.tmdb.rate_limit import FULL_RATE, ClosedError, RateLimiter
from cinematch_lib.data.tmdb.responses import trim_response
from cinematch_lib.data.tmdb.settings import TOKEN, access
from cinematch_lib.data.tmdb.store import FILE, Store, open_store
from cinematch_lib.errors import CineMatchError

THREADS = 16  # 40 requests a second of 150 ms each keep six busy; the others cover slow answers and pauses
MOST_DAYS = 180  # for which TMDb's terms let its data be kept: six months
DAY = 86_400  # seconds
_FAREWELL = 5.0  # seconds that requests under way are given when a fetch ends early

_Film = tuple[int | None, str]  # a TMDb id and "", or None and the digits of an IMDb id

NO_TOKEN = (
    f"No {TOKEN} is set, so TMDb was not asked. The films go without its overviews, keywords, cast, directors, "
    'posters and streaming offers (services="tmdb" has nothing to read); everything else works, from ratings, '
    "genres, tags and years. To fetch them, read TMDb's terms above, get a free API Read Access Token at "
    "https://www.themoviedb.org/settings/api, and write it to .env as .env.example shows."
)


@dataclass
class FetchReport:
    """What a fetch did: counts of films and requests, and the requests that stayed unanswered with the reason."""

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
    unanswered: list[tuple[str, str]] = field(default_factory=list)

    def summary(self) -> pd.DataFrame:
        """The counts as a table: `what`, `number`."""
        rows = [
            ("films of the data set that TMDb may know", self.films),
            ("of these with metadata now", self.found),
            ("of these unknown to TMDb, or deleted there", self.gone),
            ("requests that stayed unanswered", len(self.unanswered)),
            ("films in the store that TMDb says have changed", self.changed),
            ("films dropped, as TMDb's terms cap how long they may be kept", self.dropped),
            ("requests sent", self.asked),
            ("tries that failed", self.failures),
            ("pauses that TMDb asked for (429)", self.slowed),
            ("requests a second", round(self.asked / self.seconds, 1) if self.seconds else 0.0),
        ]
        return pd.DataFrame({"what": [what for what, _ in rows], "number": [f"{number:,}" for _, number in rows]})

    def failed_requests(self) -> pd.DataFrame:
        """The requests that stayed unanswered: `request`, `reason`; the next fetch asks them again."""
        return pd.DataFrame(self.unanswered, columns=["request", "reason"])


def fetch(
    dataset: Path,
    raw_dir: Path,
    *,
    rating_counts: Mapping[int, int] | pd.Series | None = None,
    limit: int | None = None,
    region: str = "US",
    max_age_days: int = MOST_DAYS,
    refresh: bool = True,
    rate: float = FULL_RATE,
) -> FetchReport:
    """Fetch what TMDb knows of the films in ``dataset/links.csv`` into ``raw_dir/tmdb/``, and write its tables.

    Films that are in the store are not asked for again, unless they are older than `max_age_days` or TMDb lists
    them as changed; without `refresh` they are not asked for at all, and the old ones are dropped. The most
    rated films come first where `rating_counts` says how many ratings each movieId has; `limit` takes only so
    many films from the start. `region` (an ISO 3166 code) is the one that ``providers.csv`` is about; `rate` is
    in requests a second. Without a token in the environment or in `.env` nothing is asked, and likewise for
    a data set that brings a metadata table of its own, and where there is a table but no store, so that the
    table was put there by hand: `FetchReport.message` says so.

    Raises CineMatchError for parameters that cannot be, a refused token, a store that another process fetches
    into, or a disk that is full; DownloadError when TMDb cannot be had. What came before stays in the store.
    """
    region = validate(limit, region, max_age_days)
    folder, reach = raw_dir / "tmdb", access()
    if (dataset / METADATA).is_file() and dataset != folder:
        return FetchReport(f"{dataset.name} brings its own table of facts ({METADATA}), so TMDb was not asked.")
    if not (folder / FILE).is_file():
        if (folder / METADATA).is_file():
            by_hand = f"{folder / METADATA} was put there by hand and is used as it is"
            return FetchReport(f"{by_hand}; to fetch from TMDb, move it away first.")
        if reach is None:
            return FetchReport(NO_TOKEN)
    wanted = _wanted(read_table(dataset / "links.csv", LINKS), rating_counts, limit)
    began = time.time()
    oldest = began - max_age_days * DAY
    with open_store(folder) as store:
        done = FetchReport(films=len(wanted))
        if reach is None:
            done.message = f"{NO_TOKEN}\n\nWhat was fetched before is used as far as it is not too old."
        else:
            _ask_for_what_is_missing(
                store, Client(reach, RateLimiter(rate)), wanted, oldest, max_age_days, refresh, done
            )
        done.seconds = time.time() - began
        done.dropped = store.drop_older(oldest)
        resolved = store.resolved(oldest)
        moved = export(store, region, resolved)
        _count(done, store, wanted, resolved)
    if reach is not None:
        done.message = f"{done.found:,} of {done.films:,} films have TMDb's metadata in {folder / METADATA}."
    if moved is not None:
        done.message += f" The table that lay there before was not fetched by this project and is kept as {moved.name}."
    return done


def validate(limit: int | None, region: str, max_age_days: int) -> str:
    """The region in capitals; raises CineMatchError for what cannot be asked of `fetch`."""
    if limit is not None and limit < 0:
        raise CineMatchError(f"tmdb_limit must be a number of films, or none for all of them, got {limit}")
    if not 0 <= max_age_days <= MOST_DAYS:
        raise CineMatchError(
            f"max_age_days must be between 0 and {MOST_DAYS}, as TMDb's terms let its data be kept for six months, "
            f"got {max_age_days}"
        )
    if not re.fullmatch(r"[A-Za-z]{2}", region):
        raise CineMatchError(f"region must be an ISO 3166 code of two letters such as US or DE, got {region!r}")
    return region.upper()


def _wanted(links: pd.DataFrame, rating_counts: Mapping[int, int] | pd.Series | None, limit: int | None) -> list[_Film]:
    """The films to have, each once, in the order in which to ask: (TMDb id, "") or (None, IMDb digits)."""
    films = pd.DataFrame({"tmdb": whole_numbers(links["tmdbId"]), "imdb": imdb_digits(links["imdbId"])})
    if rating_counts is not None:
        counts = whole_numbers(links["movieId"]).map(dict(rating_counts)).fillna(0)
        films = films.loc[(-counts.astype("float64")).argsort(kind="stable").to_numpy()]
    rows = zip(films["tmdb"].astype("object"), films["imdb"], strict=True)
    named = [(None, imdb) if pd.isna(tmdb) else (int(tmdb), "") for tmdb, imdb in rows]
    return list(dict.fromkeys(film for film in named if film != (None, "")))[:limit]


def _ask_for_what_is_missing(
    store: Store,
    client: Client,
    wanted: list[_Film],
    oldest: float,
    max_age_days: int,
    refresh: bool,
    done: FetchReport,
) -> None:
    try:
        if refresh or store.checked_until() is None:
            try:
                done.changed = mark_changed(store, client, max_age_days)
            except RequestFailedError as error:
                done.unanswered.append(("movie/changes", str(error)))
        known = store.fresh_films(oldest) if refresh else store.films()
        tasks = _missing(wanted, known, store.resolved(oldest if refresh else 0))
        _Run(store, client, known, done).ask(tasks)
    finally:
        client.limiter.close()
        client.close()
        done.asked, done.failures, done.slowed = client.limiter.passed, client.failures, client.limiter.slowed


def _missing(wanted: list[_Film], known: set[int], resolved: Mapping[str, int | None]) -> list[_Film]:
    """What is still to be asked; a film known by its IMDb id alone comes with its TMDb id once that is known."""
    tasks = []
    for tmdb_id, imdb_id in wanted:
        if tmdb_id is None and imdb_id in resolved:
            tmdb_id, imdb_id = resolved[imdb_id], ""
            if tmdb_id is None:
                continue
        if tmdb_id is None or tmdb_id not in known:
            tasks.append((tmdb_id, imdb_id))
    return list(dict.fromkeys(tasks))


def _count(done: FetchReport, store: Store, wanted: list[_Film], resolved: Mapping[str, int | None]) -> None:
    there, gone = store.films(), store.gone()
    for tmdb_id, imdb_id in wanted:
        if tmdb_id is None and resolved.get(imdb_id, 0) is None:
            done.gone += 1
            continue
        found = resolved.get(imdb_id) if tmdb_id is None else tmdb_id
        done.gone += found in gone
        done.found += found in there and found not in gone


class _Run:
    """One fetch under way: threads that take films from one list until it is empty or something ends it."""

    def __init__(self, store: Store, client: Client, known: set[int], done: FetchReport) -> None:
        self._store, self._client, self._limiter, self._done = store, client, client.limiter, done
        self._claimed = set(known)
        self._turn = threading.Lock()
        self._answered = self._working = 0
        self._all_ended = threading.Event()
        self._stopped_by: BaseException | None = None

    def ask(self, tasks: list[_Film]) -> None:
        """Ask for all `tasks`. Raises what ended it early."""
        self._tasks = iter(tasks)
        self._claimed |= {tmdb_id for tmdb_id, _ in tasks if tmdb_id is not None}
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(min(THREADS, len(tasks)))]
        self._working = len(threads)
        with tqdm(total=len(tasks), desc="TMDb", unit=" films", mininterval=1, disable=not tasks) as bar:
            try:
                for thread in threads:
                    thread.start()
                # Not join: an interrupted one takes a thread for ended that is not.
                while threads and not self._all_ended.wait(0.1):
                    self._show(bar)
                self._show(bar)
            finally:
                self._limiter.close()
                if threads:
                    self._all_ended.wait(_FAREWELL)
        if isinstance(self._stopped_by, CineMatchError):
            raise type(self._stopped_by)(str(self._stopped_by))  # anew, so that its traceback ends here
        if self._stopped_by is not None:
            raise self._stopped_by

    def _work(self) -> None:
        try:
            while (task := self._next()) is not None:
                self._fetch(*task)
                with self._turn:
                    self._answered += 1
        except ClosedError:
            pass
        except BaseException as error:
            with self._turn:
                self._stopped_by = self._stopped_by or error
            self._limiter.close()
        finally:
            self._client.close()
            with self._turn:
                self._working -= 1
                if self._working == 0:
                    self._all_ended.set()

    def _show(self, bar: tqdm) -> None:
        bar.set_postfix(errors=self._client.failures, refresh=False)
        bar.update(self._answered - bar.n)

    def _next(self) -> _Film | None:
        with self._turn:
            return next(self._tasks, None)

    def _fetch(self, tmdb_id: int | None, imdb_id: str) -> None:
        """One film: its TMDb id where only the IMDb id is known, then what TMDb knows of it."""
        request, asked_at = f"find/tt{imdb_id}", time.time()
        try:
            if tmdb_id is None:
                tmdb_id = self._client.find(imdb_id)
                self._store.save_imdb(imdb_id, tmdb_id, asked_at)
                if tmdb_id is None or not self._is_mine(tmdb_id):
                    return
            request, asked_at = f"movie/{tmdb_id}", time.time()
            answer = self._client.movie(tmdb_id)
            self._store.save_film(tmdb_id, None if answer is None else trim_response(answer), asked_at)
        except RequestFailedError as error:
            self._store.save_failure(request, str(error), asked_at)
            with self._turn:
                self._done.unanswered.append((request, str(error)))

    def _is_mine(self, tmdb_id: int) -> bool:
        """Whether nobody else asks for this film, which was found by its IMDb id."""
        with self._turn:
            new = tmdb_id not in self._claimed
            self._claimed.add(tmdb_id)
            return new

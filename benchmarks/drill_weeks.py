"""The weeks of ``make drill``: how MovieLens, TMDb and the users of the server change, and how each refresh ends."""

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import requests
from support import http_files, tmdb_server
from support.movielens_files import md5, zipped

NAME, PORT, KEEP = "ml-latest-small", 8767, 4
URL = f"http://127.0.0.1:{PORT}"
COMMAND = str(Path(sys.executable).with_name("cinematch"))
Files = dict[str, bytes]


@dataclass
class World:
    """The servers and the project; `files` are the data set as MovieLens has it now."""

    folder: Path
    movielens: http_files.FileServer
    tmdb: tmdb_server.Tmdb
    files: Files
    log: list[str] = field(default_factory=list)

    @property
    def artifacts(self) -> Path:
        """The folder of the runs."""
        return self.folder / "artifacts"

    def publish(self, files: Files | None = None, *, checksum: str | None = None) -> None:
        """Let MovieLens offer these files, by default its own, with the checksum of the zip or another."""
        body = zipped(files or self.files)
        self.movielens.serve(f"/{NAME}.zip", body)
        self.movielens.serve(f"/{NAME}.zip.md5", f"{checksum or md5(body)}  {NAME}.zip\n".encode())

    def add_films(self, number: int, tag: str) -> None:
        """New films, with ratings by people who are there."""
        rows = [f"{8_000_000 + len(self.log) * 1000 + at},{tag} {at} (2016),Drama|Crime" for at in range(number)]
        ids = [row.split(",")[0] for row in rows]
        self.files["movies.csv"] += "".join(f"{row}\r\n" for row in rows).encode()
        self.files["links.csv"] += "".join(f"{one},,{one}\r\n" for one in ids).encode()
        self.files["ratings.csv"] += "".join(
            f"{1 + at},{one},4.5,1400000000\r\n" for at, one in enumerate(ids)
        ).encode()

    def movie_ids(self) -> list[int]:
        """The ids of MovieLens's films."""
        return [int(row.split(b",")[0]) for row in self.files["movies.csv"].splitlines()[1:] if row[:1].isdigit()]

    def refresh(self, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """``cinematch refresh``, to its end."""
        command = [*before, COMMAND, "refresh", "--keep", str(KEEP), *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True)


def nothing(world: World) -> None:
    """Nothing changed."""


def new_films(world: World) -> None:
    """MovieLens has ten more films."""
    world.add_films(10, "New")
    world.publish()


def broken_download(world: World) -> None:
    """The zip is not the one whose checksum is published."""
    world.add_films(5, "Broken")
    world.publish(checksum="0" * 32)


def mended(world: World) -> None:
    """MovieLens's own files again."""
    world.publish()


def poisoned(world: World) -> None:
    """The films of all ratings are exchanged at random."""
    head, *rows = world.files["ratings.csv"].decode().split()
    cells = [row.split(",") for row in rows]
    films = [row[1] for row in cells]
    random.Random(0).shuffle(films)
    unique = {(row[0], film): row for row, film in zip(cells, films, strict=True)}
    lines = [f"{user},{film},{','.join(row[2:])}" for (user, film), row in unique.items()]
    world.publish(world.files | {"ratings.csv": "\r\n".join([head, *lines, ""]).encode()})


def changed_texts(world: World) -> None:
    """TMDb tells another story of thirty films; MovieLens's own files again."""
    for tmdb_id in list(range(1, 60, 2)):
        world.tmdb.films[tmdb_id] = tmdb_server.film(tmdb_id, overview="A robot steals a harbour.")
        world.tmdb.changes.append((datetime.now(UTC).date(), tmdb_id))
    world.publish()


def another_schema(world: World) -> None:
    """movies.csv has other columns."""
    movies = world.files["movies.csv"].replace(b"movieId,title,genres", b"number,film,kinds")
    world.publish(world.files | {"movies.csv": movies})


def shrunk(world: World) -> None:
    """A fifth of the films is gone."""
    head, *rows = world.files["movies.csv"].splitlines(keepends=True)
    world.publish(world.files | {"movies.csv": b"".join([head, *rows[: len(rows) * 4 // 5]])})


def opinions(world: World) -> None:
    """Forty users of the server like, rate and watch films."""
    draw = random.Random(1)
    for user in range(40):
        for movie_id in draw.sample(world.movie_ids(), 12):
            _say(f"drill/{user}", movie_id, draw.choice(["like", "seen", "rating"]))


def alike(world: World) -> None:
    """Twenty users say the same of twenty little-known films."""
    for user in range(20):
        for movie_id in world.movie_ids()[-20:]:
            _say(f"alike/{user}", movie_id, "rating", 5)


def forgotten(_: World) -> None:
    """All of them have their data deleted."""
    for user in (*(f"drill/{at}" for at in range(40)), *(f"alike/{at}" for at in range(20))):
        requests.delete(f"{URL}/api/users/{user}/data", timeout=30).raise_for_status()


def _say(user: str, movie_id: int, feedback: str, stars: float = 4) -> None:
    body = {"movie_id": movie_id, "feedback": feedback} | ({"rating": stars} if feedback == "rating" else {})
    requests.post(f"{URL}/api/feedback/{user}", json=body, timeout=30).raise_for_status()


@dataclass(frozen=True)
class Week:
    """What changes, and how the refresh must end: its exit code, its result, and a part of the reason."""

    change: Callable[[World], None]
    code: int
    result: str
    reason: str = ""


WEEKS = (
    Week(nothing, 0, "nothing due"),
    Week(new_films, 0, "promoted"),
    Week(broken_download, 1, "failed", "has the MD5"),
    Week(mended, 0, "promoted"),
    Week(poisoned, 3, "held back", "nDCG@10 fell"),
    Week(nothing, 3, "held back", "nDCG@10 fell"),
    Week(changed_texts, 0, "promoted"),
    Week(another_schema, 1, "failed", "movies.csv"),
    Week(shrunk, 3, "held back", "the catalog shrank"),
    Week(mended, 0, "nothing due"),
    Week(opinions, 0, "promoted"),
    Week(alike, 0, "promoted"),
    Week(forgotten, 0, "promoted"),
)

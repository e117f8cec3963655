"""Three months of refreshes in minutes, under a server that is asked all the time: ``make drill``.

MovieLens and TMDb are servers on loopback that change week by week: new films and ratings, changed texts, a broken
download, ratings that teach nothing, another schema, a catalog that shrank, opinions to learn from and their deletion,
a full disk, a kill. Each week ends as foretold, and no request fails; else the exit code is 1.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import psutil
import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the servers, and the small data set, are those of the tests

from support import http_files, tmdb_server  # noqa: E402
from support.small_disk import can_mount_a_small_disk  # noqa: E402
from support.small_projects import DATASET, lay_raw  # noqa: E402

from benchmarks.drill_weeks import COMMAND, KEEP, NAME, PORT, URL, WEEKS, Week, World  # noqa: E402
from cinematch_lib.artifacts.refresh_record import read_refresh  # noqa: E402
from cinematch_lib.artifacts.runs import current_run_id, list_runs, use_run  # noqa: E402

LIGHT = {
    "regularization": 60, "dropout": 0.3, "session_weight": 0.7, "year_weight": 2, "feature_weight": 1,
    "content_weight": 0.35, "folds": 1, "test_users": 40, "models": "[popular, hybrid]", "tune": "false",
    "extra_analyses": "[]", "services": "none",
}  # fmt: skip


def main() -> int:
    """Play all weeks; returns the exit code."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cinematch-drill-")))
        world = stack.enter_context(_world(folder))
        server, clients = stack.enter_context(_served(world))
        problems: list[str] = []
        for number, week in enumerate(WEEKS, start=1):
            problems += _play(number, week, world)
        problems += _killed(world)
        problems += _full_disk(world)
        problems += _bounded(world, server)
        problems += clients.problems()
        print(clients.summary())
    print("\n".join(f"PROBLEM: {one}" for one in problems) or "Every week ended as it must.")
    return 1 if problems else 0


@contextmanager
def _world(folder: Path) -> Iterator[World]:
    """The servers, and a project with its first run."""
    with http_files.running() as movielens, tmdb_server.running() as tmdb:
        source = lay_raw(folder / "source", users=150)
        files = {name: (source / name).read_bytes() for name in ("movies.csv", "ratings.csv")}
        ids = [row.split(b",")[0] for row in files["movies.csv"].splitlines()[1:] if row.split(b",")[0].isdigit()]
        links = b"".join(b"%s,,%s\r\n" % (one, one) for one in dict.fromkeys(ids))
        files["links.csv"] = b"movieId,imdbId,tmdbId\r\n" + links
        world = World(folder, movielens, tmdb, files)
        world.publish()
        os.environ |= {"MOVIELENS_URL": movielens.url, "TMDB_API_URL": tmdb.url, "TMDB_BEARER_TOKEN": tmdb_server.TOKEN}
        light = [str(word) for name, value in LIGHT.items() for word in ("-p", name, value)]
        began = time.perf_counter()
        subprocess.run([COMMAND, "run", "--dataset", NAME, *light], cwd=folder, check=True, capture_output=True)
        print(f"first run of {len(ids)} films ({DATASET}): {time.perf_counter() - began:.0f} s", flush=True)
        world.refresh()  # learns which release is there
        yield world


class Clients(threading.Thread):
    """Asks the server all the time, and counts what fails."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seconds: list[float] = []
        self.failures: list[str] = []
        self.ending = threading.Event()

    def run(self) -> None:
        """Send requests until `ending` is set."""
        session = requests.Session()
        while not self.ending.wait(0.02):
            for method, path, body in (
                ("POST", "/api/recommendations", {"liked_movie_ids": [1], "limit": 20}),
                ("GET", "/api/search?q=toy story", None),
                ("GET", "/health", None),
            ):
                began = time.perf_counter()
                try:
                    answer = session.request(method, URL + path, json=body, timeout=30)
                    if answer.status_code != 200:
                        self.failures.append(f"{path}: {answer.status_code}")
                except requests.RequestException as error:
                    self.failures.append(f"{path}: {error}")
                self.seconds.append(time.perf_counter() - began)

    def problems(self) -> list[str]:
        """The requests that failed."""
        return [f"a request failed: {one}" for one in self.failures[:5]]

    def summary(self) -> str:
        """The number of requests, and how long they took."""
        low, high = np.quantile(self.seconds, [0.5, 0.99])
        count = f"{len(self.seconds):,} requests, {len(self.failures)} failed"
        return f"{count}; median {1000 * low:.0f} ms, p99 {1000 * high:.0f} ms"


@contextmanager
def _served(world: World) -> Iterator[tuple[psutil.Process, Clients]]:
    command = [COMMAND, "serve", "--port", str(PORT), "--log-level", "error", "--learn-from-feedback"]
    process = subprocess.Popen(command, cwd=world.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clients = Clients()
    try:
        for _ in range(300):
            try:
                requests.get(f"{URL}/health", timeout=1)
                break
            except requests.RequestException:
                time.sleep(0.1)
        clients.start()
        yield psutil.Process(process.pid), clients
    finally:
        clients.ending.set()
        process.terminate()
        process.wait(30)


def _play(number: int, week: Week, world: World) -> list[str]:
    week.change(world)
    world.log.append(week.change.__name__)
    before, began = current_run_id(world.artifacts), time.perf_counter()
    done = world.refresh()
    record = read_refresh(world.artifacts)
    promoted = current_run_id(world.artifacts) != before
    result, reasons = (record.result, "; ".join(record.reasons)) if record else ("no record", "")
    print(
        f"week {number:2}, {week.change.__name__}: {result} ({time.perf_counter() - began:.0f} s) {reasons[:120]}",
        flush=True,
    )
    expected = (week.code, week.result, week.result == "promoted")
    problems = []
    if (done.returncode, result, promoted) != expected:
        problems.append(
            f"week {number} ended with {(done.returncode, result, promoted)}, not {expected}: {done.stderr[-500:]}"
        )
    if week.reason not in reasons or week.reason not in done.stderr:
        problems.append(f"week {number} gives the reason {reasons!r}, without {week.reason!r}")
    health = requests.get(f"{URL}/health", timeout=30).json()
    if (health["refresh"] or {}).get("result") != result:
        problems.append(f"week {number}: /health tells {health['refresh']}")
    return problems


def _killed(world: World) -> list[str]:
    """A refresh is killed in the middle; the next one is told so and makes the run."""
    world.add_films(5, "Late")
    world.publish()
    before = current_run_id(world.artifacts)
    process = subprocess.Popen([COMMAND, "refresh"], cwd=world.folder, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"[3/5] features"):
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    untouched = current_run_id(world.artifacts) == before
    done = world.refresh()
    print(f"killed, then again: {read_refresh(world.artifacts).result}", flush=True)  # type: ignore[union-attr]
    ok = untouched and done.returncode == 0 and "was stopped; this one starts anew" in done.stdout
    return [] if ok and current_run_id(world.artifacts) != before else [f"after a kill: {done}"]


def _full_disk(world: World) -> list[str]:
    """The disk of the catalog is full; afterwards there is room again, and the run is made."""
    if not can_mount_a_small_disk():
        print("a full disk: not played, since no small disk can be mounted here")
        return []
    world.add_films(5, "Full")
    world.publish()
    before = current_run_id(world.artifacts)
    mount = f'mount -t tmpfs -o size=64k tmpfs {world.folder / "data"} && exec "$@"'
    done = world.refresh(before=("unshare", "--mount", "--map-root-user", "sh", "-c", mount, "sh"))
    told = read_refresh(world.artifacts)
    print(f"a full disk: {told.result}, {'; '.join(told.reasons)[:100]}", flush=True)  # type: ignore[union-attr]
    problems = [] if done.returncode == 1 and current_run_id(world.artifacts) == before else [f"a full disk: {done}"]
    again = world.refresh()
    return problems if again.returncode == 0 else [*problems, f"after a full disk: {again}"]


def _bounded(world: World, server: psutil.Process) -> list[str]:
    """The number of runs and the memory of the server stay bounded, and there is a way back."""
    runs = list_runs(world.artifacts)
    problems = [] if len(runs) <= KEEP else [f"{len(runs)} runs are left of {KEEP} to keep"]
    if left := [path.name for path in (world.artifacts / "runs").glob(".*")]:
        problems.append(f"left in runs: {left}")
    first = server.memory_info().rss / 1e6
    for _ in range(3):
        for info in runs:
            use_run(world.artifacts, info.run_id)
            time.sleep(1.5)
    last = server.memory_info().rss / 1e6
    print(f"{len(runs)} runs are left; the server holds {first:.0f} MB, and {last:.0f} MB after {3 * len(runs)} swaps")
    return problems if last < 1.5 * first else [*problems, f"the server grew from {first:.0f} to {last:.0f} MB"]


if __name__ == "__main__":
    sys.exit(main())

"""A minute of mixed load while the current run changes every five seconds, then SIGTERM: ``make soak``.

Clients read and write; at the end, every acknowledged write must be in the store.
It uses two runs of the embedded sample, or those of ``--artifacts-dir``, whose current run is restored at the end.
"""

import argparse
import collections
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median, quantiles

import psutil
import requests

from benchmarks.cases import clean, features
from cinematch_lib.artifacts.runs import current_run_id, list_runs, use_run
from cinematch_lib.data import fetch

PORT = 8766
URL = f"http://127.0.0.1:{PORT}"
COMMAND = Path(sys.executable).with_name("cinematch")
CLIENTS, SWAP_EVERY = 8, 5.0
_WARM_UP = 5.0  # seconds
QUERIES = ("heat", "toy story", "the godfathr", "qzx", "night of")


class Client(threading.Thread):
    """Reads and writes at random until the server is gone; records the acknowledged writes."""

    def __init__(self, at: int, movie_ids: list[int]) -> None:
        super().__init__(daemon=True)
        self.user_id = f"soak/{at}"
        self.listed: dict[int, bool] = {}  # movie id: watched
        self.feedback: dict[int, str] = {}
        self.statuses: collections.Counter[int] = collections.Counter()
        self.took: list[tuple[float, float]] = []  # when each answer came, and the seconds that it took
        self.aborted, self.short = 0, 0
        self.ending = threading.Event()
        self.unsure: set[int] = set()  # films of requests without a response
        self._random, self._movie_ids = random.Random(at), movie_ids
        self._session = requests.Session()

    def run(self) -> None:
        """Send requests until a connection is refused after `ending` was set."""
        actions = (self._recommend,) * 6 + (
            self._search,
            self._similar,
            self._add,
            self._mark,
            self._remove,
            self._rate,
        )
        while True:
            try:
                self._random.choice(actions)(self._random.choice(self._movie_ids))
            except requests.ConnectionError:
                if self.ending.is_set():
                    return
                self.aborted += 1

    def _ask(self, method: str, path: str, **options: object) -> requests.Response:
        began = time.perf_counter()
        answer = self._session.request(method, f"{URL}/api/{path}", timeout=30, **options)
        self.took.append((time.monotonic(), time.perf_counter() - began))
        self.statuses[answer.status_code] += 1
        return answer

    def _recommend(self, movie_id: int) -> None:
        body = {"user_id": self.user_id, "liked_movie_ids": [movie_id], "preferred_genres": ["Drama", "Comedy"]}
        answer = self._ask("POST", "recommendations", json=body)
        if answer.status_code == 200 and answer.json()["count"] != 20:
            self.short += 1

    def _search(self, movie_id: int) -> None:
        self._ask("GET", "search", params={"q": self._random.choice(QUERIES)})

    def _similar(self, movie_id: int) -> None:
        self._ask("GET", f"movies/{movie_id}/similar")

    def _write(self, movie_id: int, method: str, path: str, **options: object) -> bool:
        self.unsure.add(movie_id)
        done = self._ask(method, path, **options).status_code == 200
        self.unsure.discard(movie_id)
        return done

    def _add(self, movie_id: int) -> None:
        if self._write(movie_id, "POST", f"watchlist/{self.user_id}", json={"movie_id": movie_id}):
            self.listed.setdefault(movie_id, False)

    def _mark(self, movie_id: int) -> None:
        movie_id = self._random.choice([*self.listed, movie_id])
        if self._write(movie_id, "PUT", f"watchlist/{self.user_id}/{movie_id}/watched"):
            self.listed[movie_id] = True

    def _remove(self, movie_id: int) -> None:
        movie_id = self._random.choice([*self.listed, movie_id])
        if self._write(movie_id, "DELETE", f"watchlist/{self.user_id}/{movie_id}"):
            del self.listed[movie_id]

    def _rate(self, movie_id: int) -> None:
        kind = self._random.choice(("like", "dislike", "not_interested"))
        body = {"movie_id": movie_id, "feedback": kind}
        if self._write(movie_id, "POST", f"feedback/{self.user_id}", json=body):
            self.feedback[movie_id] = kind

    def lost(self, data: dict) -> int:
        """The number of acknowledged writes that are missing in a user's exported data."""
        listed = {film["movie_id"]: film["watched"] for film in data["watchlist"]}
        feedback = {one["movie_id"]: one["feedback"] for one in data["feedback"]}
        pairs = ((self.listed, listed), (self.feedback, feedback))
        return sum(
            wanted.get(one) != found.get(one)
            for wanted, found in pairs
            for one in (wanted.keys() | found.keys()) - self.unsure
        )


def main() -> None:
    """Run and print; the exit code is 1 if anything was lost or failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts-dir", type=Path, help="use the runs that are there; at least two")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=1, help="processes of the server (1)")
    parser.add_argument(
        "--refresh",
        type=Path,
        metavar="DIR",
        help="measure instead how a refresh of the project in DIR (raw, data, artifacts) slows the server of its runs",
    )
    options = parser.parse_args()
    if options.refresh:
        with tempfile.TemporaryDirectory() as folder:
            sys.exit(_beside_a_refresh(options.refresh, Path(folder), options.seconds, options.workers))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        artifacts = options.artifacts_dir or two_runs(work)
        before = current_run_id(artifacts)
        try:
            sys.exit(_soak(artifacts, work, options.seconds, options.workers))
        finally:
            use_run(artifacts, before)


def _beside_a_refresh(project: Path, work: Path, seconds: float, workers: int) -> int:
    """Answer clients for some seconds, and then while a refresh that has everything to do is at work.

    No request may fail, and p99 beside the refresh may be at most twice p99 before it.
    """
    artifacts = project / "artifacts"
    server = _start(artifacts, work, workers)
    clients = _clients()
    try:
        time.sleep(_WARM_UP)
        began = time.monotonic()
        time.sleep(seconds)
        between = time.monotonic()
        refresh = [COMMAND, "refresh", "-p", "prior_weight", f"{random.uniform(1.1, 1.3):.4f}"]
        done = subprocess.run(refresh, cwd=project, capture_output=True, text=True)
        ended = time.monotonic()
    finally:
        for client in clients:
            client.ending.set()
        server.terminate()
        server.wait(60)
    took = [one for client in clients for one in client.took]
    quiet, beside = (
        [each for at, each in took if low < at < high] for low, high in ((began, between), (between, ended))
    )
    p99 = [1e3 * quantiles(part, n=100)[98] for part in (quiet, beside)]
    failed = sum(count for client in clients for status, count in client.statuses.items() if status >= 500)
    aborted = sum(client.aborted for client in clients)
    print(
        f"\n{CLIENTS} clients, {os.cpu_count()} cores; refresh: exit code {done.returncode}, {ended - between:.0f} s\n"
    )
    print("| | requests | p50, ms | p99, ms |\n|---|---|---|---|")
    for name, part, high in (("before", quiet, p99[0]), ("beside a refresh", beside, p99[1])):
        print(f"| {name} | {len(part):,} | {1e3 * median(part):.1f} | {high:.1f} |")
    print(f"\np99 × {p99[1] / p99[0]:.2f}; {failed} 5xx, {aborted} connections aborted\n{done.stderr}")
    return 1 if failed or aborted or done.returncode not in (0, 3) or p99[1] > 2 * p99[0] else 0


def two_runs(work: Path) -> Path:
    """An artifacts folder with two runs of the sample."""
    folder = fetch("sample", work / "raw")
    for _ in range(2):
        clean(folder, None, work)
        features(folder, None, work)
    return work / "artifacts"


def _start(artifacts: Path, work: Path, workers: int) -> subprocess.Popen:
    command = [COMMAND, "serve", "--artifacts-dir", artifacts, "--state-dir", work / "state", "--port", str(PORT)]
    with (work / "log").open("a") as log:
        server = subprocess.Popen([*command, "--workers", str(workers)], stderr=log)
    while server.poll() is None:
        try:
            requests.get(f"{URL}/health", timeout=30)
            return server
        except requests.ConnectionError:
            time.sleep(0.05)
    raise SystemExit((work / "log").read_text())


def _clients() -> list[Client]:
    """Clients that send requests about well-known films."""
    best = requests.post(f"{URL}/api/recommendations", json={"limit": 100}, timeout=30).json()["recommendations"]
    clients = [Client(at, [film["movie_id"] for film in best]) for at in range(CLIENTS)]
    for client in clients:
        client.start()
    return clients


def _soak(artifacts: Path, work: Path, seconds: float, workers: int) -> int:
    runs = [info.run_id for info in list_runs(artifacts) if "item_features.npz" in info.files][-2:]
    server = _start(artifacts, work, workers)
    process, most = psutil.Process(server.pid), 0
    clients, began, swaps = _clients(), time.monotonic(), 0
    for run_id in itertools.cycle(runs):
        use_run(artifacts, run_id)
        swaps += 1
        for _ in range(10):
            time.sleep(SWAP_EVERY / 10)
            most = max(most, sum(one.memory_info().rss for one in (process, *process.children())))
        if time.monotonic() - began >= seconds:
            break
    for client in clients:
        client.ending.set()
    server.send_signal(signal.SIGTERM)
    code = server.wait(60)
    for client in clients:
        client.join(60)
    again = _start(artifacts, work, workers)
    try:
        data = (requests.get(f"{URL}/api/users/{client.user_id}/data", timeout=30).json() for client in clients)
        lost = sum(client.lost(of) for client, of in zip(clients, data, strict=True))
    finally:
        again.terminate()
        again.wait(60)
    statuses = sum((client.statuses for client in clients), collections.Counter())
    events = [json.loads(line) for line in (work / "log").read_text().splitlines()]
    failed = sum(count for status, count in statuses.items() if status >= 500)
    aborted = sum(client.aborted for client in clients)
    short = sum(client.short for client in clients)
    print(f"\n{seconds:.0f} s, {CLIENTS} clients, {os.cpu_count()} cores\n\n| measure | value |\n|---|---|")
    print(
        f"| responses by status | {', '.join(f'{status}: {count:,}' for status, count in sorted(statuses.items()))} |"
    )
    print(f"| current run changed, swaps in the log | {swaps}, {sum(e['event'] == 'run swapped' for e in events)} |")
    print(f"| slowest response | {1e3 * max(took for client in clients for _, took in client.took):.0f} ms |")
    writes = sum(len(client.listed) + len(client.feedback) for client in clients)
    print(f"| acknowledged writes, lost | {writes}, {lost} |")
    print(f"| 5xx, connections aborted before the end, short lists | {failed}, {aborted}, {short} |")
    print(f"| exit code after SIGTERM | {code} |")
    print(f"| peak memory | {most / 1e6:.0f} MB |")
    if failed:
        print("\n".join(["", *(json.dumps(event) for event in events if event.get("level") in ("error", "critical"))]))
    return 1 if lost or failed or aborted or short or code else 0


if __name__ == "__main__":
    main()

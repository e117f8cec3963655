"""A drill: an experiment runs on two workers, and the server is killed every two seconds for a minute.

At the end every acknowledged event must be in the log once, and every user must have had one arm. ``--seconds`` sets
how long it takes.
"""

import argparse
import contextlib
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import requests

from benchmarks.soak import COMMAND, two_runs
from cinematch_lib.artifacts.runs import list_runs

PORT, WORKERS, CLIENTS, USERS, KILL_EVERY = 8767, 2, 6, 60, 2.0
URL = f"http://127.0.0.1:{PORT}"


class Client(threading.Thread):
    """Asks for lists and reports events for its users, one after the other, until `ending` is set."""

    def __init__(self, at: int) -> None:
        super().__init__(daemon=True)
        self._users = [f"user {one}" for one in range(at, USERS, CLIENTS)]
        self.acknowledged: list[str] = []
        self.arms: dict[str, set[str]] = {}
        self.lists = self.failed = 0
        self.ending = threading.Event()

    def run(self) -> None:
        """Send requests; those that a kill cuts off are passed over."""
        while not self.ending.is_set():
            for user in self._users:
                try:
                    self._visit(user)
                except (requests.RequestException, ValueError):
                    self.failed += 1
                    time.sleep(0.05)

    def _visit(self, user: str) -> None:
        answer = requests.post(f"{URL}/api/recommendations", json={"user_id": user, "limit": 5}, timeout=10).json()
        self.lists += 1
        self.arms.setdefault(user, set()).add(answer["run_id"])
        film = answer["recommendations"][0]["movie_id"]
        ids = [secrets.token_hex(8) for _ in range(2)]
        events = [
            {"event_id": ids[0], "list_id": answer["list_id"], "type": "seen"},
            {"event_id": ids[1], "list_id": answer["list_id"], "type": "click", "movie_id": film},
        ]
        if requests.post(f"{URL}/api/events", json={"events": events}, timeout=10).status_code == 200:
            self.acknowledged += ids


def main() -> None:
    """Drill and print; the exit code is 1 if an event was lost or doubled, or a user had two arms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        artifacts = two_runs(work)
        runs = [info.run_id for info in list_runs(artifacts)][-2:]
        words = ["experiment", "start", "drill", "--artifacts-dir", artifacts]
        subprocess.run([COMMAND, *words, "--arm", f"a={runs[0]}", "--arm", f"b={runs[1]}"], check=True)
        sys.exit(_drill(artifacts, work, seconds))


def start_server(artifacts: Path, work: Path) -> subprocess.Popen:
    """A server of the artifacts with two workers that answers; its log is the file ``log`` in `work`."""
    command = [COMMAND, "serve", "--artifacts-dir", artifacts, "--port", str(PORT), "--workers", str(WORKERS)]
    with (work / "log").open("a") as log:
        server = subprocess.Popen(command, stderr=log)
    while server.poll() is None:
        try:
            requests.get(f"{URL}/health", timeout=10)
            return server
        except requests.RequestException:
            time.sleep(0.05)
    raise SystemExit((work / "log").read_text())


def _kill(server: subprocess.Popen) -> None:
    """End all processes of the server at once."""
    for one in [*psutil.Process(server.pid).children(recursive=True), server]:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    server.wait()


def _drill(artifacts: Path, work: Path, seconds: float) -> int:
    server, kills = start_server(artifacts, work), 0
    clients = [Client(at) for at in range(CLIENTS)]
    for client in clients:
        client.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(KILL_EVERY)
        _kill(server)
        kills += 1
        server = start_server(artifacts, work)
    for client in clients:
        client.ending.set()
    for client in clients:
        client.join(60)
    server.terminate()
    server.wait(60)
    return _report(work / "state" / "cinematch.sqlite", clients, kills)


def _report(path: Path, clients: list[Client], kills: int) -> int:
    with sqlite3.connect(path) as database:
        counts = dict(database.execute("SELECT event_id, count(*) FROM list_events GROUP BY event_id"))
        orphans = database.execute(
            "SELECT count(*) FROM list_events WHERE list_id NOT IN (SELECT list_id FROM shown_lists)"
        ).fetchone()[0]
    acknowledged = [one for client in clients for one in client.acknowledged]
    lost = sum(one not in counts for one in acknowledged)
    doubled = sum(counts.get(one, 0) > 1 for one in acknowledged)
    arms = [runs for client in clients for runs in client.arms.values()]
    moved = sum(len(runs) > 1 for runs in arms)
    print("| measure | value |\n|---|---|")
    print(f"| kills of the server with {WORKERS} workers | {kills} |")
    print(
        f"| lists answered, requests cut off | {sum(c.lists for c in clients):,}, {sum(c.failed for c in clients):,} |"
    )
    print(f"| acknowledged events, lost, doubled | {len(acknowledged):,}, {lost}, {doubled} |")
    print(f"| users, of more than one arm | {len(arms)}, {moved} |")
    print(f"| events of lists that a kill lost, which count for no arm | {orphans:,} |")
    return 1 if lost or doubled or moved else 0


if __name__ == "__main__":
    main()

"""What the store costs in a SQLite file and in PostgreSQL: reads and acknowledged writes a second, and their latency.

``python -m benchmarks.state`` starts a PostgreSQL server of its own (the wheel `pgserver`).
"""

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pgserver

from cinematch_lib.serving.store import Store

SECONDS = 5
THREADS = (1, 8)


def main() -> None:
    """Print a table, one line a kind of request."""
    with tempfile.TemporaryDirectory(prefix="cinematch-state-") as folder:
        server = pgserver.get_server(Path(folder) / "postgres")
        places = {"SQLite": Path(folder) / "state", "PostgreSQL": server.get_uri()}
        for name, place in places.items():
            store = Store(place)
            for kind, act in {"read": read, "write": write}.items():
                for n_threads in THREADS:
                    rate, latency = measure(store, act, n_threads)
                    median, high = 1000 * np.quantile(latency, (0.5, 0.99))
                    print(f"{name:10} {kind:5} {n_threads} threads {rate:7,.0f}/s {median:6.2f} ms, p99 {high:6.2f} ms")
            store.close()
        server.cleanup()


def read(store: Store, user: str, at: int) -> None:
    """What a recommendation asks of the store."""
    store.feedback(user)
    store.watched(user)


def write(store: Store, user: str, at: int) -> None:
    """A like."""
    store.set_feedback(user, at % 500 + 1, "Heat", 1995, "like")


def measure(store: Store, act: Callable[[Store, str, int], None], n_threads: int) -> tuple[float, np.ndarray]:
    """Calls a second of `act` by `n_threads` users at once, and the latency of each, in s."""
    latencies: list[float] = []
    end = time.perf_counter() + SECONDS

    def work(user: str) -> None:
        at = 0
        while (began := time.perf_counter()) < end:
            act(store, user, at)
            latencies.append(time.perf_counter() - began)
            at += 1

    threads = [threading.Thread(target=work, args=[f"user {at}"]) for at in range(n_threads)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return len(latencies) / SECONDS, np.array(latencies)


if __name__ == "__main__":
    main()

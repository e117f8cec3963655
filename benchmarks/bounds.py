"""Measure what bounds the server: part of ``make bench-serve``.

Fresh requests against repeated ones with one worker and with two, the heaviest valid requests, silent connections, and
the memory of 100,000 mixed requests. Runs as `benchmarks.serve` makes them, or the current run of ``--artifacts-dir``.
"""

import argparse
import contextlib
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import requests

from benchmarks.serve import COMMAND, PORT, URL, big_run, run_load, wait_until_ready, write_loads
from cinematch_lib import Recommender

HEAVY, SILENT = 8, 1000
_MIXED_SCRIPT = """
local bodies, at = {}, 0
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local paths = {"/api/search?q=heat", "/api/movies?genre=drama&limit=50", "/api/genres", "/health", "/api/movies/0",
  "/api/search?q=the+godfathr", "/api/about", "/no/such/path"}
local wrong = 0
function request()
  at = at + 1
  if at %% 3 == 0 then return wrk.format("GET", paths[at / 3 %% #paths + 1]) end
  return wrk.format("POST", "/api/recommendations", {["Content-Type"] = "application/json"}, bodies[at %% #bodies + 1])
end
function done(summary) print('RESULT {"requests": ' .. summary.requests .. '}') end
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts-dir", type=Path, help="measure the current run there")
    parser.add_argument("--seconds", type=int, default=10, help="duration of each load (10)")
    parser.add_argument("--runs", type=int, default=5, help="number of loads of each kind, of which the median counts")
    parser.add_argument("--requests", type=int, default=100_000, help="number of mixed requests (100,000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        artifacts = (options.artifacts_dir or big_run(work)).resolve()
        write_loads(artifacts, work)
        (work / "mixed.lua").write_text(_MIXED_SCRIPT % (work / "all.jsonl"))
        for workers in (1, 2):
            with _server(artifacts, work, workers):
                _print_ratio(work, workers, options.seconds, options.runs)
        with _server(artifacts, work, 1) as process:
            _print_heavy(artifacts, process, options.seconds)
            _print_silent()
        with _server(artifacts, work, 1) as process:
            _print_memory(work, process, options.requests)


@contextlib.contextmanager
def _server(artifacts: Path, work: Path, workers: int) -> Iterator[psutil.Process]:
    command = [COMMAND, "serve", "--artifacts-dir", artifacts, "--state-dir", work / "state", "--port", str(PORT)]
    with (work / "log").open("w") as log, subprocess.Popen([*command, "--workers", str(workers)], stderr=log) as server:
        try:
            wait_until_ready(server)
            run_load(work, "likes", 3, 8)
            yield psutil.Process(server.pid)
        finally:
            server.terminate()


def _print_ratio(work: Path, workers: int, seconds: int, runs: int) -> None:
    pairs = [(run_load(work, "nothing", seconds, 8), run_load(work, "all", seconds, 8)) for _ in range(runs)]
    rates = [[one["requests"] / one["seconds"] for one in pair] for pair in pairs]
    same, fresh = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(new / old for old, new in rates)
    tail = statistics.median(new["p99"] / new["p50"] for _, new in pairs)
    print(
        f"{workers} worker(s): {same:,.0f} repeated and {fresh:,.0f} fresh requests a second, {ratio:.2f} of them; ",
        end="",
    )
    print(f"p99 is {tail:.1f} times the median ({statistics.median(new['p50'] for _, new in pairs):.1f} ms)")


def _health_times(times: int) -> list[float]:
    """Milliseconds of requests for /health, each over a connection of its own."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        requests.get(f"{URL}/health", timeout=60)
        took.append(1e3 * (time.perf_counter() - began))
        time.sleep(0.02)
    return took


def _print_heavy(artifacts: Path, process: psutil.Process, seconds: int) -> None:
    known = [one.movie_id for one in Recommender.load(artifacts).recommend(k=2000)]
    over, statuses, peak = threading.Event(), list[int](), 0.0

    def ask(at: int) -> None:
        rng = np.random.default_rng(at)  # other likes in each request, since responses are cached
        with requests.Session() as session:
            while not over.is_set():
                liked = rng.choice(known, 1000, replace=False).tolist()
                body = {"liked_movie_ids": liked, "limit": 100, "include_reasons": True}
                statuses.append(session.post(f"{URL}/api/recommendations", json=body, timeout=60).status_code)

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(HEAVY)]
    for thread in threads:
        thread.start()
    took, end = list[float](), time.monotonic() + seconds
    while time.monotonic() < end:
        took += _health_times(5)
        peak = max(peak, process.memory_info().rss / 1e6)
    over.set()
    for thread in threads:
        thread.join()
    counts = {one: statuses.count(one) for one in set(statuses)}
    print(f"{HEAVY} clients with 1,000 likes and reasons: {counts} in {seconds} s, {peak:.0f} MB; ", end="")
    print(f"/health meanwhile {statistics.median(took):.1f} ms, at most {max(took):.1f} ms")


def _print_silent() -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(SILENT):
            stack.enter_context(socket.create_connection(("127.0.0.1", PORT)))
        took = _health_times(50)
    print(f"{SILENT:,} silent connections: /health {statistics.median(took):.1f} ms, at most {max(took):.1f} ms")


def _print_memory(work: Path, process: psutil.Process, many: int) -> None:
    done, memory = 0, list[tuple[int, float]]()
    while done < many:
        done += int(run_load(work, "mixed", 5, 8)["requests"])
        memory.append((done, process.memory_info().rss / 1e6))
    first = next(one for one in memory if one[0] >= many / 10)
    print("mixed requests: " + ", ".join(f"{size:.0f} MB after {at:,}" for at, size in (first, memory[-1])))


if __name__ == "__main__":
    main()

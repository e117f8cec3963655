"""Measure the server over HTTP with wrk, from a second process: ``make bench-serve``.

With ``CINEMATCH_REAL_DATA``, the folder of ``ml-32m/`` and ``tmdb/``, it measures the MovieLens 32M catalog with TMDb's
metadata, else the embedded sample. ``--artifacts-dir`` measures an existing run.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import psutil

from benchmarks.cases import clean, features, rated
from cinematch_lib import Recommender
from cinematch_lib.data import fetch
from cinematch_lib.data.tmdb import find_metadata

PORT = 8765
URL = f"http://127.0.0.1:{PORT}"
COMMAND = Path(sys.executable).with_name("cinematch")
SEED, LIKED = 0, 10
LOADS = {
    "likes": (20_000, False),
    "all": (20_000, True),
    "nothing": (200, False),
}  # number of requests; whether filters vary
VARIED = {"likes": "liked films", "all": "liked films and filters", "nothing": "nothing: 200 requests in turn"}
FILTERS = {"preferred_genres": ["Drama", "Comedy"], "services": ["Netflix"], "runtime_min": 80, "runtime_max": 150}

# Responses with another status than 200 or with fewer than 20 films are counted.
_SCRIPT = """
local bodies, at = {}, 0
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local threads = {}
function setup(thread) threads[#threads + 1] = thread; thread:set("from", #threads * 997) end
function init() at, wrong, short = from, 0, 0 end
function request()
  at = at %% #bodies + 1
  return wrk.format("POST", "/api/recommendations", {["Content-Type"] = "application/json"}, bodies[at])
end
function response(status, headers, body)
  if status ~= 200 then wrong = wrong + 1 end
  if not body:find('"count":20,', 1, true) then short = short + 1 end
end
function done(summary, latency)
  local wrong, short = 0, 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("wrong"); short = short + thread:get("short") end
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format('RESULT {"requests": %%d, "seconds": %%f, "p50": %%f, "p99": %%f, "max": %%f, "wrong": %%d, '
    .. '"short": %%d, "errors": %%d}', summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, wrong, short, errors))
end
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts-dir", type=Path, help="measure the current run there")
    parser.add_argument("--seconds", type=int, default=10, help="duration of each load (10)")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("bench-serve needs wrk on the PATH (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as work:
        artifacts = options.artifacts_dir or big_run(Path(work))
        write_loads(artifacts, Path(work))
        _measure(artifacts.resolve(), Path(work), options.seconds)


def big_run(work: Path) -> Path:
    """The artifacts folder of a run of the largest data set at hand, with weights."""
    real = os.environ.get("CINEMATCH_REAL_DATA")
    raw, dataset = (Path(real), "ml-32m") if real else (work / "raw", "sample")
    folder, metadata = fetch(dataset, raw), find_metadata(raw, dataset)
    for make in (clean, features, rated):
        make(folder, metadata, work)
    return work / "rated"


def write_loads(artifacts: Path, work: Path) -> None:
    """The requests of each load, with liked films drawn from the 2,000 most recommended ones, and wrk's script."""
    recommender = Recommender.load(artifacts)
    known = [one.movie_id for one in recommender.recommend(k=min(2000, len(recommender)))]
    rng = np.random.default_rng(SEED)
    for name, (many, varied) in LOADS.items():
        lines = []
        for _ in range(many):
            liked = rng.choice(known, LIKED, replace=False).tolist()
            filters = FILTERS | (_other_filters(rng, recommender) if varied else {})
            lines.append(json.dumps({"user_id": "bench", "liked_movie_ids": liked, **filters}))
        (work / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
        (work / f"{name}.lua").write_text(_SCRIPT % (work / f"{name}.jsonl"))


def _other_filters(rng: np.random.Generator, recommender: Recommender) -> dict[str, object]:
    """Random genres and bounds, so that few requests are the same; some leave fewer than 20 films."""
    genres = rng.choice(recommender.genres, 2, replace=False).tolist()
    return {
        "preferred_genres": genres,
        "runtime_min": int(rng.integers(60, 90)),
        "runtime_max": int(rng.integers(130, 240)),
        "year_min": int(rng.integers(1920, 1990)),
    }


def _measure(artifacts: Path, work: Path, seconds: int) -> None:
    began = time.perf_counter()
    command = [COMMAND, "serve", "--artifacts-dir", artifacts, "--state-dir", work / "state", "--port", str(PORT)]
    took = {}
    with (work / "log").open("w") as log, subprocess.Popen(command, stderr=log) as server:
        try:
            films = wait_until_ready(server)
            ready = time.perf_counter() - began
            process = psutil.Process(server.pid)
            fresh = process.memory_info().rss / 1e6
            run_load(work, "likes", 3, 8)  # so that all loads measure a warm server
            for name in LOADS:
                for connections in (1, 8):
                    before = process.cpu_times()
                    one = took[name, connections] = run_load(work, name, seconds, connections)
                    after = process.cpu_times()
                    one["cpu"] = (after.user + after.system - before.user - before.system) / one["requests"]
            loaded = process.memory_info().rss / 1e6
        finally:
            server.terminate()
    machine = f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB"
    print(f"\n{films:,} films, with ratings; {machine}, Python {platform.python_version()}.")
    print(f"Ready after {ready:.2f} s. Memory {fresh:.0f} MB at start, {loaded:.0f} MB after the loads.")
    print(f"Each request: 20 explained recommendations for {LIKED} liked films, with all filters.\n")
    print("| varied | connections | requests/s | median | p99 | maximum | CPU per request | errors of all requests |")
    print("|---|---|---|---|---|---|---|---|")
    for (name, connections), one in took.items():
        wrong = f"{one['requests']:,}: {one['wrong']} not 200, {one['errors']} aborted, {one['short']} under 20 films"
        times = " | ".join(f"{value:.1f} ms" for value in (one["p50"], one["p99"], one["max"], 1e3 * one["cpu"]))
        print(f"| {VARIED[name]} | {connections} | {one['requests'] / one['seconds']:,.0f} | {times} | {wrong} |")


def wait_until_ready(server: subprocess.Popen) -> int:
    """Wait until the server responds; returns its number of films."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(f"{URL}/health") as answer:
                return json.load(answer)["num_items"]
        except urllib.error.URLError:
            time.sleep(0.01)
    raise SystemExit(f"the server ended with code {server.returncode}")


def run_load(work: Path, name: str, seconds: int, connections: int) -> dict[str, float]:
    """What wrk measures with this script, whose name is without its ending."""
    # wrk needs only one thread, which leaves a core to the server on a machine with two.
    command = ["wrk", f"-c{connections}", "-t1", f"-d{seconds}s", "-s", work / f"{name}.lua", URL]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(re.search(r"RESULT (.*)", done.stdout)[1])


if __name__ == "__main__":
    main()

"""Measure the server over HTTP with wrk, from a second process: ``make bench-serve``.

On the MovieLens 32M catalog with TMDb's metadata where ``CINEMATCH_REAL_DATA`` names the folder that holds
``ml-32m/`` and ``tmdb/``, else on the embedded sample. ``--artifacts-dir`` measures a run that is there.
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

from benchmarks.cases import clean, features
from cinematch_lib import Recommender
from cinematch_lib.movielens import fetch
from cinematch_lib.tmdb import find_metadata

PORT = 8765
URL = f"http://127.0.0.1:{PORT}"
COMMAND = Path(sys.executable).with_name("cinematch")
SEED, BODIES, LIKED, SHOWN = 0, 20_000, 10, 20
FILTERS = {"preferred_genres": ["Drama", "Comedy"], "services": ["Netflix"], "runtime_min": 80, "runtime_max": 150}

# Every request has another body; an answer that is not 200 or holds fewer than 20 films is counted.
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
    parser.add_argument("--artifacts-dir", type=Path, help="measure the run in use there")
    parser.add_argument("--seconds", type=int, default=10, help="how long each load lasts (10)")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("bench-serve needs wrk on the PATH (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as work:
        artifacts = options.artifacts_dir or _big_run(Path(work))
        _write_bodies(artifacts, Path(work))
        _measure(artifacts.resolve(), Path(work), options.seconds)


def _big_run(work: Path) -> Path:
    real = os.environ.get("CINEMATCH_REAL_DATA")
    raw, dataset = (Path(real), "ml-32m") if real else (work / "raw", "sample")
    folder, metadata = fetch(dataset, raw), find_metadata(raw, dataset)
    clean(folder, metadata, work)
    features(folder, metadata, work)
    return work / "artifacts"


def _write_bodies(artifacts: Path, work: Path) -> None:
    """Requests for 10 films each, drawn from the 2,000 best liked, with all filters."""
    recommender = Recommender.load(artifacts)
    known = [one.movie_id for one in recommender.recommend(k=min(2000, len(recommender)))]
    rng = np.random.default_rng(SEED)
    drawn = (rng.choice(known, LIKED, replace=False).tolist() for _ in range(BODIES))
    lines = [json.dumps({"user_id": "bench", "liked_movie_ids": liked, **FILTERS}) for liked in drawn]
    (work / "bodies.jsonl").write_text("\n".join(lines) + "\n")
    (work / "load.lua").write_text(_SCRIPT % (work / "bodies.jsonl"))


def _measure(artifacts: Path, work: Path, seconds: int) -> None:
    began = time.perf_counter()
    command = [COMMAND, "serve", "--artifacts-dir", artifacts, "--state-dir", work / "state", "--port", str(PORT)]
    with (work / "log").open("w") as log, subprocess.Popen(command, stderr=log) as server:
        try:
            films = _wait(server)
            ready = time.perf_counter() - began
            process = psutil.Process(server.pid)
            fresh = process.memory_info().rss / 1e6
            _load(work, 1, 8, 2)  # so that both measure a server that has met its films
            one = _load(work, seconds, 1, 1)
            before = process.cpu_times()
            eight = _load(work, seconds, 8, 2)
            after = process.cpu_times()
            loaded = process.memory_info().rss / 1e6
        finally:
            server.terminate()
    cpu = (after.user + after.system - before.user - before.system) / eight["requests"]
    memory = psutil.virtual_memory().total / 2**30
    print(f"\n{films:,} films; {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()};")
    print(f"every request: 20 films for {LIKED} liked ones, all filters, explained; {BODIES:,} different ones.\n")
    print("| what | measured |\n|---|---|")
    print(f"| ready after | {ready:.2f} s |")
    print(f"| memory when ready, and after the load | {fresh:.0f} MB, {loaded:.0f} MB |")
    for name, took in (("1 connection", one), ("8 connections", eight)):
        rate = took["requests"] / took["seconds"]
        print(f"| {name}: requests a second | {rate:.0f} |")
        print(f"| {name}: median, 99th percentile, most | {took['p50']:.2f}, {took['p99']:.2f}, {took['max']:.2f} ms |")
        bad = f"{took['wrong']} not 200, {took['short']} short of {SHOWN} films, {took['errors']} broken off"
        print(f"| {name}: of {took['requests']:,} answers | {bad} |")
    print(f"| 8 connections: CPU of the server a request | {1e3 * cpu:.2f} ms |")


def _wait(server: subprocess.Popen) -> int:
    """Wait until it answers; returns how many films it has."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(f"{URL}/health") as answer:
                return json.load(answer)["num_items"]
        except urllib.error.URLError:
            time.sleep(0.01)
    raise SystemExit(f"the server ended with code {server.returncode}")


def _load(work: Path, seconds: int, connections: int, threads: int) -> dict[str, float]:
    command = ["wrk", f"-c{connections}", f"-t{threads}", f"-d{seconds}s", "-s", work / "load.lua", URL]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(re.search(r"RESULT (.*)", done.stdout)[1])


if __name__ == "__main__":
    main()

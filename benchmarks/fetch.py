"""Fetch 5,000 films from a TMDb-shaped server on loopback that takes 150 ms an answer: ``make bench-fetch``."""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from benchmarks.memory import peak_mb
from cinematch_lib.data.tmdb import fetch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from support.tmdb_server import TOKEN, most_in_a_second  # noqa: E402 - the server belongs to the tests

ALL = 87_461  # films of MovieLens 32M that have a tmdbId
PEOPLE = 120  # in the credits of each film, which makes an answer about 20 kB


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=5000)
    parser.add_argument("--latency", type=float, default=0.15, help="seconds an answer")
    options = parser.parse_args()
    command = [sys.executable, str(ROOT / "tests" / "support" / "tmdb_server.py"), "--latency", str(options.latency)]
    with subprocess.Popen([*command, "--padding", str(PEOPLE)], stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().strip()
            _measure(url, options.films, options.latency)
        finally:
            server.kill()


def _measure(url: str, films: int, latency: float) -> None:
    os.environ |= {"TMDB_API_URL": url, "TMDB_BEARER_TOKEN": TOKEN}
    with tempfile.TemporaryDirectory() as work:
        dataset = Path(work) / "raw" / "bench"
        dataset.mkdir(parents=True)
        links = "".join(f"{film},{film:07},{film}\n" for film in range(1, films + 1))
        (dataset / "links.csv").write_text("movieId,imdbId,tmdbId\n" + links)
        before = resource.getrusage(resource.RUSAGE_SELF)
        done = fetch(dataset, dataset.parent)
        after = resource.getrusage(resource.RUSAGE_SELF)
        size = (dataset.parent / "tmdb" / "tmdb.sqlite").stat().st_size
    with urllib.request.urlopen(f"{url}/-/log") as log:
        times = [at for at, _ in json.load(log)]
    asking = max(times) - min(times)
    rate = (len(times) - 1) / asking
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"\n{films:,} films at {latency * 1000:.0f} ms, {platform.python_version()}, {os.cpu_count()} cores\n")
    print("| what | measured |\n|---|---|")
    print(f"| films found | {done.found:,} |")
    print(f"| requests a second, as the server saw them | {rate:.2f} |")
    print(f"| the worst second | {most_in_a_second(times)} |")
    print(f"| time to ask, and in all with the tables | {asking:.1f} s, {done.seconds:.1f} s |")
    print(f"| CPU | {cpu:.1f} s, {100 * cpu / done.seconds:.0f} % of a core |")
    print(f"| memory at most | {peak_mb():,.0f} MB |")
    print(f"| store | {size / 1e6:.1f} MB, {size / films / 1000:.1f} kB a film |")
    print(f"| {ALL:,} films at this pace | {ALL / rate / 60:.1f} minutes |")


if __name__ == "__main__":
    main()

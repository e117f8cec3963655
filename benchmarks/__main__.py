"""Measure cleaning, features, recommending and learning, and print two tables: ``make bench``.

On the MovieLens 32M catalog with TMDb's metadata where ``CINEMATCH_REAL_DATA`` names the folder that holds
``ml-32m/`` and ``tmdb/``, else on the embedded sample. Every figure is the median of several processes; those of
learning are of one each, on ratings drawn by chance (32 million, or one million for the sample's films).
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks import learning
from benchmarks.cases import CASES
from benchmarks.memory import peak_mb
from cinematch_lib.data import fetch
from cinematch_lib.data.tmdb import find_metadata

RUNS = 5


def main() -> None:
    """Measure all cases, or one (in a process of its own, for the memory), and print."""
    if len(sys.argv) > 1:
        name, folder, metadata, work = sys.argv[1:]
        taken = CASES[name](Path(folder), Path(metadata) if metadata else None, Path(work))
        print(json.dumps(taken | {"peak_mb": peak_mb()}))
        return
    with tempfile.TemporaryDirectory() as work:
        _measure_all(Path(work))


def _measure_all(work: Path) -> None:
    real = os.environ.get("CINEMATCH_REAL_DATA")
    raw, dataset = (Path(real), "ml-32m") if real else (work / "raw", "sample")
    folder = fetch(dataset, raw)
    metadata = find_metadata(raw, dataset)
    results = {}
    for name in CASES:
        runs = [measure_case(name, folder, metadata, work) for _ in range(RUNS)]
        results[name] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        print(f"{name}: {RUNS} runs", file=sys.stderr)
    films = f"{results['clean']['films']:,.0f} films"
    print(f"\n{dataset}, {films} kept of all years, {'with' if metadata else 'without'} a metadata table;")
    print(f"{results['features']['features']:,.0f} features from 500 terms for each text field;")
    memory = psutil.virtual_memory().total / 2**30
    print(
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}; medians of {RUNS} processes.\n"
    )
    print("| what | library call | whole process | peak memory |\n|---|---|---|---|")
    for name, case in CASES.items():
        of = results[name]
        what = case.__doc__.strip().rstrip(".")
        took = (
            f"{of['seconds']:.2f} s" if "p99" not in of else f"{of['seconds'] * 1e3:.2f} ms (p99 {of['p99'] * 1e3:.2f})"
        )
        whole = f"{of['whole']:.2f} s" if "p99" not in of else "–"
        print(f"| {what} | {took} | {whole} | {of['peak_mb']:.0f} MB |")
    print(f"\nFewest films returned to any of the requests: {results['recommend_filtered']['fewest']:.0f} of 20.")
    learning.measure(folder, work / "learning", real=bool(real))


def measure_case(name: str, folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """What the case measured in a process of its own, and the seconds of the whole process."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks", name, str(folder), str(metadata or ""), str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout) | {"whole": time.perf_counter() - began}


if __name__ == "__main__":
    main()

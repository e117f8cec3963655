"""How fast the analyst's page opens and follows its controls: ``make bench-explore``.

With ``CINEMATCH_REAL_DATA``, the folder of ``ml-32m/`` and ``tmdb/``, it measures the MovieLens 32M films with TMDb's
metadata, else the embedded sample. A change is what one control triggers: counts, waterfall, both charts, coverage,
the map, twenty recommendations with their reasons, the table of films and the comparison, up to the messages to the
browser. Then the page is opened and used in Chromium.
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import explore_browser
from benchmarks.cases import SEED, clean, invented_weights
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.film_map import FilmMap
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.catalog.cleaning import CleaningReport, read_catalog
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data import fetch
from cinematch_lib.data.tmdb import find_metadata
from cinematch_lib.explorer import explore
from cinematch_lib.explorer.page import Page
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.features import build_features, lay_out_films

CHANGES, LIKED = 200, 3


def main() -> None:
    """Measure and print."""
    real = os.environ.get("CINEMATCH_REAL_DATA")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        raw, dataset = (Path(real), "ml-32m") if real else (work / "raw", "sample")
        _publish(fetch(dataset, raw), find_metadata(raw, dataset), work)
        began = time.perf_counter()
        page = explore(raw, work / "data", work / "artifacts", dataset)
        opened = time.perf_counter() - began
        page.like(*(one.movie_id for one in page.recommender.recommend(k=LIKED)))
        page.pin()
        both = [_change(page, dataset, rng) for rng in np.random.default_rng(SEED).spawn(CHANGES)]
        times, worked = 1e3 * np.array(both).T
        seen = explore_browser.measure(raw, work)
    films = len(page.state.films)
    print(f"\nThe analyst's page on {dataset}, {films:,} films, {LIKED} of them liked, {CHANGES} random changes\n")
    print("| measure | value |\n|---|---|")
    print(f"| opening the page, in its kernel | {opened:.1f} s |")
    print(f"| redrawing after a change, median | {np.median(times):.0f} ms |")
    print(f"| p99 | {np.quantile(times, 0.99):.0f} ms |")
    print(f"| CPU time of a change, median | {np.median(worked):.0f} ms |")
    print(f"| maximum | {times.max():.0f} ms |")
    for measure, value in seen:
        print(f"| {measure} | {value} |")


def _publish(folder: Path, metadata: Path | None, work: Path) -> None:
    """A run of all films, with 500 terms for each text field and with random item weights."""
    clean(folder, metadata, work)
    report, films = CleaningReport.load(work / "data"), read_catalog(work / "data")
    built = build_features(films, max_features=500)
    draft = Draft.create(work / "artifacts")
    meta = movies_meta(films, built.quality_prior, built.names, "demo", report.attributions)
    draft.write_features(built, meta)
    draft.write_film_map(FilmMap(meta.columns.movie_ids, lay_out_films(built.matrix, built.names)))
    draft.write_item_weights(invented_weights(meta))
    draft.record("clean", dataset=report.dataset, filters=report.filters, services=report.services)
    draft.publish()


def _change(page: Page, dataset: str, rng: np.random.Generator) -> tuple[float, float]:
    """Seconds of wall time and of CPU time until the page shows random settings; all controls are set."""
    low, high = sorted(rng.integers(1900, 2024, 2).tolist())
    genres = rng.permutation(page.state.films.genres).tolist()
    services = rng.permutation(page.state.films.services).tolist()
    filters = Filters(
        min_year=low,
        max_year=high,
        genres_keep=genres[: rng.integers(0, 4)],
        genres_drop=genres[4 : 4 + rng.integers(0, 3)],
        max_runtime=int(rng.integers(60, 200)) if rng.random() < 0.5 else None,
        services_keep=services[: rng.integers(0, 3)],
    )
    start = time.perf_counter(), time.process_time()
    page.set(Settings(dataset, filters, "demo"))
    return time.perf_counter() - start[0], time.process_time() - start[1]


if __name__ == "__main__":
    main()

"""The store's films exported as the two tables that the catalog reads."""

import csv
import itertools
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from cinematch_lib.data.tables import PROVIDERS, TMDB_METADATA
from cinematch_lib.data.tmdb.responses import metadata_row, provider_rows
from cinematch_lib.data.tmdb.store import Store
from cinematch_lib.storage.files import atomic_write, sha256

METADATA, PROVIDERS_FILE = "tmdb_metadata.csv", "providers.csv"
_OWN = "metadata_sha256"


def export(store: Store, region: str, resolved: Mapping[str, int | None]) -> Path | None:
    """Write ``tmdb_metadata.csv`` and ``providers.csv`` beside the store, each atomically.

    One row per film, by ascending TMDb id; `resolved` maps IMDb ids (digits) to the TMDb ids found for them, and
    these films carry their IMDb id as well. ``providers.csv`` has the offers in `region`. An existing metadata
    table that was not written here is renamed; its new path is returned.
    """
    imdb_ids: dict[int, list[str]] = {}
    for imdb_id, tmdb_id in sorted(resolved.items()):
        if tmdb_id is not None:
            imdb_ids.setdefault(tmdb_id, []).append(imdb_id)
    moved = _keep_foreign_table(store)
    with ExitStack() as stack:
        parts = [stack.enter_context(atomic_write(store.folder / name)) for name in (METADATA, PROVIDERS_FILE)]
        files = [stack.enter_context(part.open("w", encoding="utf-8", newline="")) for part in parts]
        metadata, providers = (csv.writer(file, lineterminator="\n") for file in files)
        metadata.writerow(TMDB_METADATA.columns)
        providers.writerow(PROVIDERS.columns)
        for tmdb_id, answer in store.answers():
            row, offers = metadata_row(answer), provider_rows(answer, region)
            # Two films of IMDb may be one at TMDb: the second row has only the IMDb id.
            for number, imdb_id in enumerate(imdb_ids.get(tmdb_id, [""])):
                row |= {"imdb_id": imdb_id, "tmdb_id": "" if number else tmdb_id}
                metadata.writerow([row[name] for name in TMDB_METADATA.columns])
                providers.writerows([row["tmdb_id"], region, kind, name, imdb_id] for kind, name in offers)
        for file in files:
            file.close()
        # The hashes of the present table and of its successor, so that either is recognized after a crash.
        store.save_note(_OWN, f"{_sha256_of(store.folder / METADATA)} {_sha256_of(parts[0])}")
    return moved


def _keep_foreign_table(store: Store) -> Path | None:
    path = store.folder / METADATA
    if not path.is_file() or _sha256_of(path) in (store.note(_OWN) or ""):
        return None
    names = (path.with_name(f"tmdb_metadata.earlier{number or ''}.csv") for number in itertools.count())
    earlier = next(name for name in names if not name.exists())
    path.rename(earlier)
    return earlier


def _sha256_of(path: Path) -> str:
    return sha256(path.read_bytes()) if path.is_file() else "none"

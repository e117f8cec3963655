"""The store's films as the two tables that the catalog reads."""

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
_OURS = "metadata_sha256"


def export(store: Store, region: str, resolved: Mapping[str, int | None]) -> Path | None:
    """Write ``tmdb_metadata.csv`` and ``providers.csv`` beside the store, each whole or not at all.

    One row a film by ascending TMDb id; `resolved` maps IMDb ids (digits) to the TMDb ids found for them, and
    such films carry their IMDb id as well. ``providers.csv`` has the offers of `region`. A metadata table that
    was put there by hand is kept under another name, which is returned.
    """
    imdb_ids: dict[int, list[str]] = {}
    for imdb_id, tmdb_id in sorted(resolved.items()):
        if tmdb_id is not None:
            imdb_ids.setdefault(tmdb_id, []).append(imdb_id)
    moved = _keep_what_is_not_ours(store)
    with ExitStack() as stack:
        parts = [stack.enter_context(atomic_write(store.folder / name)) for name in (METADATA, PROVIDERS_FILE)]
        files = [stack.enter_context(part.open("w", encoding="utf-8", newline="")) for part in parts]
        metadata, providers = (csv.writer(file, lineterminator="\n") for file in files)
        metadata.writerow(TMDB_METADATA.columns)
        providers.writerow(PROVIDERS.columns)
        for tmdb_id, answer in store.answers():
            row, offers = metadata_row(answer), provider_rows(answer, region)
            # Two films of IMDb that are one at TMDb: the second row is known by its IMDb id alone.
            for number, imdb_id in enumerate(imdb_ids.get(tmdb_id, [""])):
                row |= {"imdb_id": imdb_id, "tmdb_id": "" if number else tmdb_id}
                metadata.writerow([row[name] for name in TMDB_METADATA.columns])
                providers.writerows([row["tmdb_id"], region, kind, name, imdb_id] for kind, name in offers)
        for file in files:
            file.close()
        # Both the table in place and the one about to replace it: whenever this process may die, ours is known.
        store.save_note(_OURS, f"{_sha256_of(store.folder / METADATA)} {_sha256_of(parts[0])}")
    return moved


def _keep_what_is_not_ours(store: Store) -> Path | None:
    path = store.folder / METADATA
    if not path.is_file() or _sha256_of(path) in (store.note(_OURS) or ""):
        return None
    names = (path.with_name(f"tmdb_metadata.earlier{number or ''}.csv") for number in itertools.count())
    earlier = next(name for name in names if not name.exists())
    path.rename(earlier)
    return earlier


def _sha256_of(path: Path) -> str:
    return sha256(path.read_bytes()) if path.is_file() else "none"

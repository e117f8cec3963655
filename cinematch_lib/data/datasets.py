"""The named data sets of MovieLens, and the folders that hold data sets."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cinematch_lib.data.download import check_certificates
from cinematch_lib.data.layouts import NO_ROWS, holds, look, packed
from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names

DEFAULT_URL = "https://files.grouplens.org/datasets/movielens"
NEEDED = ("movies.csv", "links.csv")
KNOWN_FILES = (*NEEDED, "ratings.csv", "tags.csv", "tmdb_metadata.csv")
SAMPLE = "sample"


@dataclass(frozen=True)
class Dataset:
    """A named data set: its approximate download in megabytes and, if published, the MD5 of each file.

    `films` and `ratings` are its size; None for data sets that MovieLens updates. `folder` is the one in its zip where
    that has another name; `zip_md5` is the published MD5 of the zip itself.
    """

    megabytes: int
    md5: dict[str, str] = field(default_factory=dict)
    zip_md5: str | None = None
    folder: str | None = None
    films: int | None = None
    ratings: int | None = None


DATASETS: dict[str, Dataset] = {
    SAMPLE: Dataset(0, films=9_066, ratings=100_004),
    "ml-100k": Dataset(5, zip_md5="0e33842e24a9c977be4e0107933c0723", films=1_682, ratings=100_000),
    "ml-1m": Dataset(6, zip_md5="c4d9eecfca2ab87c1945afe126590906", films=3_883, ratings=1_000_209),
    "ml-10m": Dataset(
        63, zip_md5="ce571fd55effeba0271552578f2648bd", folder="ml-10M100K", films=10_681, ratings=10_000_054
    ),
    "ml-latest-small": Dataset(1),
    "ml-latest": Dataset(335),
    "ml-20m": Dataset(190, films=27_278, ratings=20_000_263),
    "ml-25m": Dataset(265, films=62_423, ratings=25_000_095),
    "ml-32m": Dataset(
        239,
        {
            "movies.csv": "0df90835c19151f9d819d0822e190797",
            "links.csv": "8f033867bcb4e6be8792b21468b4fa6e",
            "ratings.csv": "cf12b74f9ad4b94a011f079e26d4270a",
            "tags.csv": "963bf4fa4de6b8901868fddd3eb54567",
        },
        films=87_585,
        ratings=32_000_204,
    ),
}


def check_name(dataset: str) -> None:
    """Raise CineMatchError if `dataset` is not a plain folder name."""
    if not dataset or dataset.startswith(".") or not dataset.isprintable() or set(dataset) & set("/\\"):
        raise CineMatchError(
            f"a data set's name is that of a folder, without slashes and not beginning with a dot; got {dataset!r}"
        )


def check_available(dataset: str, raw_dir: Path, *, refresh: bool = False) -> None:
    """Raise CineMatchError or UnknownNameError if `fetch` would, as far as can be known without the network."""
    check_name(dataset)
    folder = raw_dir / dataset
    if dataset == SAMPLE:
        return
    if folder.is_dir() and not refresh:
        check_complete(folder)
    elif refresh or not folder.with_name(f"{dataset}.zip").is_file():
        check_downloadable(dataset, folder)
        base_url()
        check_certificates()


def check_complete(folder: Path) -> Path:
    """The folder, if it holds the files that a data set needs, with rows, in any layout. Raises CineMatchError."""
    found = look(folder)
    missing = list(NEEDED) if found is None else found.missing
    if missing:
        alternative = ", or remove the folder to have it downloaded" if folder.name in DATASETS else ""
        unpack = f"unpack {', '.join(names)} there, or " if (names := packed(folder)) else ""
        raise CineMatchError(
            f"{folder} lacks {' and '.join(missing)}, and holds {holds(folder)}; {unpack}put what is missing there"
            f"{alternative}"
        )
    for table, problem in NO_ROWS.items():
        if found is not None and table in found.sources and found.sources[table].is_bare:
            raise CineMatchError(f"{found.sources[table].path} holds {problem}")
    return folder


def base_url() -> str:
    """The address below which data sets lie, from the environment variable MOVIELENS_URL, by default GroupLens's.

    Raises CineMatchError for other addresses than those of the web, and for one with a user name.
    """
    url = os.environ.get("MOVIELENS_URL") or DEFAULT_URL
    parts = urlsplit(url)
    if parts.username is not None:
        raise CineMatchError(
            "MOVIELENS_URL must hold no user name and password, since addresses are shown in messages; "
            "put them in ~/.netrc, which is asked for them"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CineMatchError(f"MOVIELENS_URL must be an address such as {DEFAULT_URL}, got {url!r}")
    return url.rstrip("/")


def check_downloadable(dataset: str, folder: Path) -> None:
    """Raise CineMatchError unless `dataset`, whose folder is `folder`, is one of DATASETS."""
    if dataset in DATASETS:
        return
    if folder.exists():
        raise CineMatchError(f"{folder} is a folder of your own; there is nowhere to download it from again")
    sizes = {name: f"{one.megabytes} MB" if one.megabytes else "embedded" for name, one in DATASETS.items()}
    named = ", ".join(f"{name} ({size})" for name, size in sizes.items())
    own = folder_names(folder.parent)
    raise UnknownNameError(
        f"there is no data set {dataset!r}: the named ones are {named}, and any folder {folder} with "
        "movies.csv and links.csv works too",
        close_names(dataset, [*DATASETS, *own]),
    )


def folder_names(parent: Path) -> list[str]:
    """The names of the folders in `parent`, sorted; empty if `parent` is not a folder."""
    if not parent.is_dir():
        return []
    return sorted(path.name for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))

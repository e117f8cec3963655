"""The MovieLens data sets: fetched, verified, laid out as ``RAW/<name>/``, and read.

A folder appears there only whole (see `folders`). A download that broke off and can go on is kept beside it
as the hidden files ``.<name>.zip.part`` and ``.<name>.zip.part.json``.
"""

import errno
import lzma
import os
import re
import zipfile
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from cinematch_lib.data import tables as columns
from cinematch_lib.data.download import check_room, discard, download, md5, read_text
from cinematch_lib.data.zips import open_zip, unpack, unpacked_size
from cinematch_lib.errors import CineMatchError, DownloadError, UnknownNameError, close_names
from cinematch_lib.storage.files import check_replaceable, is_recovered, recover, replace_dir, staging_dir
from cinematch_lib.storage.locks import folder_lock

DEFAULT_URL = "https://files.grouplens.org/datasets/movielens"
NEEDED = ("movies.csv", "links.csv")
KNOWN_FILES = (*NEEDED, "ratings.csv", "tags.csv", "tmdb_metadata.csv")
SAMPLE = "sample"
LOWEST_RATING, HIGHEST_RATING = 0.5, 5.0
ROOM = 5  # a zip and what it unpacks to need about five times the zip's size


@dataclass(frozen=True)
class Dataset:
    """A named data set: `megabytes` is about what there is to download, `md5` what its files must have.

    `films` and `ratings` are how many it holds, None where MovieLens renews it.
    """

    megabytes: int
    md5: dict[str, str] = field(default_factory=dict)
    films: int | None = None
    ratings: int | None = None


DATASETS: dict[str, Dataset] = {
    SAMPLE: Dataset(0, films=9_066, ratings=100_004),
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


def fetch(dataset: str, raw_dir: Path, *, refresh: bool = False) -> Path:
    """The folder ``raw_dir/dataset``, which holds at least movies.csv and links.csv.

    A folder that is there is used as it is. Otherwise `sample` is laid out from this package (again, when
    it is another version's), and the other data sets of `DATASETS` are downloaded from the address in the
    environment variable MOVIELENS_URL (GroupLens's by default), verified and unpacked. With `refresh` they
    are downloaded in any case and the folder is replaced; whatever fails, the old one stays.

    Raises UnknownNameError for a name that is neither in `DATASETS` nor a folder, DownloadError when the
    network or server fails, and CineMatchError for a folder that is not complete, a file that is not what
    was published, an unsafe zip, or a disk that is full or cannot be written to.
    """
    raw_dir = Path(raw_dir)
    check_name(dataset)
    folder = raw_dir / dataset
    try:
        if not is_recovered(folder):
            with folder_lock(raw_dir):
                recover(folder)
        if dataset == SAMPLE:
            return _lay_out_sample(folder)
        if folder.exists() and not refresh:
            return _check_complete(folder)
        _check_is_named(dataset, folder)
        return _fetch_from_web(dataset, folder, refresh)
    except DownloadError as error:
        raise DownloadError(
            f"{error}. Instead, --dataset sample needs no network, and a folder {folder} with movies.csv and "
            "links.csv put there by hand is used as it is"
        ) from None
    except OSError as error:
        raise CineMatchError(_what_the_disk_says(error, raw_dir)) from error


def checksums(folder: Path) -> dict[str, str]:
    """The MD5, as 32 hex digits, of each of the known CSV files that a data set's folder holds."""
    digests = {}
    for name in KNOWN_FILES:
        if (path := Path(folder) / name).is_file():
            digests[name] = md5_of(path)
    return digests


def read_movies(folder: Path) -> pd.DataFrame:
    """movies.csv as text, one row a film; what `columns.read_table` raises is raised."""
    return columns.read_table(Path(folder) / "movies.csv", columns.MOVIES)


def read_links(folder: Path) -> pd.DataFrame:
    """links.csv as text (ids keep their zeros), one row a film; raises like `read_movies`."""
    return columns.read_table(Path(folder) / "links.csv", columns.LINKS)


def read_tags(folder: Path) -> pd.DataFrame | None:
    """tags.csv as text, one row a tag that a user gave a film; None where there is no such file."""
    path = Path(folder) / "tags.csv"
    return columns.read_table(path, columns.TAGS) if path.exists() else None


def read_ratings(folder: Path) -> pd.DataFrame | None:
    """ratings.csv, one row a rating of 0.5 to 5 stars in the file's order; None where there is no such file.

    `timestamp`, where it is there, is in seconds since 1970. Raises CineMatchError for other ratings, and
    like `read_movies`.
    """
    path = Path(folder) / "ratings.csv"
    if not path.exists():
        return None
    ratings = columns.read_table(path, columns.RATINGS)
    wrong = ~ratings["rating"].between(LOWEST_RATING, HIGHEST_RATING)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        first, line = ratings.iloc[row], columns.row_lines(path, len(ratings))[row]
        raise CineMatchError(
            f"{path}: {wrong.sum():,} of {len(ratings):,} ratings are not from {LOWEST_RATING} to "
            f"{HIGHEST_RATING:g}; the first is on line {line} (user {first['userId']:.0f}, film "
            f"{first['movieId']:.0f}, rating {first['rating']:g}); correct or remove them"
        )
    return ratings


# --- names and folders -------------------------------------------------------------------------------


def check_name(dataset: str) -> None:
    """Raise CineMatchError for what cannot be a data set's name."""
    if not dataset or dataset.startswith(".") or not dataset.isprintable() or set(dataset) & set("/\\"):
        raise CineMatchError(
            f"a data set's name is that of a folder, without slashes and not beginning with a dot; got {dataset!r}"
        )


def _check_complete(folder: Path) -> Path:
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        anew = ", or remove the folder to have it downloaded" if folder.name in DATASETS else ""
        raise CineMatchError(f"{folder} lacks {' and '.join(missing)}; put what is missing there{anew}")
    return folder


def _check_is_named(dataset: str, folder: Path) -> None:
    if dataset in DATASETS:
        return
    if folder.exists():
        raise CineMatchError(f"{folder} is a folder of your own; there is nowhere to download it from again")
    named = ", ".join(
        f"{name} ({f'{one.megabytes} MB' if one.megabytes else 'embedded'})" for name, one in DATASETS.items()
    )
    raise UnknownNameError(
        f"there is no data set {dataset!r}: the named ones are {named}, and any folder {folder} with "
        "movies.csv and links.csv works too",
        close_names(dataset, [*DATASETS, *folder_names(folder.parent)]),
    )


def folder_names(parent: Path) -> list[str]:
    """The folders in `parent` that may be data sets, in alphabetical order; none where it is no folder."""
    if not parent.is_dir():
        return []
    return sorted(path.name for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))


def _what_the_disk_says(error: OSError, raw_dir: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk that holds {raw_dir} is full; free some room or choose a folder on another disk"
    where = error.filename or raw_dir
    return f"{where} cannot be used ({error.strerror or error}); mend that or choose another folder"


# --- from the web ------------------------------------------------------------------------------------


def _fetch_from_web(dataset: str, folder: Path, refresh: bool) -> Path:
    check_replaceable(folder)
    url = f"{_base_url()}/{dataset}.zip"
    published = _published_md5(f"{url}.md5")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder_lock(folder.parent):
        recover(folder)
        if folder.exists() and not refresh:  # another process brought it in the meantime
            return _check_complete(folder)
        part = folder.with_name(f".{dataset}.zip.part")
        download(url, part, title=f"{dataset}.zip", room=ROOM)
        try:
            with staging_dir(folder) as growing:
                _unpack_verified(part, url, published, growing, folder)
                discard(part)
                replace_dir(growing / dataset, folder)
        except (CineMatchError, OSError):
            discard(part)
            raise
    return folder


def _base_url() -> str:
    url = os.environ.get("MOVIELENS_URL") or DEFAULT_URL
    if urlsplit(url).username is not None:
        raise CineMatchError(
            "MOVIELENS_URL must hold no user name and password, since addresses are shown in messages; "
            "put them in ~/.netrc, which is asked for them"
        )
    return url.rstrip("/")


def _unpack_verified(part: Path, url: str, published: str | None, into: Path, folder: Path) -> None:
    """Unpacks the downloaded zip, meant for `folder`, after every check there is for its content."""
    title = url.rpartition("/")[2]
    if published is not None:
        _check_md5(title, md5_of(part), published, f"{url}.md5")
    with open_zip(part, title) as archive:
        _check_members(archive, folder, trusted=published is not None)
        check_room(folder.parent, unpacked_size(archive), f"{title} unpacked")
        unpack(archive, into)


def _published_md5(url: str) -> str | None:
    """The MD5 in ``md5sum``'s or BSD's format; None where the server has no such file."""
    text = read_text(url)
    if text is None:
        return None
    digests = re.findall(r"\b[0-9a-f]{32}\b", text.lower())
    if len(set(digests)) != 1:
        raise DownloadError(f"{url} should hold one MD5 of 32 hex digits, but begins {text[:60]!r}")
    return digests[0]


def _check_members(archive: zipfile.ZipFile, folder: Path, *, trusted: bool) -> None:
    """Hashes files inside the zip; unless the zip itself is `trusted`, each CSV must have a published MD5."""
    dataset = folder.name
    top = f"{dataset}/"
    inside = {name.removeprefix(top): name for name in archive.namelist() if name.startswith(top)}
    expected = DATASETS[dataset].md5
    if not trusted:
        expected = _listed_md5s(archive, inside.get("checksums.txt")) | expected
        unknown = sorted(name for name in inside if name.endswith(".csv") and name not in expected)
        if unknown or not expected:
            raise CineMatchError(
                f"{dataset}.zip was not unpacked, as no checksum is published for {', '.join(unknown)}; "
                f"download it by hand, check it, and unpack it as {folder}"
            )
    for name in (*NEEDED, *expected):
        if name not in inside:
            raise CineMatchError(f"{dataset}.zip lacks {top}{name}; the download was deleted, try again")
    for name, digest in expected.items():
        with archive.open(inside[name]) as file:
            _check_md5(f"{name} in {dataset}.zip", md5(file), digest, "its publisher")


def _check_md5(title: str, found: str, published: str, publisher: str) -> None:
    if found != published:
        raise CineMatchError(
            f"{title} has the MD5 {found}, but {publisher} says {published}; the download was deleted, try again"
        )


def _listed_md5s(archive: zipfile.ZipFile, name: str | None) -> dict[str, str]:
    """What the zip's own checksums.txt says: file name to MD5."""
    if name is None:
        return {}
    lines = archive.read(name).decode("utf-8", errors="replace")
    pairs = re.findall(r"^([0-9a-fA-F]{32})\s+\*?(\S.*?)\s*$", lines, flags=re.MULTILINE)
    return {path.rpartition("/")[2]: digest.lower() for digest, path in pairs}


# --- the sample --------------------------------------------------------------------------------------


def _lay_out_sample(folder: Path) -> Path:
    files = _sample_files()
    if _holds(folder, files):
        return folder
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder_lock(folder.parent):
        recover(folder)
        if _holds(folder, files):  # another process laid it out in the meantime
            return folder
        check_room(folder.parent, sum(map(len, files.values())), "the sample")
        with staging_dir(folder) as growing:
            (growing / SAMPLE).mkdir()
            for name, content in files.items():
                (growing / SAMPLE / name).write_bytes(content)
            replace_dir(growing / SAMPLE, folder)
    return folder


def _sample_files() -> dict[str, bytes]:
    """The embedded sample's files as they are laid out."""
    source = resources.files("cinematch_lib.data.sample")
    packed = [f"{name}.xz" for name in KNOWN_FILES if name != "tags.csv"]
    try:
        files = {name.removesuffix(".xz"): lzma.decompress((source / name).read_bytes()) for name in packed}
        return files | {"README.md": (source / "README.md").read_bytes()}
    except (OSError, lzma.LZMAError) as error:
        raise CineMatchError(f"the embedded sample is damaged ({error}); install cinematch-lib again") from None


def _holds(folder: Path, files: dict[str, bytes]) -> bool:
    paths = {folder / name: content for name, content in files.items()}
    return all(path.is_file() and path.read_bytes() == content for path, content in paths.items())


def md5_of(path: Path) -> str:
    """The MD5 of a file, as 32 hex digits."""
    with path.open("rb") as file:
        return md5(file)

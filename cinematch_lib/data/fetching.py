"""Fetching a MovieLens data set: downloaded, verified and laid out as ``RAW/<name>/``.

A folder appears there only when it is complete (see `storage.files`). An interrupted download that can be
resumed is kept beside it as the hidden files ``.<name>.zip.part`` and ``.<name>.zip.part.json``.
"""

import errno
import lzma
import re
import zipfile
from importlib import resources
from pathlib import Path

from cinematch_lib.data.datasets import (
    DATASETS,
    KNOWN_FILES,
    NEEDED,
    SAMPLE,
    base_url,
    check_complete,
    check_downloadable,
    check_name,
)
from cinematch_lib.data.download import check_certificates, check_room, discard, download, md5, md5_of, read_text
from cinematch_lib.data.layouts import holds, look
from cinematch_lib.data.zips import open_zip, unpack, unpacked_size
from cinematch_lib.errors import CineMatchError, DownloadError
from cinematch_lib.storage.files import check_replaceable, is_recovered, recover, replace_dir, staging_dir
from cinematch_lib.storage.locks import folder_lock

ROOM = 5  # free disk space that a zip and its content need, as a multiple of the zip's size


def fetch(dataset: str, raw_dir: Path, *, refresh: bool = False) -> Path:
    """Make sure that the folder ``raw_dir/dataset`` holds a data set in one of `layouts.LAYOUTS`; return it.

    An existing folder is used as it is, and a zip ``raw_dir/dataset.zip`` is unpacked. Otherwise `sample` is unpacked
    from this package (again, if the folder is of another version), and the other data sets of `DATASETS` are
    downloaded from the address in the environment variable MOVIELENS_URL (by default GroupLens's), verified and
    unpacked. With `refresh` they are downloaded in any case and replace the folder; after a failure the old folder is
    still there.

    Raises UnknownNameError for a name that is neither in `DATASETS` nor a folder, DownloadError if the network
    or the server fails, and CineMatchError for an incomplete folder, a file that differs from the published
    one, an unsafe zip, or a disk that is full or not writable.
    """
    raw_dir = Path(raw_dir)
    check_name(dataset)
    folder = raw_dir / dataset
    try:
        if not is_recovered(folder):
            with folder_lock(raw_dir):
                recover(folder)
        if dataset == SAMPLE:
            return _unpack_sample(folder)
        if folder.exists() and not refresh:
            return check_complete(folder)
        if folder.with_name(f"{dataset}.zip").is_file() and not refresh:
            return _unpack_laid(folder)
        check_downloadable(dataset, folder)
        return _fetch_from_web(dataset, folder, refresh)
    except DownloadError as error:
        raise DownloadError(
            f"{error}. Instead, --dataset sample needs no network, and a folder {folder} with movies.csv and "
            "links.csv put there by hand is used as it is"
        ) from None
    except OSError as error:
        raise CineMatchError(_disk_problem(error, raw_dir)) from error


def _disk_problem(error: OSError, raw_dir: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk that holds {raw_dir} is full; free some room or choose a folder on another disk"
    where = error.filename or raw_dir
    return f"{where} cannot be used ({error.strerror or error}); mend that or choose another folder"


def _fetch_from_web(dataset: str, folder: Path, refresh: bool) -> Path:
    check_replaceable(folder)
    check_certificates()
    url = f"{base_url()}/{dataset}.zip"
    published = published_md5(dataset)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder_lock(folder.parent):
        recover(folder)
        if folder.exists() and not refresh:  # fetched by another process in the meantime
            return check_complete(folder)
        part = folder.with_name(f".{dataset}.zip.part")
        download(url, part, title=f"{dataset}.zip", room=ROOM)
        try:
            with staging_dir(folder) as staging:
                _unpack_verified(part, url, published, staging, folder)
                discard(part)
                replace_dir(staging / (DATASETS[dataset].folder or dataset), folder)
        except (CineMatchError, OSError):
            discard(part)
            raise
    return folder


def _unpack_laid(folder: Path) -> Path:
    """Unpack the zip of a data set that lies beside its `folder`; the MD5s that are known are verified."""
    packed = folder.with_name(f"{folder.name}.zip")
    with folder_lock(folder.parent), open_zip(packed, str(packed)) as archive, staging_dir(folder) as staging:
        check_room(folder.parent, unpacked_size(archive), f"{packed.name} unpacked")
        unpack(archive, staging / folder.name)
        found = look(staging / folder.name)
        if found is None or found.missing:
            raise CineMatchError(
                f"{packed} holds no data set but {holds(staging / folder.name)}; remove it, or pack one in it"
            )
        listed = found.folder / "checksums.txt"
        expected = _listed_md5s(listed.read_text(encoding="utf-8", errors="replace")) if listed.is_file() else {}
        known = DATASETS[folder.name].md5 if folder.name in DATASETS else {}
        for name, digest in (expected | known).items():
            if (found.folder / name).is_file() and md5_of(found.folder / name) != digest:
                raise CineMatchError(f"{name} in {packed} has not the MD5 {digest} that is published; remove the zip")
        replace_dir(found.folder, folder)
    return folder


def _unpack_verified(part: Path, url: str, published: str | None, into: Path, folder: Path) -> None:
    """Verify the downloaded zip, whose content is meant for `folder`, and unpack it."""
    title = url.rpartition("/")[2]
    if published is not None:
        _check_md5(title, md5_of(part), published, f"{url}.md5")
    with open_zip(part, title) as archive:
        _check_members(archive, folder, trusted=published is not None)
        check_room(folder.parent, unpacked_size(archive), f"{title} unpacked")
        unpack(archive, into)


def published_md5(dataset: str) -> str | None:
    """The MD5 that is published for the zip of a data set; None if the server has none. Raises DownloadError."""
    return DATASETS[dataset].zip_md5 or _listed_md5(f"{base_url()}/{dataset}.zip.md5")


def _listed_md5(url: str) -> str | None:
    """The MD5 in a checksum file (format of ``md5sum`` or BSD); None if the server has no such file."""
    text = read_text(url)
    if text is None:
        return None
    digests = re.findall(r"\b[0-9a-f]{32}\b", text.lower())
    if len(set(digests)) != 1:
        raise DownloadError(f"{url} should hold one MD5 of 32 hex digits, but begins {text[:60]!r}")
    return str(digests[0])


def _check_members(archive: zipfile.ZipFile, folder: Path, *, trusted: bool) -> None:
    """Verify the MD5s of the files in the zip; each CSV needs a published one unless the zip itself is `trusted`."""
    dataset = folder.name
    top = f"{DATASETS[dataset].folder or dataset}/"
    inside = {name.removeprefix(top): name for name in archive.namelist() if name.startswith(top)}
    expected = DATASETS[dataset].md5
    if not trusted:
        listed = archive.read(inside["checksums.txt"]) if "checksums.txt" in inside else b""
        expected = _listed_md5s(listed.decode("utf-8", errors="replace")) | expected
        unknown = sorted(name for name in inside if name.endswith(".csv") and name not in expected)
        if unknown or not expected:
            raise CineMatchError(
                f"{dataset}.zip was not unpacked, as no checksum is published for {', '.join(unknown)}; "
                f"download it by hand, check it, and unpack it as {folder}"
            )
    needed = () if DATASETS[dataset].zip_md5 else NEEDED  # the older sets have other names
    for name in (*needed, *expected):
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


def _listed_md5s(lines: str) -> dict[str, str]:
    """The content of a checksums.txt: file name to MD5."""
    pairs = re.findall(r"^([0-9a-fA-F]{32})\s+\*?(\S.*?)\s*$", lines, flags=re.MULTILINE)
    return {path.rpartition("/")[2]: digest.lower() for digest, path in pairs}


def _unpack_sample(folder: Path) -> Path:
    files = _sample_files()
    if _has_content(folder, files):
        return folder
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder_lock(folder.parent):
        recover(folder)
        if _has_content(folder, files):  # unpacked by another process in the meantime
            return folder
        check_room(folder.parent, sum(map(len, files.values())), "the sample")
        with staging_dir(folder) as staging:
            (staging / SAMPLE).mkdir()
            for name, content in files.items():
                (staging / SAMPLE / name).write_bytes(content)
            replace_dir(staging / SAMPLE, folder)
    return folder


def _sample_files() -> dict[str, bytes]:
    """The content of the embedded sample's files, by file name."""
    source = resources.files("cinematch_lib.data.sample")
    packed = [f"{name}.xz" for name in KNOWN_FILES if name != "tags.csv"]
    try:
        files = {name.removesuffix(".xz"): lzma.decompress((source / name).read_bytes()) for name in packed}
        return files | {"README.md": (source / "README.md").read_bytes()}
    except (OSError, lzma.LZMAError) as error:
        raise CineMatchError(f"the embedded sample is damaged ({error}); install cinematch-lib again") from None


def _has_content(folder: Path, files: dict[str, bytes]) -> bool:
    paths = {folder / name: content for name, content in files.items()}
    return all(path.is_file() and path.read_bytes() == content for path, content in paths.items())

"""The files of exports: plain text in any usual encoding, packed, or in the folder or the zip that a service gives."""

import gzip
import io
import zipfile
import zlib
from pathlib import Path

from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.exports import Export, parse_export
from cinematch_lib.storage.encodings import WESTERN, from_western, utf16_of

_LARGEST_MEMBER = 64 * 2**20  # bytes of an unpacked file
_USUAL = "ratings.csv"


def read_export(path: Path) -> Export:
    """`parse_export` of a CSV or JSON file, plain, in gz or zip, or of the ratings.csv in a folder.

    The text is UTF-8, UTF-16 or Windows-1252. Raises CineMatchError as `parse_export` does, for a file that is not
    there, and for a damaged one.
    """
    if path.is_dir():
        if not (path / _USUAL).is_file():
            raise CineMatchError(f"{path} is a folder without a {_USUAL}; name the file of ratings")
        path = path / _USUAL
    try:
        content = _unpacked(path.read_bytes(), path)
    except FileNotFoundError:
        raise CineMatchError(
            f"{path} was not found; give a file of ratings, as Letterboxd or IMDb exports it"
        ) from None
    codec = utf16_of(content)
    utf8 = content if codec else from_western(content)
    try:
        export = parse_export(utf8.decode(codec or "utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise CineMatchError(f"{path} is not UTF-8; save it again as UTF-8") from None
    told = [f"rows {WESTERN}"] if utf8 is not content else []
    return Export(export.films, [*told, *export.remarks])


def _unpacked(content: bytes, path: Path) -> bytes:
    """The text of a file, whichever it is packed in. Raises CineMatchError."""
    try:
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                member = _ratings_in(archive, path)
                _check_size(member.file_size, path)
                return archive.read(member)
        if content.startswith(b"\x1f\x8b"):
            unpacked = zlib.decompressobj(31).decompress(content, _LARGEST_MEMBER + 1)
            _check_size(len(unpacked), path)
            return gzip.decompress(content)
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise CineMatchError(f"{path} is damaged or no zip ({error}); download it again") from None
    return content


def _ratings_in(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    """The file of ratings in a zip: ratings.csv, else the only one whose name tells so, or that is a table at all."""
    deepest_first = sorted(archive.infolist(), key=lambda one: -one.filename.count("/"))
    files = {one.filename.rpartition("/")[2].lower(): one for one in deepest_first if not one.is_dir()}
    if "workbook.xml" in files:
        raise CineMatchError(f"{path} is a workbook of Excel; save it as CSV (UTF-8), and give that file")
    tables = [name for name in files if name.endswith((".csv", ".json"))]
    rated = [one for one in tables if "rating" in one]
    for found in ([_USUAL], [one for one in rated if "movie" in one], rated, tables):
        if len(found) == 1 and found[0] in files:
            return files[found[0]]
    held = ", ".join(sorted(files)[:8]) or "nothing"
    raise CineMatchError(f"{path} holds no {_USUAL} but {held}; unpack it, and give the file of ratings")


def _check_size(size: int, path: Path) -> None:
    if size > _LARGEST_MEMBER:
        raise CineMatchError(f"{path} holds more than {_LARGEST_MEMBER:,} bytes, too many for one person")

"""The file of a table in any usual form: packed, in another encoding, with another separator, without names."""

import bz2
import csv
import gzip
import io
import itertools
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cinematch_lib.data.shard_files import shard_files, shard_urls, url_in
from cinematch_lib.data.zips import open_zip
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.encodings import WESTERN, from_western, utf16_of
from cinematch_lib.vocabulary.spelling import fold_closed

SEPARATORS = (",", ";", "\t", "|", "^", "::")
UNIT = "\x1f"  # stands for a separator of several characters, once the content is decoded

_OPEN: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}
_MOST_WESTERN = 100_000_000  # bytes
_MOST_BARE = 4096  # bytes of a first line
# Other spellings of column names, folded; each name also stands for itself in any case, with spaces or underscores.
_OTHER_NAMES = {
    "movie": "movieId",
    "item": "movieId",
    "itemid": "movieId",
    "user": "userId",
    "stars": "rating",
    "time": "timestamp",
    "date": "timestamp",
    "ratedat": "timestamp",
    "genre": "genres",
    "category": "genres",
    "categories": "genres",
    "name": "title",
    "description": "overview",
    "releaseyear": "year",
    "startyear": "year",
    "releasedate": "year",
    "imdb": "imdbId",
    "tconst": "imdbId",
    "const": "imdbId",
    "tmdb": "tmdbId",
    "services": "service",
    "provider": "service",
    "providername": "service",
    "platform": "service",
    "streamingservice": "service",
    "country": "region",
}


@dataclass(frozen=True)
class Source:
    """The file of a table: UTF-8, UTF-16 with its mark, or Windows-1252; plain, gz, bz2, xz, in a zip, or Parquet.

    Windows-1252, of which Latin-1 is a part, is assumed where the file is no UTF-8 and holds none beyond ASCII.
    `columns` names the columns of a file that does not name them itself; such a file has no quotes. `skip` is the
    number of lines before the one with the names. A folder of shards, files of one table each of which is a source of
    its own, stands for all its rows in the order of the names; so does a file ``.url`` that names such a folder.
    """

    path: Path
    separator: str = ","
    columns: tuple[str, ...] = ()
    skip: int = 0

    @property
    def is_remote(self) -> bool:
        """Whether the file holds the URL of a folder of shards."""
        return self.path.suffix.lower() == ".url"

    @property
    def is_sharded(self) -> bool:
        """Whether the rows are in shards."""
        return self.is_remote or self.path.is_dir()

    @property
    def shards(self) -> "list[Source | str]":
        """The sources of the files in a folder of shards, or their URLs; none for a file.

        Raises as `shard_urls` and `url_in` do.
        """
        if self.is_remote:
            return list(shard_urls(url_in(self.path)))
        return [Source(path) for path in shard_files(self.path)] if self.path.is_dir() else []

    @property
    def files(self) -> list[Path]:
        """The file, or the shards of a folder."""
        return shard_files(self.path) if self.path.is_dir() else [self.path]

    @property
    def is_parquet(self) -> bool:
        """Whether the file is one of Parquet's."""
        return self.path.suffix.lower() == ".parquet"

    @property
    def quote(self) -> bool:
        """Whether values may stand in quotes."""
        return not self.columns

    @property
    def delimiter(self) -> str:
        """The separator in `content`, one character."""
        return self.separator if len(self.separator) == 1 else UNIT

    def remarks(self, usual: str) -> list[str]:
        """What is unusual about the form of the file of the table `usual`, for a report of what was read."""
        if self.is_sharded:
            return [f"read from {len(self.shards)} shards{f' at {url_in(self.path)}' if self.is_remote else ''}"]
        unusual = [] if self.path.name == usual else [f"read from {self.path.name}"]
        if self.separator != "," and not self.columns:
            unusual.append(f"separated by {'tabs' if self.separator == chr(9) else self.separator}")
        if not self.columns and self.is_western:
            unusual.append(WESTERN)
        return unusual

    @property
    def header_lines(self) -> int:
        """The lines before the first row."""
        return 0 if self.columns else self.skip + 1

    @cached_property
    def is_plain(self) -> bool:
        """Whether the bytes of the file are its content, so that it can be read from the disk in pieces."""
        if self.path.suffix.lower() in (*_OPEN, ".zip") or len(self.separator) > 1 or self.columns:
            return False
        with self.path.open("rb") as file:
            return utf16_of(file.read(4)) is None and not self.is_western

    @cached_property
    def is_western(self) -> bool:
        """Whether the text is Windows-1252. Files too large for a person's list are not looked at."""
        if self.is_parquet or self.is_sharded or self.path.stat().st_size > _MOST_WESTERN:
            return False
        content = _unpacked(self.path)
        return utf16_of(content) is None and from_western(content) is not content

    def content(self) -> bytes:
        """The text of the file as UTF-8, if it is text. Raises CineMatchError for a damaged file."""
        if self.is_plain:
            return self.path.read_bytes()
        content = _unpacked(self.path)
        if codec := utf16_of(content):
            content = _decoded(content, codec, self.path).encode()
        content = from_western(content)
        return content if self.delimiter == self.separator else content.replace(self.separator.encode(), UNIT.encode())

    def lines(self) -> Iterator[str]:
        """The lines of the text with their ends. Raises UnicodeDecodeError."""
        if self.is_plain:
            with self.path.open(encoding="utf-8-sig", newline="") as lines:
                yield from lines
        else:
            yield from io.StringIO(self.content().decode("utf-8-sig"), newline="")

    def header(self) -> list[str]:
        """The names on its first line; none if it cannot be read."""
        if self.is_parquet:
            return []
        try:
            return next(itertools.islice(self.rows(), self.skip, None), [])
        except (UnicodeDecodeError, csv.Error):
            return []

    @property
    def is_bare(self) -> bool:
        """Whether there are no rows, only a first line at most; large files, of which that is not so, are not read.

        Nor are shards at a URL, but it raises as `shards` does.
        """
        if self.is_sharded:
            return all(isinstance(one, Source) and one.is_bare for one in self.shards)
        if self.is_parquet or self.path.stat().st_size > _MOST_BARE:
            return False
        try:
            least = self.with_separator_for(()).header_lines
            return sum(1 for _ in itertools.islice(filter(any, self.rows()), least + 1)) <= least
        except (UnicodeDecodeError, csv.Error):
            return False

    def rows(self, *, strict: bool = False) -> Any:
        """The rows as the csv module reads them."""
        dialect: dict[str, Any] = {"delimiter": self.delimiter, "strict": strict}
        return csv.reader(self.lines(), quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE, **dialect)

    def with_separator_for(self, required: Iterable[str]) -> "Source":
        """The source with the separator under which its first line names all the columns `required`, if there is one.

        A first line ``sep=;``, as Excel has it, is skipped.
        """
        if self.columns or self.is_parquet or self.is_sharded:
            return self
        lines = self.lines()
        try:
            first = next(lines, "")
            skip = int(first.strip().strip('"').lower().startswith("sep="))
            first = next(lines, "") if skip else first
        except UnicodeDecodeError:
            return self
        wanted = set(required)
        for separator in SEPARATORS:
            form = replace(self, separator=separator, skip=skip)
            named = next(csv.reader([first.replace(separator, form.delimiter)], delimiter=form.delimiter), [])
            if wanted <= canonical_columns(named, wanted).keys():
                return form
        return replace(self, skip=skip)


def canonical_columns(header: Iterable[str], wanted: Iterable[str]) -> dict[str, str]:
    """The columns `wanted` that a file has, with the names that it gives them; names may be spelled otherwise.

    >>> canonical_columns(["MovieID", " title ", "note"], ["movieId", "title", "genres"])
    {'movieId': 'MovieID', 'title': ' title '}
    """
    header = list(header)
    found = {}
    for name in wanted:
        same = [one for one in header if fold_closed(one) == fold_closed(name)]
        other = [one for one in header if _OTHER_NAMES.get(fold_closed(one)) == name]
        if match := [name] if name in header else same or other:
            found[name] = match[0]
    return found


def _unpacked(path: Path) -> bytes:
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with open_zip(path, str(path)) as archive:
            names = [one for one in archive.namelist() if not one.endswith("/") and not one.startswith("__MACOSX")]
            if len(names) != 1:
                raise CineMatchError(f"{path} must hold one file, the table, and holds {len(names)}; unpack it")
            return archive.read(names[0])
    content = path.read_bytes()
    if suffix not in _OPEN:
        return content
    try:
        return _OPEN[suffix](content)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise CineMatchError(f"{path} is damaged ({error}); copy or download it again") from None


def _decoded(content: bytes, codec: str, path: Path) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise CineMatchError(f"{path} begins as UTF-16 does, and is not: {error.reason}; save it as UTF-8") from None

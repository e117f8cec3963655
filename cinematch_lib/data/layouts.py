"""The layouts in which data sets are published, and the files of a data set that lie in a folder."""

import errno
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cinematch_lib.data.shard_files import shard_files
from cinematch_lib.data.sources import Source
from cinematch_lib.errors import CineMatchError

# What a table without rows holds, by its name, with the remedy.
NO_ROWS = {
    "movies": "no films, at most a first line; put the whole table there",
    "ratings": "no ratings, at most a first line; put the whole table there, or remove it to recommend by content",
}
MOVIES_DATASET = "The Movies Dataset (Kaggle)"
INTERACTIONS = "interactions of users and items"
# Endings of a table's file, the first that is there counts; a zip holds the file alone.
_ENDINGS = (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zip", ".zip", ".parquet", ".tsv", ".tsv.gz", ".txt")
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".7z", ".rar")
_PACKED = ("", ".gz", ".bz2", ".xz", ".zip")


@dataclass(frozen=True)
class TableFile:
    """The file of a table: its possible names, with `columns` in their order if its first line does not name them.

    A name without a dot stands for all `_ENDINGS`. With `sharded`, a folder with the first name and with files in it
    counts before the files, and so does a file ``.url`` that names such a folder elsewhere.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...] = ()
    separator: str = ","
    sharded: bool = False

    def candidates(self) -> Iterator[str]:
        """The names of files in lower case, the preferred first."""
        if self.sharded:
            yield f"{self.names[0]}.url"
        for name in self.names:
            for ending in _PACKED if "." in name else _ENDINGS:
                yield f"{name}{ending}"


@dataclass(frozen=True)
class Layout:
    """A layout: the file of each table by the table's name, and the tables that it needs."""

    title: str
    tables: Mapping[str, TableFile]
    needed: tuple[str, ...] = ("movies",)


_MOVIES = ("movieId", "title", "genres")
_RATINGS = ("userId", "movieId", "rating", "timestamp")
# The columns of u.item, of which the last 19 are 0 or 1.
_FLAGS = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
GENRE_FLAGS = _FLAGS[1:]
_ITEM = ("movieId", "title", "release_date", "video_release_date", "imdb_url", *_FLAGS)

LAYOUTS = (
    Layout(
        "MovieLens",
        {
            "movies": TableFile(("movies", "movie")),
            "links": TableFile(("links", "link")),
            "ratings": TableFile(("ratings", "rating"), sharded=True),
            "tags": TableFile(("tags", "tag")),
            "tmdb_metadata": TableFile(("tmdb_metadata",)),
        },
        ("movies", "links"),
    ),
    Layout(
        "MovieLens 1M and 10M",
        {
            "movies": TableFile(("movies.dat",), _MOVIES, "::"),
            "ratings": TableFile(("ratings.dat",), _RATINGS, "::"),
            "tags": TableFile(("tags.dat",), ("userId", "movieId", "tag", "timestamp"), "::"),
            "links": TableFile(("links",)),
            "tmdb_metadata": TableFile(("tmdb_metadata",)),
        },
    ),
    Layout(
        "MovieLens 100K",
        {
            "movies": TableFile(("u.item",), _ITEM, "|"),
            "ratings": TableFile(("u.data",), _RATINGS, "\t"),
            "links": TableFile(("links",)),
            "tmdb_metadata": TableFile(("tmdb_metadata",)),
        },
    ),
    Layout(
        MOVIES_DATASET,
        {
            "movies": TableFile(("movies_metadata",)),
            "links": TableFile(("links", "links_small")),
            "ratings": TableFile(("ratings", "ratings_small")),
            "keywords": TableFile(("keywords",)),
            "credits": TableFile(("credits",)),
        },
        ("movies", "links"),
    ),
    Layout(
        INTERACTIONS,
        {"ratings": TableFile(("interactions",)), "movies": TableFile(("items",))},
        ("ratings",),
    ),
)


@dataclass(frozen=True)
class DataFolder:
    """A data set in a folder: its layout, the folder with its files, and the source of each table that is there."""

    layout: Layout
    folder: Path
    sources: Mapping[str, Source]

    @property
    def missing(self) -> list[str]:
        """The names, in the usual form, of the files that the layout needs and that are not there."""
        lacking = [self.layout.tables[name] for name in self.layout.needed if name not in self.sources]
        return [next(one.candidates()) for one in lacking]

    def file_of(self, table: str) -> Source | None:
        """The source of a table as one file, though there may be shards of it too; None if there is none."""
        return _file_in(self.layout.tables[table], self.folder)


def look(folder: Path) -> DataFolder | None:
    """The data set in `folder`, or in folders in it, two deep; None if no table of any layout is there.

    A layout of which all needed tables are there is preferred, then the one with most tables. Raises OSError for a
    folder that cannot be read.
    """
    inner = _folders(folder)
    places = (folder, *inner, *(deeper for one in inner for deeper in _folders(one)))
    found = [one for place in places for layout in LAYOUTS if (one := _in_layout(layout, place))]
    return max(found, key=lambda one: (not one.missing, "movies" in one.sources, len(one.sources)), default=None)


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in _entries(parent) if path.is_dir() and not path.name.startswith((".", "__")))


def source_of(folder: Path, table: str) -> Source | None:
    """The source of a table of the data set in `folder`; None if it is not there."""
    found = look(Path(folder))
    return None if found is None else found.sources.get(table)


def unread(folder: Path, beginning: str) -> list[str]:
    """The names in `folder` that begin as a table's does, in any case, and are no files of a layout's tables."""
    names = sorted((path.name, path.is_file()) for path in _entries(Path(folder)))
    return [
        name
        for name, is_file in names
        if name.casefold().startswith(beginning) and not (is_file and is_table_name(name))
    ]


def packed(folder: Path) -> list[str]:
    """The names of the archives in `folder`."""
    return sorted(path.name for path in _entries(folder) if path.name.casefold().endswith(_ARCHIVES))


def is_table_name(name: str) -> bool:
    """Whether a file of this name, whatever its folder, is a table of a layout; metadata aside, which has other places.

    >>> is_table_name("ml-25m/Ratings.csv.gz"), is_table_name("tmdb_metadata.csv"), is_table_name("my services.csv")
    (True, False, False)
    """
    files = (one for layout in LAYOUTS for table, one in layout.tables.items() if table != "tmdb_metadata")
    return any(name.rpartition("/")[2].casefold() in one.candidates() for one in files)


def holds(folder: Path, most: int = 8) -> str:
    """What lies in a folder, as words for a message.

    >>> holds(Path("/nowhere"))
    'nothing'
    """
    names = sorted(f"{one.name}/" if one.is_dir() else one.name for one in _entries(folder) if one.name[0] != ".")
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "nothing") + more


def describe(folder: Path) -> list[str]:
    """What a folder holds, in lines: the layout, the file of each table, what is missing, and how to read it.

    Raises CineMatchError if there is no such folder.
    """
    if not folder.is_dir():
        raise CineMatchError(f"{folder} is no folder; name one that holds the files of a data set")
    found = look(folder)
    if found is None:
        return [f"{folder} holds {holds(folder)}: no table of any layout that is known."]
    lines = [f"{found.folder}: the layout of {found.layout.title}"]
    for table, file in found.layout.tables.items():
        source, needed = found.sources.get(table), table in found.layout.needed
        size = f", {sum(one.stat().st_size for one in source.files) / 1e6:.1f} MB" if source else ""
        absent = f"{'missing' if needed else 'not there'}, would be {next(file.candidates())}"
        lines.append(f"  {table:<14} {source.path.name + size if source else absent}")
    if found.missing:
        return [*lines, f"It cannot be read without {' and '.join(found.missing)}."]
    place = folder.resolve()
    return [
        *lines,
        f"To use it: cinematch run --raw-dir {shlex.quote(str(place.parent))} --dataset {shlex.quote(place.name)}",
    ]


def _in_layout(layout: Layout, folder: Path) -> DataFolder | None:
    sources = {}
    for table, file in layout.tables.items():
        shards = folder / file.names[0]
        if file.sharded and shards.is_dir() and shard_files(shards):
            sources[table] = Source(shards)
        elif source := _file_in(file, folder):
            sources[table] = source
    return DataFolder(layout, folder, sources) if sources else None


def _file_in(file: TableFile, folder: Path) -> Source | None:
    files = {path.name.casefold(): path for path in _entries(folder) if path.is_file()}
    name = next((name for name in file.candidates() if name in files), None)
    return None if name is None else Source(files[name], file.separator, file.columns)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return []
        raise

"""Paths of a project, independent of the folder in which a notebook runs."""

from pathlib import Path

ITEM_NUMBERS = "item_numbers.csv"  # the ids of items that have names, in the data folder and in a run
REJECTS = "rejects.csv"  # the rows that cleaning rejected, beside the catalog and in a run
_ADDRESSES = ("postgresql://", "postgres://")  # how the address of a PostgreSQL database begins


def project_path(folder: str | Path) -> Path:
    """`folder` as an absolute path; a relative one is taken from the project's root.

    The root is the nearest folder, from the working folder upwards, that holds both `notebooks` and
    `cinematch_lib`; the working folder itself if there is none. papermill runs notebooks in the caller's
    folder, nbval and JupyterLab in the notebook's; both get the same paths from this function.
    """
    here, names = Path.cwd(), ("notebooks", "cinematch_lib")
    roots = (path for path in (here, *here.parents) if all((path / name).is_dir() for name in names))
    return (next(roots, here) / folder).resolve()


def is_address(place: Path | str) -> bool:
    """Whether the place of a store is the address of a PostgreSQL database, and no folder."""
    return str(place).startswith(_ADDRESSES)

"""Where the folders of a project are, wherever a notebook happens to run."""

from pathlib import Path

REJECTS = "rejects.csv"  # the rows that cleaning left out; beside the catalog, and in a run


def project_path(folder: str) -> Path:
    """A folder as an absolute path; a relative one is taken from the project's root.

    The root is the nearest folder, from the working one upwards, that holds both `notebooks` and
    `cinematch_lib`; without one, the working folder itself. papermill runs notebooks in the caller's folder,
    nbval and JupyterLab in the notebook's: with this they agree.
    """
    here = Path.cwd()
    roots = (
        path for path in (here, *here.parents) if all((path / name).is_dir() for name in ("notebooks", "cinematch_lib"))
    )
    return (next(roots, here) / folder).resolve()

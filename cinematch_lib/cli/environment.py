"""What a command finds: environment variables from a file ``.env``, and the limit of open files."""

import os

from cinematch_lib.errors import CineMatchError, require_extra


def load_dotenv_file(extra: str) -> None:
    """Read the project's ``.env``; variables that are set already stay as they are.

    `extra` is the one that the command needs anyway. Raises MissingExtraError, and CineMatchError for a file that is
    not UTF-8.
    """
    require_extra(extra, "dotenv")
    from cinematch_lib.storage.dotenv import read_dotenv

    for name, value in read_dotenv().items():
        os.environ.setdefault(name, value)


def allow_open_files(least: int) -> None:
    """Raise this process's limit of open files as far as it may. Raises CineMatchError if it stays below `least`."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= least:
        return
    if hard == resource.RLIM_INFINITY or hard >= least:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, hard))
    else:
        raise CineMatchError(f"only {hard} files may be open at once, and {least} are needed; raise it: ulimit -n 1024")

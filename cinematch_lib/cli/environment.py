"""Environment variables from a file ``.env``."""

import os

from cinematch_lib.errors import require_extra


def load_dotenv_file(extra: str) -> None:
    """Read the project's ``.env``; variables that are set already stay as they are.

    `extra` is the one that the command needs anyway. Raises MissingExtraError, and CineMatchError for a file that is
    not UTF-8.
    """
    require_extra(extra, "dotenv")
    from cinematch_lib.storage.dotenv import read_dotenv

    for name, value in read_dotenv().items():
        os.environ.setdefault(name, value)

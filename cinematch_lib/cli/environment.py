"""Environment variables from a file ``.env``."""

from cinematch_lib.errors import require_extra


def load_dotenv_file(extra: str) -> None:
    """Read the nearest ``.env``, from the working folder upwards; variables that are set already stay as they are.

    `extra` is the one that the command needs anyway. Raises MissingExtraError.
    """
    require_extra(extra, "dotenv")
    from dotenv import find_dotenv, load_dotenv

    load_dotenv(find_dotenv(usecwd=True))

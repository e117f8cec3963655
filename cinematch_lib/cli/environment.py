"""Environment variables from a file ``.env``."""

from cinematch_lib.errors import CineMatchError, require_extra


def load_dotenv_file(extra: str) -> None:
    """Read the nearest ``.env``, from the working folder upwards; variables that are set already stay as they are.

    `extra` is the one that the command needs anyway. Raises MissingExtraError, and CineMatchError for a file that is
    not UTF-8.
    """
    require_extra(extra, "dotenv")
    from dotenv import find_dotenv, load_dotenv

    path = find_dotenv(usecwd=True)
    try:
        load_dotenv(path)
    except UnicodeDecodeError:
        raise CineMatchError(f"{path} is not UTF-8; save it again as UTF-8") from None

"""The project's file ``.env``: variables for programs, and nothing of folders above the project."""

import io
from pathlib import Path

from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.paths import project_path

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def dotenv_path() -> Path:
    """The `.env` of the working folder, else that of the project's root, which need not exist."""
    here = Path.cwd() / ".env"
    return here if here.is_file() else project_path(".env")


def read_dotenv() -> dict[str, str]:
    """The variables of the project's `.env`, none without the file; python-dotenv must be installed.

    Raises CineMatchError for a file that is neither UTF-8 nor, with its mark, UTF-16.
    """
    from dotenv import dotenv_values

    path = dotenv_path()
    if not path.is_file():
        return {}
    content = path.read_bytes()
    try:
        text = content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise CineMatchError(f"{path} is not UTF-8; save it again as UTF-8") from None
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}

"""The address of TMDb's API and the token: from the environment, or from the project's `.env`."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import set_key

from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.dotenv import dotenv_path, read_dotenv

TOKEN, URL = "TMDB_BEARER_TOKEN", "TMDB_API_URL"
OTHER_NAMES = ("TMDB_API_KEY", "TMDB_TOKEN", "TMDB_ACCESS_TOKEN", "TMDB_API_READ_ACCESS_TOKEN", "TMDB_KEY")
DEFAULT_URL = "https://api.themoviedb.org"


@dataclass(frozen=True)
class Access:
    """The API's address and token; the token is not part of the representation."""

    url: str
    token: str = field(repr=False)


def access() -> Access | None:
    """The settings in the environment, else in the project's `.env`.

    None without a token; a variable that is set but empty overrides `.env`. Raises CineMatchError for an invalid
    token or address; the message never contains the token.
    """
    from_file = read_dotenv()

    def setting(name: str) -> str:
        return (os.environ.get(name, from_file.get(name)) or "").strip()

    token = setting(TOKEN).removeprefix("Bearer ").strip()
    if not token:
        return None
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise CineMatchError(
            f"{TOKEN} holds a character that no token has, such as a space or a line break; copy the API Read Access "
            "Token from TMDb's settings page again, in one line and without quotes"
        )
    url = (setting(URL) or DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise CineMatchError(
            f"{URL} must be an address such as {DEFAULT_URL}, without user name and query, got one of another kind"
        )
    return Access(url, token)


def other_names_set() -> list[str]:
    """The names of variables, other than TOKEN, in which people keep a token of TMDb's, and that are set."""
    known = os.environ | read_dotenv()
    return [name for name in OTHER_NAMES if known.get(name)]


def keep_token(token: str) -> Path:
    """Write the token to `.env`, readable by its owner alone, and return the path; other lines do not change."""
    path = dotenv_path()
    if path.is_file():
        path.chmod(0o600)  # before the token is written; set_key keeps this mode, and uses it for a new file
    try:
        set_key(path, TOKEN, token)
    except UnicodeDecodeError:
        raise CineMatchError(f"{path} is not UTF-8; save it again as UTF-8") from None
    return path

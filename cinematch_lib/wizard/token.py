"""TMDb's token: its source, and whether TMDb accepts it. It is never shown."""

import datetime
import os

from cinematch_lib.data.tmdb.client import Client, RequestFailedError
from cinematch_lib.data.tmdb.rate_limit import RateLimiter
from cinematch_lib.data.tmdb.settings import TOKEN, Access, access
from cinematch_lib.errors import CineMatchError, DownloadError
from cinematch_lib.storage.dotenv import dotenv_path, read_dotenv
from cinematch_lib.wizard import terminal
from cinematch_lib.wizard.prompts import Prompter

_ACCOUNT = (
    "TMDb requires a token of your own: make a free account at https://www.themoviedb.org, then copy the API Read "
    f"Access Token (the long one) from https://www.themoviedb.org/settings/api. It goes into the variable {TOKEN}, "
    "or into the file .env as .env.example shows; the set-up can write it there."
)
_TERMS = (
    "TMDb's terms require its credit wherever its data is shown, limit storage to six months (older data is dropped), "
    "and restrict use for machine learning without an agreement. Read them before you go on: "
    "https://www.themoviedb.org/api-terms-of-use"
)


def accepted_token(prompter: Prompter) -> str | None:
    """Ask for a token until TMDb accepts it; returns the typed one, None where one was set already.

    A typed token is set for this process and those that it starts. Raises CineMatchError where nobody can be asked,
    DownloadError when TMDb cannot be reached.
    """
    for paragraph in (_ACCOUNT, _TERMS):
        terminal.say(f"{paragraph}\n")
    typed = None
    while True:
        try:
            if (reach := access()) is not None:
                _check(reach)
                terminal.say("TMDb accepts the token.")
                return typed
            problem = "" if typed is None else "Nothing was typed."
        except DownloadError:
            raise
        except CineMatchError as error:
            if prompter.unattended:
                raise
            problem = f"{error}."
        if prompter.unattended:
            raise CineMatchError(
                f"no {TOKEN} is set; set it in the environment or in {dotenv_path()}, or say --mode quick to do "
                "without TMDb"
            )
        if problem:
            terminal.say(problem, indent=2)
        typed = os.environ[TOKEN] = prompter.password("Token")


def is_set_outside_dotenv() -> bool:
    """Whether the environment sets the token, be it empty, which overrides the one in `.env`."""
    own = os.environ.get(TOKEN)
    return own is not None and own != read_dotenv().get(TOKEN)


def _check(reach: Access) -> None:
    """Send one small request. Raises CineMatchError for a token that is refused, or when TMDb does not respond."""
    terminal.say("Checking the token with TMDb …")
    today = datetime.datetime.now(datetime.UTC).date()
    client = Client(reach, RateLimiter())
    try:
        client.changed(today, today)
    except RequestFailedError as error:
        raise DownloadError(f"TMDb {error}; try again later, or say --mode quick to do without it") from None
    finally:
        client.close()

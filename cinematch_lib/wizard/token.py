"""TMDb's token: where it comes from, whether TMDb takes it, and where it may be kept. It is never shown."""

import datetime
import os

from dotenv import dotenv_values

from cinematch_lib.data.tmdb.client import Client, RequestFailedError
from cinematch_lib.data.tmdb.rate_limit import RateLimiter
from cinematch_lib.data.tmdb.settings import TOKEN, Access, access, dotenv_path
from cinematch_lib.errors import CineMatchError, DownloadError
from cinematch_lib.wizard import terminal as page
from cinematch_lib.wizard.prompts import Prompter

EXPLAINED = (
    "TMDb asks for a token of your own: make a free account at https://www.themoviedb.org, then take the API Read "
    f"Access Token (the long one) from https://www.themoviedb.org/settings/api. It goes into the variable {TOKEN}, "
    "or into the file .env as .env.example shows; the set-up can write it there."
)
TERMS = (
    "TMDb's terms ask for its credit wherever its data is shown, forbid to keep it longer than six months (this is "
    "seen to), and restrict its use for machine learning without an agreement. Read them before you go on: "
    "https://www.themoviedb.org/api-terms-of-use"
)


def accepted_token(asker: Prompter) -> str | None:
    """Make sure of a token that TMDb takes; returns it where it was typed in, None where it was set already.

    What is typed is set for this process and those it starts. Raises CineMatchError where nobody can be asked
    for one, DownloadError when TMDb cannot be reached.
    """
    typed = None
    while True:
        try:
            if (reach := access()) is not None:
                _check(reach)
                page.say("TMDb takes the token.")
                return typed
            refused = "Nothing was typed." if typed == "" else ""
        except DownloadError:
            raise
        except CineMatchError as error:
            if asker.defaults:
                raise
            refused = f"{error}."
        if asker.defaults:
            raise CineMatchError(
                f"no {TOKEN} is set; set it in the environment or in {dotenv_path()}, or say --mode quick to do "
                "without TMDb"
            )
        if refused:
            page.say(refused, indent=2)
        typed = os.environ[TOKEN] = asker.secret("Token (it is not shown while you type or paste it)")


def goes_before_dotenv() -> bool:
    """Whether the environment has a token, or an empty one, of its own, which counts before that in `.env`."""
    own = os.environ.get(TOKEN)
    return own is not None and own != dotenv_values(dotenv_path(), interpolate=False).get(TOKEN)


def _check(reach: Access) -> None:
    """One small request. Raises CineMatchError for a token that is refused, or when TMDb does not answer."""
    page.say("Asking TMDb whether it takes the token …")
    today = datetime.datetime.now(datetime.UTC).date()
    client = Client(reach, RateLimiter())
    try:
        client.changed(today, today)
    except RequestFailedError as error:
        raise DownloadError(f"TMDb {error}; try again later, or say --mode quick to do without it") from None
    finally:
        client.close()

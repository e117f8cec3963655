"""Types of the values in requests."""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cinematch_lib.vocabulary.rating_scale import HIGHEST_STARS, LOWEST_STARS

MAX_IDS, MAX_NAMES = 1000, 50
MAX_ID = 2**31 - 1
_JOINERS = "\u200c\u200d"  # parts of words in Persian and Indic scripts
_ROUTE_WORDS = ("watched", "data", "my-likes", "my-dislikes", "reset")


def _user_id(user_id: str) -> str:
    """The id in the composed form of Unicode, so that é is one user however it is encoded.

    Slashes at the ends are left out, and of several in a row one is kept, as proxies do with paths.
    """
    user_id = "/".join(filter(None, unicodedata.normalize("NFC", user_id).split("/")))
    if not user_id:
        raise ValueError("a user id must not be empty")
    # U+FFFD replaces undecodable bytes; different ids would become the same user.
    if "\ufffd" in user_id or not all(_is_printable(char) for char in user_id):
        raise ValueError("a user id must contain printable characters only")
    if user_id.split("/")[-1] in _ROUTE_WORDS:
        raise ValueError(f"a user id must not end with /{user_id.split('/')[-1]}, which is a part of the API's paths")
    return user_id


def _is_printable(char: str) -> bool:
    return char.isprintable() or char in _JOINERS or unicodedata.category(char) == "Zs"


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")
    return value


def _whole(value: object) -> object:
    """The value, where it is a whole number written as 1e30 as an integer: pydantic takes none beyond 64 bits."""
    value = _no_bool(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


UserId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_user_id)]
AnyId = Annotated[int, BeforeValidator(_whole)]  # no film has most of these
Bound = Annotated[int, BeforeValidator(_whole)]
Limit = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=100)]
Ids = Annotated[list[AnyId], Field(max_length=MAX_IDS)]
Names = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=MAX_NAMES)]
Minutes = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=100_000)]
Knob = Annotated[float, BeforeValidator(_no_bool), Field(ge=0, le=1)]
Stars = Annotated[float, BeforeValidator(_no_bool), Field(ge=LOWEST_STARS, le=HIGHEST_STARS)]
Year = Annotated[int, Field(ge=0, le=9999)]


class Rating(BaseModel):
    """A user's rating of a film, 0.5 to 5 stars; `timestamp`, seconds since 1970, is its time, if it is known."""

    model_config = ConfigDict(extra="allow")

    movie_id: AnyId
    rating: Stars
    timestamp: Annotated[float, Field(ge=0, le=2**53)] | None = None


Ratings = Annotated[list[Rating], Field(max_length=MAX_IDS)]


class LimitedRequest(BaseModel):
    """A request for a list, which may have unknown fields; of `limit` and `k` the one counts that is not null."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {name: value for name, value in values.items() if name not in ("limit", "k") or value is not None}

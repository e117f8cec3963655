"""Request and response schemas of the newer client's routes."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from cinematch_lib.serving.cursor import MAX_LENGTH
from cinematch_lib.serving.fields import AnyId, Limit, Minutes, Names
from cinematch_lib.serving.schemas import MayIgnore, QueryParameters

Mode = Literal["because_liked", "trending", "genre", "service", "year", "runtime"]
YearBucket = Literal["", "recent", "2010s", "2000s", "90s", "classic"]
RuntimeBucket = Literal["", "short", "medium", "long"]


def _email(value: str) -> str:
    value = value.strip()
    before, at, after = value.rpartition("@")
    if not (before and at and after and value.isprintable() and " " not in value):
        raise ValueError("an e-mail must look like name@example.org")
    return value


class IdentifyRequest(BaseModel):
    """The e-mail of a user, and their name where they are new or have another one."""

    model_config = ConfigDict(extra="allow")

    email: Annotated[str, Field(max_length=254), AfterValidator(_email)]
    name: Annotated[str, Field(max_length=100)] | None = None

    @field_validator("name")
    @classmethod
    def _no_empty_name(cls, name: str | None) -> str | None:
        if name and not name.isprintable():
            raise ValueError("a name must contain printable characters only")
        return (name or "").strip() or None


class AccountResponse(MayIgnore):
    """A user of the newer client."""

    id: int
    name: str
    email: str
    created_at: str


class PreferencesRequest(BaseModel):
    """Changed preferences; a field that is absent stays as it is, null empties it."""

    model_config = ConfigDict(extra="allow")

    preferred_genres: Names | None = None
    services: Names | None = None
    original_languages: Names | None = None
    runtime_min: Minutes | None = None
    runtime_max: Minutes | None = None


class StoredPreferences(MayIgnore):
    """A user's preferences, and the time of their last change."""

    preferred_genres: list[str]
    services: list[str]
    original_languages: list[str]
    runtime_min: int | None
    runtime_max: int | None
    updated_at: str


class ClientFilm(BaseModel):
    """A recommended film."""

    movie_id: int
    title: str
    year: int
    runtime: int
    overview: str
    genres: list[str]
    services: list[str]
    poster_url: str | None
    poster_path: str
    score: float
    explanation: str


class ClientQuery(QueryParameters):
    """A mode and its filter."""

    limit: Limit = 20
    mode: Mode = "because_liked"
    genre: Annotated[str, Field(max_length=100)] = ""
    service: Annotated[str, Field(max_length=100)] = ""
    year_bucket: YearBucket = ""
    runtime_bucket: RuntimeBucket = ""
    cursor: Annotated[str, Field(max_length=MAX_LENGTH)] | None = None


class ClientRecommendations(MayIgnore):
    """Recommended films of one mode, the best first."""

    recommendations: list[ClientFilm]
    count: int
    user_id: int
    mode: Mode
    list_id: str
    next_cursor: str | None = None


class ClientWatchlistRequest(BaseModel):
    """A film to watch, on a service; the title is the catalog's."""

    model_config = ConfigDict(extra="allow")

    movie_id: AnyId
    title: Annotated[str, Field(max_length=1000)] | None = None
    service: Annotated[str, Field(max_length=100)] | None = None


class ClientWatchlistItem(MayIgnore):
    """A film on the watchlist."""

    id: int
    movie_id: int
    title: str
    service: str | None
    watched: bool
    created_at: str
    poster_url: str | None
    overview: str
    year: int
    runtime: int
    genres: list[str]


class ClientWatchlist(MayIgnore):
    """The watchlist, the newest film first."""

    items: list[ClientWatchlistItem]
    count: int


class RemovedMessage(MayIgnore):
    """A film that was removed from the watchlist."""

    message: str
    movie_id: int


class SignalRequest(BaseModel):
    """Feedback on a film."""

    model_config = ConfigDict(extra="allow")

    movie_id: AnyId
    signal: Literal["like", "dislike", "not_interested"]


class SignalResponse(MayIgnore):
    """The stored feedback on a film."""

    id: int
    movie_id: int
    signal: Literal["like", "dislike", "not_interested"]
    created_at: str


class ResetResponse(MayIgnore):
    """The number of films whose feedback was deleted."""

    success: bool
    message: str
    deleted_count: int

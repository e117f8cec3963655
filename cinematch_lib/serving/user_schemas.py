"""Request and response schemas of the routes about users."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from cinematch_lib.serving.client_schemas import AccountResponse, StoredPreferences
from cinematch_lib.serving.event_schemas import LoggedList
from cinematch_lib.serving.fields import AnyId, Stars
from cinematch_lib.serving.schemas import Film, MayIgnore, QueryParameters

FeedbackKind = Literal["like", "dislike", "not_interested", "seen", "rating"]


class WatchlistRequest(BaseModel):
    """One film, by its MovieLens id."""

    model_config = ConfigDict(extra="allow")

    movie_id: AnyId


class FeedbackRequest(WatchlistRequest):
    """Feedback on a film; `clear` deletes earlier feedback, and `rating` comes with `rating`, 0.5 to 5 stars."""

    feedback: Literal["like", "dislike", "not_interested", "seen", "rating", "clear"]
    rating: Stars | None = None

    @model_validator(mode="after")
    def _check_rating(self) -> Self:
        if (self.feedback == "rating") != (self.rating is not None):
            raise ValueError("rating goes with the feedback `rating`, and with no other")
        return self


class WatchlistItem(Film):
    """A film on a watchlist; `available` is false if the current catalog lacks it."""

    added_date: str
    watched: bool
    available: bool


class WatchlistResponse(MayIgnore):
    """A user's watchlist in the order of adding."""

    user_id: str
    items: list[WatchlistItem]
    count: int


class FilmMessage(MayIgnore):
    """The result of a change; `title` is missing for a film that was on the list already."""

    message: str
    movie_id: int
    title: str | None = None


class WatchedQuery(QueryParameters):
    """Whether the film is marked as watched or as not watched."""

    watched: bool = True


class WatchedMessage(MayIgnore):
    """Whether a film on the watchlist is marked as watched."""

    message: str
    movie_id: int
    watched: bool


class FeedbackMessage(FilmMessage):
    """The stored feedback on a film; null after `clear`."""

    feedback: FeedbackKind | None
    rating: float | None = None


class FeedbackItem(BaseModel):
    """A user's feedback on a film, and its time."""

    movie_id: int
    title: str
    year: int
    feedback: FeedbackKind
    date: str
    rating: float | None = None


class FeedbackResponse(MayIgnore):
    """A user's feedback, the oldest first."""

    user_id: str
    items: list[FeedbackItem]
    count: int


class UserData(MayIgnore):
    """All stored data of a user; `account` and `preferences` are there only for a user of the newer client.

    `lists` are those that the user got, with the events.
    """

    user_id: str
    watchlist: list[WatchlistItem]
    feedback: list[FeedbackItem]
    lists: list[LoggedList]
    account: AccountResponse | None = None
    preferences: StoredPreferences | None = None


class DeletedResponse(MayIgnore):
    """The number of films on each deleted list, and of logged lists, and whether there was an account."""

    message: str
    user_id: str
    watchlist: int
    feedback: int
    lists: int
    account: bool = False

"""Request and response schemas of events, and of the log in a user's data."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cinematch_lib.serving.fields import MAX_ID, AnyId
from cinematch_lib.serving.schemas import Ignored

EventType = Literal["seen", "click", "like", "watchlist", "watched"]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


class EventRequest(BaseModel):
    """What a user did with a list: `seen`, or something with one of its films, at a position from 1."""

    model_config = ConfigDict(extra="allow")

    event_id: _Id = Field(description="of the client's choice; an id that comes again is counted once")
    list_id: _Id = Field(description="of the answer that had the list")
    type: EventType
    movie_id: Annotated[AnyId, Field(ge=0, le=MAX_ID)] | None = None
    position: Annotated[int, Field(ge=1, le=10_000)] | None = None

    @model_validator(mode="after")
    def _has_film(self) -> "EventRequest":
        if self.type != "seen" and self.movie_id is None:
            raise ValueError(f"an event {self.type} needs a movie_id")
        return self


class EventsRequest(BaseModel):
    """Events, in one request."""

    model_config = ConfigDict(extra="allow")

    events: Annotated[list[EventRequest], Field(min_length=1, max_length=200)]


class EventsResponse(BaseModel):
    """The number of events that are stored."""

    accepted: int
    ignored: list[Ignored]


class LoggedEvent(BaseModel):
    """An event, received at a time in seconds since 1970."""

    type: EventType
    movie_id: int | None
    position: int | None
    received: float


class LoggedList(BaseModel):
    """A list that a user got, made at a time in seconds since 1970, with its arms by experiment, and the events."""

    list_id: str
    made: float
    movie_ids: list[int] | None
    request: dict[str, Any] | None
    arms: dict[str, str]
    events: list[LoggedEvent]

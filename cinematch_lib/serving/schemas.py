"""What requests may hold and what answers look like, as the OpenAPI document states it.

ResponseBuilder are built by `answers` without passing through these models: the tests hold them to the document.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

MOST_IDS, MOST_NAMES = 1000, 50
_MOST_ID = 2**31 - 1


def _printable(user_id: str) -> str:
    # U+FFFD stands for bytes that were no text; different ones would be one user.
    if not user_id.isprintable() or "\ufffd" in user_id:
        raise ValueError("a user id must hold printable characters only")
    return user_id


UserId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_printable)]
MovieId = Annotated[int, Field(ge=1, le=_MOST_ID)]
Limit = Annotated[int, Field(ge=1, le=100)]
_Ids = Annotated[list[MovieId], Field(max_length=MOST_IDS)]
_Names = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=MOST_NAMES)]
_Minutes = Annotated[int, Field(ge=0, le=100_000)]
_Year = Annotated[int, Field(ge=0, le=9999)]

FeedbackKind = Literal["like", "dislike", "not_interested"]


class RecommendationRequest(BaseModel):
    """What to recommend for; every field may be left out or null."""

    user_id: UserId | None = Field(None, description='whose feedback counts; "default_user" where left out')
    liked_movie_ids: _Ids | None = None
    disliked_movie_ids: _Ids | None = None
    not_interested_ids: _Ids | None = None
    preferred_genres: _Names | None = None
    services: _Names | None = None
    runtime_min: _Minutes | None = None
    runtime_max: _Minutes | None = None
    year_min: _Year | None = None
    year_max: _Year | None = None
    limit: Limit | None = Field(None, description="how many films; 20 where left out")
    use_feedback: bool | None = Field(None, description="whether the user's stored feedback counts; it does")
    include_reasons: bool | None = Field(None, description="whether the reasons come also as data; only in words")


class FilmChoice(BaseModel):
    """One film, by its MovieLens id."""

    movie_id: MovieId


class FeedbackRequest(FilmChoice):
    """What a user thinks of a film; `clear` takes it back."""

    feedback: Literal["like", "dislike", "not_interested", "clear"]


class Film(BaseModel):
    """A film. An unknown runtime is the catalog's median, an unknown overview the title; flags say so."""

    movie_id: int
    title: str
    year: int
    runtime: int
    runtime_known: bool
    overview: str
    overview_known: bool
    genres: Annotated[list[str], Field(min_length=1)]
    services: list[str]
    director: list[str]
    cast: list[str]
    tmdb_id: int | None
    imdb_id: str
    poster_path: str
    original_language: str


class ReasonAnswer(BaseModel):
    """An addend of the score: `share` is its part of what speaks for the film, below 0 if it speaks against it."""

    kind: str
    value: float
    share: float
    movie_id: int | None
    title: str | None
    year: int | None
    features: list[str]


class RecommendedFilm(Film):
    """A film with its place in the list and why it has it."""

    rank: int
    score: float
    explanation: str
    reasons: list[ReasonAnswer]


class RecommendationsAnswer(BaseModel):
    """Recommended films, the best first."""

    recommendations: list[RecommendedFilm]
    count: int
    user_id: str
    run_id: str
    attributions: list[str]


class SimilarAnswer(BaseModel):
    """The films most like one, the likest first."""

    movie_id: int
    title: str
    similar: list[RecommendedFilm]
    count: int
    attributions: list[str]


class SearchAnswer(BaseModel):
    """Films found by title, the best match first."""

    query: str
    results: list[Film]
    count: int


class GenresAnswer(BaseModel):
    """The genres that films have."""

    genres: list[str]


class ServicesAnswer(BaseModel):
    """The streaming services that films are on, and who says so."""

    services: list[str]
    source: str


class AboutAnswer(BaseModel):
    """The catalog in use, and whom to credit."""

    run_id: str
    num_items: int
    year_min: int | None
    year_max: int | None
    services_source: str
    attributions: list[str]


class WatchlistItem(Film):
    """A film on a watchlist; `available` is false where the present catalog no longer has it."""

    added_date: str
    watched: bool
    available: bool


class WatchlistAnswer(BaseModel):
    """A user's watchlist in the order in which films were added."""

    user_id: str
    items: list[WatchlistItem]
    count: int


class FilmMessage(BaseModel):
    """What was done with a film; a film already on the list comes without its title."""

    message: str
    movie_id: int
    title: str | None = None


class WatchedMessage(BaseModel):
    """Whether a film on the watchlist counts as watched now."""

    message: str
    movie_id: int
    watched: bool


class FeedbackMessage(FilmMessage):
    """What is stored of a film now; null after `clear`."""

    feedback: FeedbackKind | None


class FeedbackItem(BaseModel):
    """What a user said of a film, and when."""

    movie_id: int
    title: str
    year: int
    feedback: FeedbackKind
    date: str


class FeedbackAnswer(BaseModel):
    """A user's feedback, the oldest first."""

    user_id: str
    items: list[FeedbackItem]
    count: int


class UserData(BaseModel):
    """Everything that is stored of a user."""

    user_id: str
    watchlist: list[WatchlistItem]
    feedback: list[FeedbackItem]


class Deleted(BaseModel):
    """How many films were on the lists that were deleted."""

    message: str
    user_id: str
    watchlist: int
    feedback: int


class Health(BaseModel):
    """Whether the server serves the newest run; `refused_run` is one that it could not."""

    status: Literal["ok", "degraded"]
    num_items: int
    service: str
    version: str
    run_id: str
    run_created: str
    run_age_seconds: int
    refused_run: str | None


class Welcome(BaseModel):
    """What the server says of itself."""

    service: str
    version: str
    status: str
    docs: str


class Slip(BaseModel):
    """One thing wrong in a request: where, and what."""

    where: str
    message: str


class Problem(BaseModel):
    """Why a request was not served, in words; with close names, or with each thing that was wrong, where there are."""

    detail: str
    suggestions: list[str] | None = None
    errors: list[Slip] | None = None

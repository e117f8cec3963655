"""Request and response schemas of the OpenAPI document.

Responses are encoded by `responses` without these models, for speed; tests check them against the document.
"""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from cinematch_lib.serving.cursor import MAX_LENGTH
from cinematch_lib.serving.fields import MAX_ID, Bound, Ids, Knob, Limit, LimitedRequest, Names, Ratings, UserId, Year


class RecommendationRequest(LimitedRequest):
    """The preferences to recommend for; every field is optional and may be null.

    Unknown films, genres, services and fields are passed over and named in the answer. A bound of 0 is none, and a
    film that is liked and disliked counts as disliked.
    """

    user_id: UserId | None = Field(None, description='whose stored feedback is used; "default_user" by default')
    liked_movie_ids: Ids | None = None
    disliked_movie_ids: Ids | None = None
    not_interested_ids: Ids | None = None
    ratings: Ratings | None = Field(None, description="films with the user's stars; from 4 on a film counts as liked")
    seen: Ids | None = Field(None, description="films that the user has watched and has no opinion of")
    discovery: Knob | None = Field(None, description="from 0, well-known films, to 1, unknown ones; 0.1 by default")
    diversity: Knob | None = Field(None, description="from 0, the best films, to 1, films that differ from each other")
    recency: Knob | None = Field(None, description="from 0 to 1, how much newer films are preferred; 0 by default")
    unrated_share: Knob | None = Field(None, description="from 0 to 1, the least share of unrated films; 0 by default")
    preferred_genres: Names | None = None
    services: Names | None = None
    original_languages: Names | None = Field(None, description="original languages, as codes or English names")
    runtime_min: Bound | None = None
    runtime_max: Bound | None = None
    year_min: Bound | None = None
    year_max: Bound | None = None
    limit: Limit | None = Field(
        None, description="number of films; 20 by default", validation_alias=AliasChoices("limit", "k")
    )
    capped: bool | None = Field(
        None,
        description="whether at most half of the list, but always 3 films, may share a genre, and 3 films a series; "
        "false by default",
    )
    cursor: Annotated[str, Field(max_length=MAX_LENGTH)] | None = Field(
        None, description="the `next_cursor` of the answer before, for a page that repeats none of its films"
    )
    use_feedback: bool | None = Field(None, description="whether the user's stored feedback is used; true by default")
    include_reasons: bool | None = Field(None, description="whether `reasons` are included; false by default")


class Ignored(BaseModel):
    """Something in a request that was passed over; `value` is null for an unknown field."""

    field: str
    value: int | str | None
    reason: str
    suggestions: list[str]


class MayIgnore(BaseModel):
    """An answer with `ignored` only where something of the request was passed over."""

    ignored: list[Ignored] | None = None


class Film(BaseModel):
    """A film. An unknown runtime is replaced by the catalog's median, an unknown overview by the title."""

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
    poster_url: str | None
    original_language: str


class FilmResponse(Film, MayIgnore):
    """One film."""


class Reason(BaseModel):
    """One term of the score; `share` is its fraction of the positive terms, negative for a negative term.

    The last one may be of the kind `rest`, the sum of all further terms: the values add up to the score.
    """

    kind: str
    value: float
    share: float
    movie_id: int | None
    title: str | None
    year: int | None
    features: list[str]


class RecommendedFilm(Film):
    """A film with its rank, score and explanation."""

    rank: int
    score: float
    explanation: str
    reasons: list[Reason]


class RecommendationsResponse(BaseModel):
    """Recommended films, the best first."""

    recommendations: list[RecommendedFilm]
    count: int
    next_cursor: str | None
    user_id: str
    run_id: str
    list_id: str = Field(description="names this list in events")
    attributions: list[str]
    ignored: list[Ignored]


class SimilarResponse(BaseModel):
    """The films most similar to one film, the most similar first."""

    movie_id: int
    title: str
    similar: list[RecommendedFilm]
    count: int
    attributions: list[str]
    ignored: list[Ignored]


class LeftOutFilm(BaseModel):
    """A film that the run left out, why, and how to bring it in."""

    movie_id: int
    title: str
    reason: str
    remedy: str


class SearchResponse(BaseModel):
    """Films found by title, the best match first; `left_out` are films of that title that the run lacks."""

    query: str
    results: list[Film]
    count: int
    left_out: list[LeftOutFilm]
    ignored: list[Ignored]


class QueryParameters(BaseModel):
    """Parameters of a query; `k` is another name of `limit`."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _k_as_limit(cls, values: dict[str, Any]) -> dict[str, Any]:
        if "limit" in cls.model_fields and "k" in values and "limit" not in values:
            values = {**values, "limit": values["k"]}
            del values["k"]
        return values


class SearchQuery(QueryParameters):
    """What to search for, and in which fields."""

    q: Annotated[str, Field(min_length=1, max_length=200)]
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    fields: list[Literal["title", "people", "plot"]] | None = None


class SimilarQuery(QueryParameters):
    """How many films, and the user whose watched and rejected films are left out."""

    limit: Limit = 10
    user_id: UserId | None = None


class MoviesQuery(QueryParameters):
    """Which page of which films; `min_votes` counts likes where the run has ratings, else TMDb's votes."""

    genre: Annotated[str, Field(max_length=100)] | None = None
    service: Annotated[str, Field(max_length=100)] | None = None
    year: Year | None = None
    language: Annotated[str, Field(max_length=20)] | None = Field(
        None, description="the original language, as a code or its English name"
    )
    sort: Literal["popularity", "rating", "year", "title"] = "popularity"
    min_votes: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Limit = 20


class MoviesResponse(BaseModel):
    """A page of films; `count` is the number of all films that fit."""

    movies: list[Film]
    count: int
    offset: int
    limit: int
    ignored: list[Ignored]


class GenresResponse(MayIgnore):
    """The genres of the catalog."""

    genres: list[str]


class ServicesResponse(MayIgnore):
    """The streaming services of the catalog, and the source of that information."""

    services: list[str]
    source: str


class AboutResponse(MayIgnore):
    """The current catalog and its sources, and whether later runs may learn from what users say."""

    run_id: str
    num_items: int
    year_min: int | None
    year_max: int | None
    original_languages: list[str]
    language_names: dict[str, str] = Field(description="the English name of each of `original_languages`")
    runtime_min: int | None
    runtime_max: int | None
    most_votes: int = Field(description="the largest `min_votes` of /api/movies that a film fits")
    services_source: str
    attributions: list[str]
    learns_from_feedback: bool


class Health(MayIgnore):
    """Whether all is well; `refused_run` is the id of a run that could not be served, `store` ok or what is wrong.

    `refresh` is what the last ``cinematch refresh`` did: its result, times, reasons, and the run that it made.
    `experiments` are those that run; `refused_experiments` maps those that cannot to the reason.
    """

    status: Literal["ok", "degraded"]
    num_items: int
    service: str
    version: str
    run_id: str
    run_created: str
    run_age_seconds: int
    refused_run: str | None
    store: str
    refresh: dict[str, str | list[str]] | None
    experiments: list[str]
    refused_experiments: dict[str, str]


class ServiceInfo(MayIgnore):
    """The name and version of this server."""

    service: str
    version: str
    status: str
    docs: str

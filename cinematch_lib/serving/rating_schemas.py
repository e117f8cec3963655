"""Request and response schemas of the route for one's own ratings."""

from pydantic import BaseModel, ConfigDict

from cinematch_lib.serving.schemas import Ignored


class ExportRequest(BaseModel):
    """The text of a file of ratings: a CSV of Letterboxd, IMDb or Trakt, Trakt's JSON, or a list of ids and stars."""

    model_config = ConfigDict(extra="allow")

    text: str


class NamedFilm(BaseModel):
    """A film by its id and its name."""

    movie_id: int
    title: str
    year: int


class RatedFilm(NamedFilm):
    """A film with the user's stars."""

    rating: float


class UnmatchedRating(BaseModel):
    """A rated film that the catalog lacks; `reason` tells why the run left it out, if it did."""

    line: int
    name: str
    rating: float
    reason: str
    suggestions: list[NamedFilm]


class MatchedRatingsResponse(BaseModel):
    """The rated films of an export that are in the catalog, and those that are not."""

    ratings: list[RatedFilm]
    count: int
    not_found: list[UnmatchedRating]
    remarks: list[str]
    ignored: list[Ignored]

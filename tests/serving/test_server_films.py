"""Recommendations and films over HTTP, for the old client and with the new fields."""

import pytest
from support.serving import NASTY, OLD_CLIENTS_BODY, client, publish, publish_films, recommend

from cinematch_lib.vocabulary.spelling import fold


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    publish(folder / "artifacts")
    with client(folder / "artifacts") as one:
        yield one


def ids_of(answer):
    return [film["movie_id"] for film in answer["recommendations"]]


def test_the_old_client_s_request_gets_what_it_expects(api):
    answer = recommend(api, **OLD_CLIENTS_BODY)
    films = answer["recommendations"]
    assert (len(films), answer["count"], answer["user_id"]) == (20, 20, "user123")
    for film in films:
        assert film["genres"]
        assert set(film["genres"]) & {"sci-fi", "action"}
        assert "Netflix (demo)" in film["services"]
        for name, kind in {"movie_id": int, "title": str, "year": int, "runtime": int, "overview": str}.items():
            assert type(film[name]) is kind
        assert film["overview"]
        assert isinstance(film["score"], float)
        assert film["explanation"]
    assert [film["rank"] for film in films] == list(range(1, 21))
    assert films == sorted(films, key=lambda film: -film["score"])


@pytest.mark.parametrize("body", [{}, dict.fromkeys([*OLD_CLIENTS_BODY, "limit", "use_feedback"])])
def test_every_field_may_be_left_out_or_null(api, body):
    answer = recommend(api, **body)
    assert (answer["count"], answer["user_id"]) == (20, "default_user")


def test_unknown_fields_are_named_with_close_ones(api):
    answer = recommend(api, liked_ids=[6], genres=["western"], mood="sunny")
    assert answer["count"] == 20
    assert {one["field"]: one["suggestions"] for one in answer["ignored"]} == {
        "liked_ids": ["liked_movie_ids"],
        "genres": ["preferred_genres"],
        "mood": [],
    }
    assert answer["ignored"][0]["reason"] == "unknown field; did you mean liked_movie_ids?"
    answer = recommend(api, ratings=[{"movie_id": at, "rating": 4, "stars": 5} for at in (1, 2)])
    assert [one["field"] for one in answer["ignored"]] == ["stars"]
    assert recommend(api)["ignored"] == []


def test_k_is_taken_as_limit(api):
    assert recommend(api, k=3)["count"] == 3
    assert recommend(api, k=3)["ignored"] == []
    assert api.get("/api/movies/1/similar", params={"k": 2}).json()["count"] == 2
    assert api.get("/api/search", params={"q": "film", "k": 2}).json()["count"] == 2


def test_filters_limit_and_the_run_s_id(api):
    answer = recommend(api, year_min=1990, year_max=1994, runtime_max=110, not_interested_ids=[10], limit=100)
    films = answer["recommendations"]
    assert films
    assert all(1990 <= film["year"] <= 1994 and film["runtime"] <= 110 for film in films)
    assert 10 not in ids_of(answer)
    assert answer["run_id"] == api.get("/health").json()["run_id"]
    assert answer["attributions"] == ["MovieLens"]
    assert recommend(api, limit=1)["count"] == 1


def test_a_limit_above_the_number_of_films_returns_all_of_them(api):
    assert recommend(api, liked_movie_ids=[1], limit=100)["count"] == 59


def test_a_liked_film_recommends_the_most_similar_first_with_a_reason(api):
    answer = recommend(api, liked_movie_ids=[1], include_reasons=True)
    first = answer["recommendations"][0]
    assert first["movie_id"] == 2
    assert "Similar to Heat (1995)" in first["explanation"]
    (reason,) = [reason for reason in first["reasons"] if reason["kind"] == "liked"]
    assert (reason["movie_id"], reason["title"], reason["year"]) == (1, "Heat", 1995)
    assert "director Michael Mann" in reason["features"]
    assert reason["share"] > 0.5
    assert recommend(api, liked_movie_ids=[1])["recommendations"][0]["reasons"] == []


def test_reasons_add_up_to_the_score_also_where_there_are_more_than_come_one_by_one(api):
    for liked in ([1], [1, 5], list(range(1, 7)), list(range(1, 21))):
        body = {"liked_movie_ids": liked, "disliked_movie_ids": [30, 40], "include_reasons": True}
        for film in recommend(api, **body)["recommendations"]:
            assert sum(one["value"] for one in film["reasons"]) == pytest.approx(film["score"], abs=1e-5)
            kinds = [one["kind"] for one in film["reasons"]]
            assert len(kinds) <= 6
            assert "rest" not in kinds[:5]
            if len(liked) > 6:
                assert kinds[5] == "rest"


def test_a_long_profile_gets_recommendations_too(api):
    liked, disliked = list(range(1, 51)), list(range(51, 56))
    assert sorted(ids_of(recommend(api, liked_movie_ids=liked, disliked_movie_ids=disliked))) == list(range(56, 61))


@pytest.mark.parametrize("genre", ["Sci-Fi", "science fiction", " SCIFI "])
def test_genres_in_any_spelling(api, genre):
    films = recommend(api, preferred_genres=[genre])["recommendations"]
    assert films
    assert all("sci-fi" in film["genres"] for film in films)


@pytest.mark.parametrize("movie_id", [0, -1, 99999, 2**31, 2**70])
def test_unknown_films_in_lists_are_passed_over_and_named(api, movie_id):
    for field in ("liked_movie_ids", "disliked_movie_ids", "not_interested_ids"):
        answer = recommend(api, **{field: [1, movie_id]})
        assert ids_of(answer) == ids_of(recommend(api, **{field: [1]}))
        (one,) = answer["ignored"]
        assert (one["field"], one["value"]) == (field, movie_id)
        assert one["reason"] == f"no film here has the id {movie_id}"


@pytest.mark.parametrize(
    ("field", "known", "unknown", "suggestions"),
    [("preferred_genres", "drama", "Comdy", ["comedy"]), ("services", "Netflix", "Netflicks", ["Netflix (demo)"])],
)
def test_unknown_genres_and_services_are_passed_over_and_named(api, field, known, unknown, suggestions):
    answer = recommend(api, **{field: [known, unknown]})
    assert ids_of(answer) == ids_of(recommend(api, **{field: [known]}))
    (one,) = answer["ignored"]
    assert (one["field"], one["value"], one["suggestions"]) == (field, unknown, suggestions)
    nothing = recommend(api, **{field: [unknown]})  # never an unfiltered list
    assert (nothing["recommendations"], nothing["count"], len(nothing["ignored"])) == ([], 0, 1)


def test_a_film_both_liked_and_disliked_is_disliked(api):
    both = recommend(api, liked_movie_ids=[5, 1], disliked_movie_ids=[5])
    assert both["recommendations"] == recommend(api, liked_movie_ids=[1], disliked_movie_ids=[5])["recommendations"]


def test_a_bound_of_0_is_none(api):
    zeros = dict.fromkeys(("runtime_min", "runtime_max", "year_min", "year_max"), 0)
    assert recommend(api, **zeros)["recommendations"] == recommend(api)["recommendations"]


def test_a_bound_that_every_film_keeps_may_be_any_number(api):
    wide = {"runtime_min": 1, "runtime_max": 10**9, "year_min": -(10**30), "year_max": 10**30}
    assert recommend(api, **wide)["recommendations"] == recommend(api, runtime_min=1)["recommendations"]


@pytest.mark.parametrize(
    "bounds",
    [
        {"runtime_min": 90, "runtime_max": 80},
        {"year_min": 2000, "year_max": 1999},
        {"year_max": -1},
        {"year_min": 10**9},
    ],
)
def test_a_lower_bound_above_the_upper_one_is_an_empty_list(api, bounds):
    answer = recommend(api, **bounds)
    assert (answer["recommendations"], answer["count"]) == ([], 0)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"limit": 0}, "body.limit"),
        ({"limit": 101}, "body.limit"),
        ({"liked_movie_ids": "1"}, "body.liked_movie_ids"),
        ({"liked_movie_ids": [True]}, "body.liked_movie_ids.0"),
        ({"liked_movie_ids": [1.5]}, "body.liked_movie_ids.0"),
        ({"liked_movie_ids": list(range(1, 1002))}, "body.liked_movie_ids"),
        ({"preferred_genres": ["drama"] * 51}, "body.preferred_genres"),
        ({"preferred_genres": ["x" * 101]}, "body.preferred_genres.0"),
        ({"runtime_min": 90.5}, "body.runtime_min"),
        ({"user_id": ""}, "body.user_id"),
        ({"user_id": "a\u200bb"}, "body.user_id"),
    ],
)
def test_a_field_out_of_bounds_is_named(api, body, where):
    answer = api.post("/api/recommendations", json=body)
    assert answer.status_code == 422
    (slip,) = answer.json()["detail"]
    assert ".".join(map(str, slip["loc"])) == where
    assert slip["msg"]
    assert slip["type"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"limit": NaN}', b"[" * 50_000])
def test_an_invalid_body_is_refused(api, body):
    answer = api.post("/api/recommendations", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]


def test_json_without_its_content_type_is_told_the_header(api):
    answer = api.post("/api/recommendations", content=b'{"limit": 3}', headers={"Content-Type": "text/plain"})
    (slip,) = answer.json()["detail"]
    assert (answer.status_code, slip["loc"]) == (422, ["body"])
    assert slip["msg"].endswith("; send JSON with the header Content-Type: application/json")


def test_a_film(api):
    film = api.get("/api/movies/1").json()
    assert (film["title"], film["year"], film["runtime"], film["runtime_known"]) == ("Heat", 1995, 170, True)
    assert film["director"] == ["Michael Mann"]
    assert film["overview_known"]


def test_an_unknown_runtime_is_the_median_and_an_unknown_overview_the_title(api):
    # Known are 170, 120, 90 and 85 to 140: 59 in all, the 30th of which, in order, is 113.
    film = api.get("/api/movies/3").json()
    assert (film["runtime"], film["runtime_known"]) == (113, False)
    assert (film["overview"], film["overview_known"]) == ("Casino", False)


def test_an_unknown_film_is_a_404(api):
    answer = api.get("/api/movies/99999")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Movie 99999 not found"})
    assert api.get("/api/movies/99999/similar").status_code == 404
    assert api.get("/api/movies/Heat").status_code == 422
    for movie_id in (0, -1, 2**31, 2**70):
        assert api.get(f"/api/movies/{movie_id}").json() == {"detail": f"Movie {movie_id} not found"}
        assert api.get(f"/api/movies/{movie_id}/similar").status_code == 404


def test_similar_films(api):
    answer = api.get("/api/movies/1/similar", params={"limit": 3}).json()
    assert (answer["movie_id"], answer["title"], answer["count"]) == (1, "Heat", 3)
    assert answer["similar"][0]["movie_id"] == 2
    assert "Heat (1995)" in answer["similar"][0]["explanation"]


def test_search(api):
    answer = api.get("/api/search", params={"q": "hea", "limit": 5}).json()
    assert (answer["query"], answer["results"][0]["title"]) == ("hea", "Heat")
    assert answer["count"] == len(answer["results"])
    assert api.get("/api/search", params={"q": "qqqqqqqq"}).json()["results"] == []
    for bad in ({}, {"q": ""}, {"q": "x" * 201}, {"q": "x", "limit": 51}):
        assert api.get("/api/search", params=bad).status_code == 422


def test_pages_of_films(api):
    everything = api.get("/api/movies", params={"limit": 100}).json()
    assert everything["count"] == len(everything["movies"]) == api.get("/health").json()["num_items"]
    page = api.get("/api/movies", params={"sort": "title", "limit": 2, "offset": 1}).json()
    titles = sorted((movie["title"] for movie in everything["movies"]), key=fold)
    assert [movie["title"] for movie in page["movies"]] == titles[1:3]
    assert (page["count"], page["offset"], page["limit"]) == (everything["count"], 1, 2)
    assert api.get("/api/movies", params={"sort": "new"}).status_code == 422
    assert api.get("/api/movies", params={"genre": "crimes"}).json()["suggestions"]


def test_genres_services_and_the_catalog(api):
    genres = ["action", "comedy", "crime", "drama", "romance", "sci-fi", "thriller"]
    assert api.get("/api/genres").json() == {"genres": genres}
    services = {"services": ["Hulu (demo)", "Netflix (demo)"], "source": "demo"}
    assert api.get("/api/services").json() == services
    about = api.get("/api/about").json()
    assert (about["num_items"], about["year_min"], about["year_max"]) == (60, 1980, 2019)


def test_html_in_a_title_stays_text_in_json(api):
    answer = api.get("/api/search", params={"q": "script alert"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["results"][0]["title"] == NASTY


def test_the_root_and_the_health_check(api):
    answer = api.get("/").json()
    assert {**answer, "version": ""} == {
        "service": "CineMatch ML Backend",
        "version": "",
        "status": "running",
        "docs": "/docs",
    }
    health = api.get("/health").json()
    assert (health["status"], health["num_items"], health["service"]) == ("ok", 60, "cinematch-ml-backend")
    assert 0 <= health["run_age_seconds"] < 600
    assert health["refused_run"] is None


def test_films_of_languages_and_posters(tmp_path):
    written = ("en", "fr", "", "French")
    table = [{"original_language": one, "poster_path": f"/{one}.jpg" if one else ""} for one in written]
    publish_films(tmp_path / "artifacts", *table)
    with client(tmp_path / "artifacts") as api:
        answer = recommend(api, original_languages=["FR", "tlh"])
        assert sorted(ids_of(answer)) == [2, 4]
        assert {one["poster_url"] for one in answer["recommendations"]} == {
            f"https://image.tmdb.org/t/p/w500/{one}.jpg" for one in ("fr", "French")
        }
        assert [(one["field"], one["value"]) for one in answer["ignored"]] == [("original_languages", "tlh")]
        assert recommend(api, original_languages=["tlh"])["count"] == 0
        assert api.get("/api/movies/3").json()["poster_url"] is None
        about = api.get("/api/about").json()
        assert about["original_languages"] == ["en", "fr"]
        assert about["language_names"] == {"en": "English", "fr": "French"}
        assert api.get("/api/movies?language=fr").json()["count"] == 2
        assert api.get("/api/movies?language=French").json()["count"] == 2
        assert api.get("/api/movies?language=tlh").status_code == 422

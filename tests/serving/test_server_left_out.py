"""The API and the page tell of films that the catalog left out, and offer no years that no film fits."""

import pytest
from playwright.sync_api import expect
from support.browser import needs_chromium
from support.page_server import running
from support.serving import client
from support.small_runs import filtered_artifacts

GODFATHER = 858
WHY = {
    "title": "The Godfather (1972)",
    "reason": "before 1980",
    "remedy": "to bring it in, make a run without this filter: cinematch run -p min_year null",
}


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with client(filtered_artifacts(tmp_path_factory), state_dir=tmp_path_factory.mktemp("left-out")) as one:
        yield one


def test_a_film_that_was_left_out_is_a_404_with_the_reason(api):
    for answer in (
        api.get(f"/api/movies/{GODFATHER}"),
        api.get(f"/api/movies/{GODFATHER}/similar"),
        api.post("/api/watchlist/anna", json={"movie_id": GODFATHER}),
        api.post("/api/feedback/anna", json={"movie_id": GODFATHER, "feedback": "like"}),
    ):
        assert answer.status_code == 404
        assert answer.json() == {"detail": "Movie 858 not found", "left_out": WHY}
    assert api.get("/api/movies/99999999").json() == {"detail": "Movie 99999999 not found"}


def test_it_is_ignored_with_the_reason(api):
    answer = api.post("/api/recommendations", json={"liked_movie_ids": [1, GODFATHER]}).json()
    (ignored,) = answer["ignored"]
    assert ignored["value"] == GODFATHER
    assert ignored["reason"] == f"{WHY['title']} was left out of this run ({WHY['reason']}); {WHY['remedy']}"


def test_search_names_it(api):
    answer = api.get("/api/search?q=the godfather").json()
    assert answer["results"][0]["title"] == "The Godfather: Part III"
    assert answer["left_out"][0] == {"movie_id": GODFATHER} | WHY
    assert api.get("/api/search?q=toy story").json()["left_out"] == []


def test_search_and_an_export_know_it_by_its_other_ids(api):
    answer = api.get("/api/search?q=tt0068646").json()
    assert (answer["results"], answer["left_out"]) == ([], [{"movie_id": GODFATHER} | WHY])
    found = api.get("/api/search?q=tt0114709").json()
    assert ([one["movie_id"] for one in found["results"]], found["left_out"]) == ([1], [])
    answer = api.post("/api/ratings", json={"text": "imdbId,rating\n0068646,5\n0114709,4\n"}).json()
    assert [one["movie_id"] for one in answer["ratings"]] == [1]
    assert [one["reason"] for one in answer["not_found"]] == ["before 1980"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running(filtered_artifacts(tmp_path_factory), tmp_path_factory.mktemp("page-1980")) as server:
        yield server


@needs_chromium
def test_the_page_tells_it_and_offers_only_years_that_fit(visiting, site):
    visit = visiting(site)
    page = visit.page
    expect(page.locator("#film-list [data-id]")).to_have_count(20)
    page.get_by_label("Add a film you like").fill("casablanca")
    options = page.locator("#pick-list").get_by_role("option")
    why = "Casablanca (1942) is not in this catalog: before 1980."
    remedy = "To bring it in, make a run without this filter: cinematch run -p min_year null"
    expect(options).to_have_text([why, remedy])
    options.first.click(force=True)
    assert visit.chips() == []
    expect(page.locator("#pick-status")).to_have_text(f"{why} {remedy}")
    page.get_by_label("Add a film you like").fill("godfather")
    expect(options.first).to_have_text("The Godfather (1972) is not in this catalog: before 1980.")
    page.keyboard.press("Enter")  # no other film is taken in its place
    expect(page.locator("#pick-list")).to_be_visible()
    assert visit.chips() == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#liked .chip")).to_have_text(["The Godfather: Part III (1990)"])
    presets = page.locator("[data-range=year] .preset:visible")
    expect(presets).to_have_text(["1980s", "1990s", "2000s", "from 2010"])
    page.locator("[data-range=year] [data-bound=max]").fill("1975")
    expect(page.locator("[data-range=year] .problem")).to_contain_text("1980")
    page.get_by_role("link", name="Browse").click()
    assert page.get_by_label("Year", exact=True).get_attribute("min") == "1980"

"""Browsing the catalog on the page."""

import pytest
from playwright.sync_api import expect
from support.browser import needs_chromium
from support.page_server import CONTRASTS, running
from support.small_runs import ids, rated_artifacts, rated_recommender

pytestmark = needs_chromium

PAGE = 24


@pytest.fixture
def browsing(visiting, sample_server):
    return visiting(sample_server, "/#browse")


def shows(visit, page):
    """Wait until the list shows the films of a page of the library's."""
    for at, film in enumerate(ids(page.films)):
        expect(visit.page.locator("#browse-list > li").nth(at)).to_have_attribute("data-id", str(film))
    expect(visit.page.locator("#browse-list > li")).to_have_count(len(page.films))


def status(visit, text):
    expect(visit.page.locator("#browse-status")).to_have_text(text)


def test_all_films_are_there_page_by_page(browsing, films):
    first, second = (films.browse(offset=offset, limit=PAGE) for offset in (0, PAGE))
    shows(browsing, first)
    status(browsing, f"{first.count:,} films, 1 to 24 shown")
    before = browsing.page.get_by_role("button", name="Previous page")
    expect(before).to_be_disabled()
    browsing.page.get_by_role("button", name="Next page").click()
    shows(browsing, second)
    status(browsing, f"{first.count:,} films, 25 to 48 shown")
    browsing.focuses("browse-status")
    before.click()
    shows(browsing, first)


def test_films_are_filtered_sorted_and_counted(browsing, films):
    page = browsing.page
    page.get_by_label("Genre").select_option("Western")
    page.get_by_label("Order").select_option("title, A to Z")
    found = films.browse("western", sort="title", limit=PAGE)
    shows(browsing, found)
    page.get_by_role("button", name="Next page").click()
    page.get_by_label("Year").fill("1995")
    found = films.browse("western", year=1995, sort="title", limit=PAGE)
    shows(browsing, found)  # from the first page again
    status(browsing, f"{found.count} films")
    expect(page.locator("#browse-pages")).to_be_hidden()
    page.get_by_label("Service").select_option("Netflix")
    shows(browsing, films.browse("western", "Netflix", 1995, sort="title", limit=PAGE))
    page.get_by_role("button", name="Clear", exact=True).click()
    shows(browsing, films.browse(limit=PAGE))
    page.locator("#browse-form").get_by_label("Language").select_option("French")
    shows(browsing, films.browse(language="fr", limit=PAGE))
    expect(page.get_by_label("Votes")).to_be_hidden()  # this run knows of none
    page.get_by_label("Genre").select_option("Western")
    page.get_by_label("Service").select_option("Netflix")
    assert not films.browse("western", "Netflix", language="fr").count
    status(browsing, "No film fits. Choose less.")
    page.get_by_label("Year").fill("1700")
    expect(page.locator("#browse-problem")).to_contain_text(str(films.years[0]))


@pytest.fixture(scope="module")
def rated_server(tmp_path_factory):
    """Stands until all visits have ended."""
    with running(rated_artifacts(tmp_path_factory), tmp_path_factory.mktemp("rated-page")) as server:
        yield server


def test_only_numbers_of_votes_that_a_film_has_are_offered(rated_server, visiting, tmp_path_factory):
    films = rated_recommender(tmp_path_factory)
    assert 100 <= films.most_votes < 1000
    visit = visiting(rated_server, "/#browse")
    votes = visit.page.get_by_label("Votes")
    expect(votes.locator("option")).to_have_text(["any number", "10 or more", "100 or more"])
    votes.select_option("100 or more")
    shows(visit, films.browse(min_votes=100, limit=PAGE))


def test_a_film_is_judged_where_it_is_found(browsing, films):
    film = films.browse(limit=1).films[0]
    card = browsing.page.locator(f'#browse-list [data-id="{film.movie_id}"]')
    card.get_by_role("button", name="Like", exact=True).click()
    expect(card.get_by_role("button", name="Like", exact=True)).to_have_attribute("aria-pressed", "true")
    browsing.has_feedback({film.movie_id: "like"})
    expect(card.get_by_role("button", name="Why this film?")).to_have_count(0)
    browsing.page.get_by_role("link", name="For you").click()
    assert browsing.chips() == [film.label]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 2000])
def test_it_fits_and_has_contrast(visiting, sample_server, scheme, width):
    visit = visiting(sample_server, "/#browse", color_scheme=scheme, viewport={"width": width, "height": 900})
    expect(visit.page.locator("#browse-list > li")).to_have_count(PAGE)
    assert visit.overflow() == 0
    assert visit.page.evaluate(CONTRASTS) == []

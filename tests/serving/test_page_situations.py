"""The page in other situations: no server, a token, a phone, the keyboard alone."""

import json
import re

import pytest
from playwright.sync_api import expect
from support.page_server import (
    CONTRASTS,
    HOSTILE,
    HOSTILE_FILMS,
    MANY,
    RING,
    TOKEN,
    publish_hostile_films,
    running,
)
from support.small_runs import ids

from cinematch_lib import Preferences

HEAT = 6
NOT_ANSWERING = "ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET"


@pytest.fixture(scope="module")
def locked_server(tmp_path_factory):
    """A server that requires a token, with a few films whose every text is hostile."""
    folder = tmp_path_factory.mktemp("locked")
    publish_hostile_films(folder / "artifacts")
    with running(folder / "artifacts", folder, TOKEN) as server:
        yield server


def test_html_in_titles_is_shown_as_text(visiting, locked_server):
    visit = visiting(locked_server)
    visit.page.context.route("https://image.tmdb.org/**", lambda route: route.fulfill(path=None, status=404, body=""))
    visit.page.locator("#token-input").fill(TOKEN)
    visit.page.keyboard.press("Enter")
    visit.pick("img", None)
    expect(visit.page.locator("#liked .chip")).to_have_count(1)
    expect(visit.page.locator("#film-list[aria-busy=false] [data-id]")).to_have_count(len(HOSTILE_FILMS) - 1)
    visit.page.locator("#film-list .why-open").first.click()
    visit.page.locator("#film-list [data-save]").first.click()
    visit.page.locator("#film-list [data-verdict=dislike]").nth(1).click()
    expect(visit.page.locator("#film-list h3").first).to_contain_text(HOSTILE)
    expect(visit.page.locator("#film-list .reason-name").first).to_contain_text(HOSTILE)
    expect(visit.page.locator("#credits li")).to_have_text(HOSTILE)
    expect(visit.page.locator("#services")).to_contain_text(HOSTILE)
    expect(visit.page.locator("#genres")).to_contain_text(re.compile(re.escape("img"), re.IGNORECASE))
    visit.page.get_by_role("link", name=re.compile("Watchlist")).click()
    expect(visit.page.locator("#watch-list h3")).to_contain_text(HOSTILE)
    assert visit.page.evaluate("window.harmed") is None
    strange = "script:not([src^='page/']), [onerror], img:not([src^='https://image.tmdb.org/t/p/'])"
    assert visit.page.locator(strange).count() == 0
    visit.expect_error("status of 40[14]")


def test_a_poster_is_tmdbs_image_or_else_a_drawing(visiting, locked_server):
    visit = visiting(locked_server, "/page/icon.svg")
    asked = []
    icon = '<svg xmlns="http://www.w3.org/2000/svg" width="185" height="278"><rect width="185" height="278"/></svg>'

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(content_type="image/svg+xml", body=icon)

    visit.context.route("https://image.tmdb.org/**", answer)
    visit.page.evaluate(f"sessionStorage.setItem('cinematch-token', '{TOKEN}')")
    visit.page.goto(locked_server.url)
    expect(visit.page.locator("#film-list [data-id]")).to_have_count(len(HOSTILE_FILMS))
    expect(visit.page.locator("#film-list img.is-there")).to_have_count(1)
    assert asked == ["https://image.tmdb.org/t/p/w185/good.jpg"]
    assert visit.page.locator("#film-list .poster > svg").count() == len(HOSTILE_FILMS)


def test_the_page_asks_for_the_token_and_keeps_it_for_the_session(visiting, locked_server):
    visit = visiting(locked_server)
    page, dialog = visit.page, visit.page.get_by_role("dialog", name="Token required")
    visit.context.route("https://image.tmdb.org/**", lambda route: route.abort())
    expect(dialog).to_be_visible()
    expect(page.get_by_label("Token", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Enter the token").click()
    page.get_by_label("Token", exact=True).fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The server did not accept this token.")).to_be_visible()
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#film-list [data-id]")).to_have_count(len(HOSTILE_FILMS))
    expect(page.locator("#locked")).to_be_hidden()
    page.reload()
    expect(page.locator("#film-list [data-id]")).to_have_count(len(HOSTILE_FILMS))
    expect(dialog).to_be_hidden()
    assert TOKEN not in json.dumps(visit.kept())
    visit.expect_error("status of 401|ERR_FAILED")


def test_the_page_reports_an_unavailable_server_and_reconnects(visiting, locked_server):
    visit = visiting(locked_server, "/page/icon.svg")
    visit.context.route("https://image.tmdb.org/**", lambda route: route.fulfill(status=404, body=""))
    page = visit.page
    page.evaluate(f"sessionStorage.setItem('cinematch-token', '{TOKEN}')")
    page.goto(locked_server.url)
    expect(page.locator("#film-list [data-id]")).to_have_count(len(HOSTILE_FILMS))
    film, other = visit.shown()[:2]
    locked_server.kill()
    visit.press(film, "Like")
    expect(page.get_by_role("alert").filter(has_text="The server is not responding")).to_be_visible()
    visit.press(other, "Watchlist")
    expect(page.locator("#toast-text")).to_have_text("Not saved: the server is not responding.")
    expect(visit.card(other).get_by_role("button", name="Watchlist")).to_have_attribute("aria-pressed", "false")
    assert len(visit.shown()) == len(HOSTILE_FILMS)  # what is there stays
    with page.expect_request("**/health"):
        page.get_by_role("button", name="Try now").click()
    locked_server.start()
    expect(page.locator("#unavailable")).to_be_hidden()
    visit.has_feedback({film: "like"})  # said while it was away
    visit.shows([one for one in sorted(visit.shown()) if one != film])
    visit.expect_error(f"{NOT_ANSWERING}|status of 404")


def test_the_page_waits_after_a_rate_limit(visit):
    asked = []

    def answer(route):
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=429, headers={"Retry-After": "1"}, json={"detail": "too many requests; wait 1 s"})
        else:
            route.continue_()

    visit.context.route("**/api/search**", answer)
    visit.pick("heat", "Heat (1995)")
    expect(visit.page.locator("#liked .chip")).to_have_text(["Heat (1995)"])
    assert len(asked) == 2
    visit.expect_error("status of 429")


def test_a_phone_needs_no_horizontal_scrolling(visiting, sample_server):
    visit = visiting(sample_server, has_touch=True, is_mobile=True, reduced_motion="no-preference")
    page = visit.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_label("Add a film you like").fill("star wars")
    page.locator("#pick-list").get_by_role("option").first.tap()
    visit.pick("heat", "Heat (1995)")
    expect(page.locator("#film-list [data-id]")).to_have_count(MANY)
    page.locator("#film-list .why-open").first.tap()
    page.get_by_role("button", name="Filters").tap()
    expect(page.get_by_role("checkbox", name="Drama")).to_be_visible()
    assert visit.overflow() == 0
    small = page.locator("#film-list button, .filters button:visible, .pick-one, .top a, .top button").evaluate_all(
        "all => all.filter(one => one.offsetHeight && one.offsetHeight < 40).map(one => one.textContent)"
    )
    assert small == []
    page.locator("#film-list [data-save]").first.tap()
    page.get_by_role("button", name="Your data").tap()
    assert visit.overflow() == 0
    page.get_by_role("button", name="Close").tap()
    page.get_by_role("link", name=re.compile("Watchlist")).tap()
    expect(page.locator("#watch-list li")).to_have_count(1)
    assert visit.overflow() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(visiting, sample_server, scheme):
    visit = visiting(sample_server, color_scheme=scheme)
    page = visit.page
    visit.pick("heat", "Heat (1995)")
    expect(page.locator("#film-list [data-id]")).to_have_count(MANY)
    page.get_by_role("checkbox", name="Crime").check()
    page.locator("#film-list .why-open").first.click()
    page.locator("#film-list [data-verdict=dislike]").nth(1).click()
    page.locator("#film-list [data-save]").first.click()
    expect(page.locator("#watch-count")).to_have_text("1")
    page.get_by_label("Add a film you like").fill("star")
    expect(page.locator("#pick-list").get_by_role("option").first).to_be_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) < 200) == (scheme == "dark")
    assert page.evaluate(CONTRASTS) == []
    page.get_by_role("button", name="Your data").click()
    assert page.evaluate(CONTRASTS) == []
    page.keyboard.press("Escape")
    page.get_by_role("link", name=re.compile("Watchlist")).click()
    expect(page.locator("#watch-list li")).to_have_count(1)
    assert page.evaluate(CONTRASTS) == []
    assert page.evaluate("document.getAnimations().length") == 0  # less motion was asked for


def test_the_keyboard_reaches_all_controls_in_order(visit, films):
    page = visit.page
    tab = lambda: (page.keyboard.press("Tab"), visit.focused())[1]  # noqa: E731
    assert [tab() for _ in range(5)] == ["Skip to the films", "CineMatch", "For you", "Browse", "Watchlist"]
    assert tab() == "open-data"
    assert tab() == "pick-input"
    page.keyboard.type("heat")
    expect(page.locator("#pick-list").get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")
    first = films.recommend(Preferences(liked_movie_ids=[HEAT]), k=MANY, capped=True)[0]
    expect(visit.card(first.movie_id)).to_be_visible()
    assert [tab() for _ in range(2)] == ["upload-open", "Remove: Heat (1995)"]
    tab()
    page.keyboard.press("Space")  # the first genre
    expect(page.get_by_role("checkbox", name="Action")).to_be_checked()
    page.keyboard.press("Space")
    visit.shows(ids(films.recommend(Preferences(liked_movie_ids=[HEAT]), k=MANY, capped=True)))
    rings = set()
    for _ in range(80):
        if tab() == "Your stars":
            break
        rings.add(page.evaluate(RING))
    assert rings == {True}
    others = ["Like", "Dislike", "Not interested", "Seen", "Watchlist", "Why this film?"]
    assert [tab() for _ in others] == others
    page.keyboard.press("Enter")
    expect(visit.card(first.movie_id).locator(".words")).to_have_text(first.explanation)
    page.keyboard.press("Escape")
    for _ in range(5):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(visit.card(first.movie_id).get_by_role("button", name="Like", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    visit.focuses("Like")


def test_all_controls_have_names_and_sources_are_credited(visit, films):
    page = visit.page
    ids_twice = (
        "() => [...document.querySelectorAll('[id]')].map(one => one.id).filter((id, at, all) => all.indexOf(id) < at)"
    )
    assert page.evaluate(ids_twice) == []
    nameless = page.locator("button, a, input").evaluate_all(
        "all => all.filter(one => !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.length))"
        ".map(one => one.outerHTML)"
    )
    assert nameless == []
    for kind in ("aria-controls", "aria-labelledby"):
        pointers = page.locator(f"[{kind}]").evaluate_all(f"all => all.map(one => one.getAttribute('{kind}'))")
        assert [one for one in pointers if page.locator(f"#{one}").count() != 1] == []
    assert page.locator("#credits li").all_inner_texts() == list(films.attributions)
    expect(page.locator("#services-note")).to_contain_text("invented")
    with_service = next(one for one in films.recommend(k=MANY, capped=True) if one.movie.services)
    expect(visit.card(with_service.movie_id).locator(".invented")).to_have_text("invented")

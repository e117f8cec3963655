"""The page in a real browser, against a real server."""

import json
import re

import pytest
from playwright.sync_api import expect
from support.browser import needs_chromium
from support.commands import wait_for
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

pytestmark = needs_chromium

TOY_STORY, HEAT = 1, 6
NOT_ANSWERING = "ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET"


@pytest.fixture(scope="module")
def locked_server(tmp_path_factory):
    """A server that requires a token, with a few films whose every text is hostile."""
    folder = tmp_path_factory.mktemp("locked")
    publish_hostile_films(folder / "artifacts")
    with running(folder / "artifacts", folder, TOKEN) as server:
        yield server


# -- picking, filtering, explaining ----------------------------------------------------------------------------


def test_a_film_is_picked_by_typing_and_keyboard(visit, films):
    box = visit.page.get_by_role("combobox", name="Add a film you like")
    assert box.get_attribute("aria-expanded") == "false"
    box.press_sequentially("toy story")
    expect(box).to_have_attribute("aria-expanded", "true")
    names = visit.page.locator("#pick-list .option-name").all_inner_texts()
    assert names == [film.label for film in films.search("toy story", 8)]
    chosen = lambda: visit.page.locator(f"#{box.get_attribute('aria-activedescendant')} .option-name").inner_text()  # noqa: E731
    assert chosen() == names[0] == "Toy Story (1995)"
    box.press("ArrowDown")
    assert chosen() == names[1]
    box.press("ArrowUp")
    box.press("ArrowUp")
    assert chosen() == names[-1]
    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    assert box.get_attribute("aria-activedescendant") is None
    box.fill("heat")
    box.press("Enter")  # before the answer is there
    expect(visit.page.locator("#liked .chip")).to_have_text(["Heat (1995)"])
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    visit.shows(ids(films.recommend(Preferences(liked_movie_ids=[HEAT]), k=MANY, capped=True)))
    expect(visit.page.locator("#pick-status")).to_have_text("Added Heat (1995). You like 1 film.")
    box.fill("qqqqxzqqq")
    expect(visit.page.locator("#pick-list").get_by_role("option")).to_have_text("No film found.")


def test_filters_give_what_the_library_gives(visit, films):
    page = visit.page
    visit.pick("heat", "Heat (1995)")
    page.get_by_role("checkbox", name="Crime").check()
    page.get_by_role("checkbox", name="Sci-Fi").check()
    page.get_by_role("checkbox", name="Netflix").check()
    page.get_by_role("button", name="1990s").click()
    page.locator("[data-range=year] [data-bound=max]").fill("1995")
    page.locator("[data-range=runtime] [data-bound=max]").fill("90")
    wanted = {
        "liked_movie_ids": [HEAT],
        "preferred_genres": ["crime", "sci-fi"],
        "services": ["Netflix"],
        "year_min": 1990,
        "year_max": 1995,
        "runtime_max": 90,
    }
    found = films.recommend(Preferences(**wanted), k=MANY, capped=True)
    visit.shows(ids(found))
    assert len(found) < MANY
    expect(page.locator("#films-status")).to_have_text(f"All {len(found)} matching films")
    page.reload()
    visit.shows(ids(found))
    expect(page.get_by_role("checkbox", name="Crime")).to_be_checked()
    page.get_by_role("button", name="Clear all").click()
    visit.shows(ids(films.recommend(Preferences(liked_movie_ids=[HEAT]), k=MANY, capped=True)))
    visit.focuses("filters-heading")


def test_crossed_bounds_show_an_error_and_are_not_requested(visit, films):
    before = visit.shown()
    visit.page.locator("[data-range=year] [data-bound=min]").fill("2001")
    visit.shows(ids(films.recommend(Preferences(year_min=2001), k=MANY, capped=True)))
    visit.page.locator("[data-range=year] [data-bound=max]").fill("1999")
    expect(visit.page.locator("[data-range=year] .problem")).to_have_text("“From” must not be above “to”.")
    assert visit.shown() != before
    assert visit.kept()["filters"]["year_max"] is None


def test_without_a_matching_film_the_page_offers_to_relax_the_filters(visit, films):
    page = visit.page
    page.get_by_role("checkbox", name="Western").check()
    page.locator("[data-range=runtime] [data-bound=max]").fill(str(films.runtimes[0]))
    visit.shows([])
    expect(page.get_by_role("heading", name="No film matches all filters.")).to_be_visible()
    assert page.locator("#relax button").all_inner_texts() == ["Any genre", "Any length", "Clear all filters"]
    page.get_by_role("button", name="Any length").click()
    visit.shows(ids(films.recommend(Preferences(preferred_genres=["western"]), k=MANY, capped=True)))
    expect(page.locator("#no-match")).to_be_hidden()


def test_an_explanation_opens_with_its_sentence_and_shares(visit, films):
    visit.pick("heat", "Heat (1995)")
    found = films.recommend(Preferences(liked_movie_ids=[HEAT]), k=MANY, capped=True)
    visit.shows(ids(found))
    first, card = found[0], visit.card(found[0].movie_id)
    why = card.get_by_role("button", name="Why this film?")
    assert why.get_attribute("aria-expanded") == "false"
    why.click()
    expect(why).to_have_attribute("aria-expanded", "true")
    expect(card.locator(".words")).to_have_text(first.explanation)
    shares = [reason.share for reason in first.reasons if abs(reason.share) >= 0.005][:5]
    words = [f"{'−' if share < 0 else ''}{abs(share):.0%}" for share in shares]
    said = [one.removeprefix("lowers the score, ") for one in card.locator(".reason-share").all_text_contents()]
    assert said == words
    widths = card.locator(".bar-filled").evaluate_all(
        "all => all.map(one => one.clientWidth / one.parentElement.clientWidth)"
    )
    assert widths == pytest.approx([abs(share) for share in shares], abs=0.02)
    assert card.locator(".reason-name").first.inner_text() == "Similar to Heat (1995)"
    why.press("Escape")
    expect(card.locator(".reasons")).to_be_hidden()
    expect(why).to_be_focused()


def test_more_films_continue_the_list(visit, films):
    visit.page.get_by_role("button", name="Show more films").click()
    first = ids(films.recommend(k=MANY, capped=True))
    more = films.recommend(Preferences(not_interested_ids=first), k=MANY, capped=True)
    visit.shows(first + ids(more))
    visit.focuses(more[0].movie.label.replace("(", "").replace(")", ""))
    expect(visit.page.locator("#films-status")).to_have_text("40 films, best match first")


# -- what one says of films ----------------------------------------------------------------------------------


def test_verdicts_are_persistent(visit, films):
    liked, disliked, dull, saved = visit.shown()[:4]
    before = visit.shown()
    visit.press(liked, "Like")
    visit.press(disliked, "Dislike")
    visit.press(dull, "Not interested")
    visit.press(saved, "Watchlist")
    expect(visit.page.locator("#watch-count")).to_have_text("1")
    assert visit.shown() == before  # nothing moves under the pointer
    said = {"liked_movie_ids": [liked], "disliked_movie_ids": [disliked], "not_interested_ids": [dull]}
    found = ids(films.recommend(Preferences(**said), k=MANY, capped=True))
    visit.page.get_by_role("button", name="Update the list with your 3 choices").click()
    visit.shows(found)
    visit.focuses("films-heading")
    visit.has_feedback({liked: "like", disliked: "dislike", dull: "not_interested"})
    visit.page.reload()
    visit.shows(found)
    assert visit.chips() == [films.movie(liked).label]
    labels = [films.movie(one).label for one in (dull, disliked)]  # the newest first
    assert visit.page.locator("#hidden-list .chip span").all_inner_texts() == labels
    visit.has_watchlist({saved: False})
    visit.page.get_by_role("button", name=f"Show again: {labels[0]}").click()
    visit.shows(ids(films.recommend(Preferences(**said | {"not_interested_ids": []}), k=MANY, capped=True)))
    visit.has_feedback({liked: "like", disliked: "dislike"})


def test_a_verdict_can_be_undone(visit):
    film = visit.shown()[0]
    like = visit.card(film).get_by_role("button", name="Like", exact=True)
    like.click()
    expect(like).to_have_attribute("aria-pressed", "true")
    expect(visit.page.locator("#update")).to_be_visible()
    visit.page.get_by_role("button", name="Undo").click()
    expect(like).to_have_attribute("aria-pressed", "false")
    expect(visit.page.locator("#update")).to_be_hidden()
    visit.press(film, "Dislike")
    visit.press(film, "Like")  # another verdict takes the place of the first
    expect(visit.card(film).locator("[aria-pressed=true]")).to_have_count(1)
    visit.has_feedback({film: "like"})
    like.click()
    visit.has_feedback({})
    assert visit.kept()["taste"] == []


def test_the_watchlist(visit, films):
    one, two = visit.shown()[:2]
    for film in (one, two):
        visit.press(film, "Watchlist")
        expect(visit.card(film).get_by_role("button", name="Watchlist")).to_have_attribute("aria-pressed", "true")
    page = visit.page
    page.get_by_role("link", name=re.compile("Watchlist")).click()
    visit.focuses("watch-heading")
    rows = page.get_by_role("list", name="Watchlist").get_by_role("listitem")
    expect(rows).to_have_count(2)
    rows.first.get_by_role("button", name="Watched").click()
    expect(page.get_by_role("list", name="Watched").get_by_role("listitem")).to_have_count(1)
    expect(page.locator("#watch-status")).to_have_text("1 to watch, 1 watched")
    page.reload()
    seen = page.get_by_role("list", name="Watched").get_by_role("listitem")
    expect(seen.get_by_role("heading")).to_have_text(re.compile(re.escape(films.movie(one).title)))
    seen.get_by_role("button", name="Remove").click()
    expect(seen).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(seen).to_have_count(1)
    visit.has_watchlist({one: True, two: False})
    rows.get_by_role("button", name="Remove").click()
    seen.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Your watchlist is empty.")).to_be_visible()
    visit.has_watchlist({})


def test_the_users_data_is_downloaded_and_deleted(visit, films):
    film = visit.shown()[0]
    visit.press(film, "Like")
    visit.press(film, "Watchlist")
    visit.has_feedback({film: "like"})
    user, page = visit.kept()["user"], visit.page
    page.get_by_role("button", name="Your data").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    taken = json.loads(download.value.path().read_text("utf-8"))
    assert taken["user_id"] == user
    assert [one["movie_id"] for one in taken["watchlist"]] == [film]
    assert [one["movie_id"] for one in taken["in_this_browser"]["taste"]] == [film]
    page.get_by_role("button", name="Delete all data").click()
    assert visit.data()["watchlist"]  # not before it is said twice
    page.get_by_role("button", name="Yes, delete everything").click()
    expect(page.locator("#data-status")).to_contain_text("Deleted: 1 film on your watchlist")
    assert visit.server.get(f"/api/users/{user}/data")["feedback"] == []
    assert visit.kept()["user"] != user
    assert visit.chips() == []
    page.keyboard.press("Escape")
    expect(page.locator("#data-dialog")).to_be_hidden()
    visit.shows(ids(films.recommend(k=MANY, capped=True)))


def test_two_tabs_show_the_same_state(visit):
    other = visit.another()
    visit.pick("heat", "Heat (1995)")
    expect(other.locator("#liked .chip")).to_have_text(["Heat (1995)"])


def test_films_and_names_that_a_new_run_lacks_are_skipped(visit, films):
    visit.pick("heat", "Heat (1995)")
    wait_for(lambda: visit.kept()["taste"] and not visit.kept()["unsent"], "what was said to be sent")
    visit.page.evaluate(
        "() => { const kept = JSON.parse(localStorage.getItem('cinematch'));"
        " kept.taste.push({movie_id: 987654321, title: 'Gone', year: 1999, verdict: 'like'});"
        " kept.filters.genres = ['gone'];"
        " localStorage.setItem('cinematch', JSON.stringify(kept)); }"
    )
    visit.page.reload()
    visit.shows(ids(films.recommend(Preferences(liked_movie_ids=[HEAT]), k=MANY, capped=True)))
    visit.expect_error("status of (404|422)")


# -- what may come -------------------------------------------------------------------------------------------


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


# -- for everybody -------------------------------------------------------------------------------------------


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

"""Stars, films that were seen, and the sliders of the page."""

import json

import pytest
from playwright.sync_api import expect
from support.browser import needs_chromium
from support.page_server import MANY, RING
from support.small_runs import ids

from cinematch_lib import Preferences

pytestmark = needs_chromium


def stars_of(visit, film):
    return visit.card(film).get_by_role("slider", name="Your stars")


def click_star(visit, film, stars):
    """Click in the middle of the half of a star that stands for `stars`."""
    slider = stars_of(visit, film)
    slider.scroll_into_view_if_needed()
    box, half = slider.bounding_box(), slider.bounding_box()["width"] / 11  # five stars and half a star before them
    visit.page.mouse.click(box["x"] + half * (2 * stars + 0.5), box["y"] + box["height"] / 2)


@pytest.mark.parametrize("stars", [0.5, 2.5, 3, 5])
def test_half_stars_are_given_by_mouse(visit, stars):
    film = visit.shown()[0]
    click_star(visit, film, stars)
    expect(stars_of(visit, film)).to_have_value(f"{stars:g}")
    assert [(one["movie_id"], one["stars"]) for one in visit.kept()["taste"]] == [(film, stars)]
    expect(visit.page.locator("#toast-text")).to_contain_text(f"{stars:g} stars: ")


def test_stars_are_given_by_keyboard_and_count_in_the_list(visit, films):
    loved, disappointing = visit.shown()[:2]
    slider = stars_of(visit, loved)
    slider.focus()
    assert visit.page.evaluate(RING.replace("on.type === 'checkbox'", "false"))
    visit.page.keyboard.press("End")
    visit.page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "4.5 stars")
    stars_of(visit, disappointing).focus()
    for _ in range(4):
        visit.page.keyboard.press("ArrowRight")
    visit.page.get_by_role("button", name="Update the list with your 2 choices").click()
    found = ids(films.recommend(Preferences(ratings={loved: 4.5, disappointing: 2}), k=MANY, capped=True))
    visit.shows(found)
    assert visit.chips() == [f"{films.movie(loved).label} · 4.5 ★"]
    hidden = visit.page.locator("#hidden-list .chip span")
    expect(hidden).to_have_text(f"{films.movie(disappointing).label} · 2 ★")
    visit.page.reload()
    visit.shows(found)


def test_a_film_has_stars_or_another_verdict_and_both_can_be_undone(visit):
    film, page = visit.shown()[0], visit.page
    visit.press(film, "Like")
    visit.has_feedback({film: "like"})
    click_star(visit, film, 3)
    expect(visit.card(film).locator("[aria-pressed=true]")).to_have_count(0)
    visit.has_feedback({})  # stars stay in the browser
    visit.press(film, "Dislike")
    expect(stars_of(visit, film)).to_have_value("0")
    page.get_by_role("button", name="Undo").click()
    expect(stars_of(visit, film)).to_have_value("3")
    stars_of(visit, film).focus()
    page.keyboard.press("Home")
    expect(page.locator("#toast-text")).to_contain_text("Feedback removed")
    assert visit.kept()["taste"] == []


def test_a_film_that_was_seen_is_not_recommended_again(visit, films):
    film = visit.shown()[0]
    visit.press(film, "Seen")
    expect(visit.card(film).get_by_role("button", name="Seen")).to_have_attribute("aria-pressed", "true")
    with visit.page.expect_request("**/api/recommendations") as sent:
        visit.page.get_by_role("button", name="Update the list with your choice").click()
    body = json.loads(sent.value.post_data)
    assert (body["seen"], body["liked_movie_ids"], body["ratings"]) == ([film], [], [])
    visit.shows(ids(films.recommend(Preferences(seen=[film]), k=MANY, capped=True)))
    expect(visit.page.locator("#hidden-list .chip span")).to_have_text(f"{films.movie(film).label} · seen")
    visit.page.get_by_role("button", name=f"Show again: {films.movie(film).label}").click()
    visit.shows(ids(films.recommend(k=MANY, capped=True)))


def test_watched_films_of_the_watchlist_are_not_recommended(visit, films):
    film = visit.shown()[0]
    visit.press(film, "Watchlist")
    visit.page.get_by_role("link", name="Watchlist").click()
    visit.page.get_by_role("button", name="Watched").click()
    visit.has_watchlist({film: True})
    visit.page.get_by_role("link", name="For you").click()
    without = ids(films.recommend(Preferences(seen=[film]), k=MANY, capped=True))
    visit.page.get_by_role("button", name="Update the list with your choice").click()
    visit.shows(without)
    expect(visit.page.locator("#update")).to_be_hidden()
    visit.page.reload()
    visit.shows(without)


def test_films_of_one_language_are_shown(visit, films):
    page = visit.page
    page.get_by_label("Original language").select_option("French")
    french = ids(films.recommend(Preferences(original_languages=["fr"]), k=MANY, capped=True))
    visit.shows(french)
    page.reload()
    visit.shows(french)
    expect(page.get_by_label("Original language")).to_have_value("fr")
    page.get_by_role("button", name="Clear all").click()
    visit.shows(ids(films.recommend(k=MANY, capped=True)))


@pytest.mark.parametrize(
    ("name", "label", "standard"),
    [("discovery", "How well known", "0.1"), ("diversity", "How varied", "0"), ("recency", "How new", "0")],
)
def test_a_slider_changes_the_list_and_is_cleared_with_the_filters(visit, films, name, label, standard):
    page, slider = visit.page, visit.page.get_by_role("slider", name=label)
    expect(slider).to_have_value(standard)
    slider.focus()
    with page.expect_request("**/api/recommendations") as sent:
        page.keyboard.press("End")
    assert json.loads(sent.value.post_data)[name] == 1
    found = ids(films.recommend(Preferences(**{name: 1}), k=MANY, capped=True))
    visit.shows(found)
    page.reload()
    visit.shows(found)
    expect(slider).to_have_value("1")
    expect(slider).to_have_attribute("aria-valuetext", "100%")
    page.get_by_role("button", name="Clear all").click()
    expect(slider).to_have_value(standard)
    assert visit.kept()["filters"][name] is None

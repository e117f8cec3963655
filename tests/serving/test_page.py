"""The page in a real browser, against a real server."""

import json
import re

import pytest
from playwright.sync_api import expect
from support.browser import needs_chromium
from support.commands import wait_for
from support.page_server import (
    MANY,
)
from support.small_runs import ids

from cinematch_lib import Preferences

pytestmark = needs_chromium


TOY_STORY, HEAT = 1, 6


def test_a_film_is_picked_by_typing_and_keyboard(visit, films):
    box = visit.page.get_by_role("combobox", name="Add a film you like")
    assert box.get_attribute("aria-expanded") == "false"
    box.press_sequentially("toy story")
    expect(box).to_have_attribute("aria-expanded", "true")
    names = visit.page.locator("#pick-list .option-name").all_inner_texts()
    assert names == [film.label for film in films.search("toy story", 8)]
    chosen = lambda: visit.page.locator(f"#{box.get_attribute('aria-activedescendant')} .option-name").inner_text()  # noqa: E731
    assert chosen() == names[0] == "Toy Story (1995)"
    box.press("ArrowDown")  # from the text to the first film, which Enter takes anyway
    assert chosen() == names[0]
    box.press("ArrowDown")
    assert chosen() == names[1]
    box.press("ArrowUp")
    box.press("ArrowUp")
    assert chosen() == names[-1]
    box.press("ArrowDown")
    assert chosen() == names[0]
    box.press_sequentially(" 2")
    expect(visit.page.locator("#pick-list .option-name").first).to_have_text("Toy Story 2 (1999)")
    box.press("ArrowUp")  # from the text to the last film
    assert chosen() == visit.page.locator("#pick-list .option-name").last.inner_text()
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


@pytest.mark.parametrize("keys", [["Enter"], ["ArrowDown", "Enter"]])
def test_enter_takes_the_film_that_is_highlighted(visit, films, keys):
    box = visit.page.get_by_role("combobox", name="Add a film you like")
    box.press_sequentially("heat")
    options = visit.page.locator("#pick-list").get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert options.count() > 1
    for key in keys[:-1]:
        box.press(key)
    highlighted = visit.page.locator("#pick-list [aria-selected=true] .option-name").inner_text()
    box.press(keys[-1])
    expect(visit.page.locator("#liked .chip")).to_have_text([highlighted])
    assert highlighted == films.search("heat", 1)[0].label


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


def test_labels_of_reasons_are_true_of_any_film(visit):
    texts = visit.page.evaluate(
        """async () => {
            const { reasonElements } = await import("./page/reasons.js");
            const of = (kind, share) => ({ kind, share, features: [] });
            const reasons = [of("popularity", 0.2), of("popularity", -0.05), of("rest", -1.5)];
            const [, bars] = reasonElements({ explanation: "", reasons });
            return [...bars.children].map((one) => one.innerText);
        }"""
    )
    assert texts == [
        "How many people like it20%",
        "Fewer people like it than the most popular filmlowers the score, −5%",
        "Further reasonslowers the score, below −100%",
    ]


def test_what_the_user_sees_and_does_is_sent_with_the_list(visit, films):
    first, second = visit.shown()[:2]
    visit.card(second).get_by_role("button", name="Why this film?").click()
    visit.card(second).get_by_role("button", name="Why this film?").click()  # closes it
    visit.press(first, "Like")
    visit.press(second, "Watchlist")

    def sent():
        lists = [one for one in visit.data()["lists"] if one["events"]]
        return [(one["type"], one["movie_id"], one["position"]) for one in lists[0]["events"]] if lists else []

    expected = {("seen", None, None), ("click", second, 2), ("like", first, 1), ("watchlist", second, 2)}
    wait_for(lambda: set(sent()) == expected, "the events")
    assert len(sent()) == len(expected)


def test_more_films_continue_the_list(visit, films):
    visit.page.get_by_role("button", name="Show more films").click()
    first = ids(films.recommend(k=MANY, capped=True))
    more = films.recommend(Preferences(not_interested_ids=first), k=MANY, capped=True)
    visit.shows(first + ids(more))
    visit.focuses(more[0].movie.label.replace("(", "").replace(")", ""))
    expect(visit.page.locator("#films-status")).to_have_text("40 films, best match first")


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

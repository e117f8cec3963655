"""The analyst's page as a web page: served by Voilà, used in a real Chromium with keyboard and mouse."""

import re
from pathlib import Path
from xml.etree import ElementTree

from playwright.sync_api import expect
from support.browser import needs_chromium
from support.explorer_page import becomes, drag, kept_now, listed, until_kept

from cinematch_lib import Preferences, Recommender
from cinematch_lib.artifacts.runs import current_run_id
from cinematch_lib.catalog.filters import Filters

pytestmark = needs_chromium

PICTURES = Path(__file__).parents[1] / "pictures"  # kept until the next time; ignored by git


def test_the_page_opens_with_the_current_run_and_without_code(page, project, films):
    until_kept(page, films, Filters(min_year=1990))
    expect(page.locator("body")).to_contain_text(current_run_id(project / "artifacts"))
    text = page.locator("body").inner_text()
    assert "Which films are kept" in text
    assert "import" not in text
    assert page.locator(".jp-CodeMirrorEditor, .jp-InputArea-editor, .highlight").count() == 0


def test_sliders_are_moved_by_keyboard_and_counts_and_recommendations_follow(page, project, films):
    handle = page.locator(".noUi-handle-lower").first
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".cm-value").first).to_have_text("from 1993")
    until_kept(page, films, Filters(min_year=1993))
    page.locator(".noUi-handle-upper").nth(1).focus()
    page.keyboard.press("ArrowLeft")  # from no bound to the longest
    count = until_kept(page, films, Filters(min_year=1993, max_runtime=300))
    ids = films.ids[count.keeps]
    recommender = Recommender.load(project / "artifacts")
    becomes(lambda: listed(page), [one.movie_id for one in recommender.recommend(among=ids)])


def test_a_film_is_picked_by_typing_and_the_list_is_the_librarys(page, project, films):
    page.get_by_placeholder("Type part of a title").press_sequentially("toy stry")
    expect(page.locator(".cm-suggestions button").first).to_have_text("+ Toy Story (1995)")
    page.keyboard.press("Enter")
    expect(page.locator(".cm-liked button")).to_have_text("Toy Story (1995) ✕")
    page.locator(".cm-chips button", has_text=re.compile("^children$")).click()
    count = until_kept(page, films, Filters(min_year=1993, max_runtime=300, genres_keep=["children"]))
    recommender = Recommender.load(project / "artifacts")
    liked = Preferences(liked_movie_ids=[recommender.find("Toy Story").movie_id])
    expected = recommender.recommend(liked, among=films.ids[count.keeps])
    becomes(lambda: listed(page), [one.movie_id for one in expected])
    assert page.locator(".cm-why").all_inner_texts() == [one.explanation for one in expected]
    assert page.locator(".cm-list li").first.locator(".cm-stack i").count() == len(expected[0].reasons)


def test_charts_answer_to_the_pointer_and_to_keys(page, films):
    drag(page, "Ratings", 0.99, 0.55)
    edges = films.rating_numbers.edges
    low = int(edges[int(0.55 * (len(edges) - 1))])
    until_kept(page, films, Filters(min_year=1993, max_runtime=300, genres_keep=["children"], min_ratings=low))
    page.get_by_label("Ratings", exact=True).get_by_role("slider").focus()
    page.keyboard.press("Home")  # no bound
    until_kept(page, films, Filters(min_year=1993, max_runtime=300, genres_keep=["children"]))
    years = page.get_by_label("Year of release", exact=True)
    years.locator(".cm-area").hover(position={"x": 300, "y": 40})
    expect(page.locator(".cm-chart-head .cm-faint").first).to_have_text(re.compile(r"\d{4}: [\d,]+ of [\d,]+"))
    row = page.get_by_role("button", name=re.compile(r"^comedy \d"))
    row.focus()
    page.keyboard.press("Enter")
    until_kept(page, films, Filters(min_year=1993, max_runtime=300, genres_keep=["comedy", "children"]))
    for _ in range(2):
        row.click()
    until_kept(page, films, Filters(min_year=1993, max_runtime=300, genres_keep=["children"]))


def test_the_map_narrows_the_selection_and_names_films(page, project, films):
    filters = Filters(min_year=1993, max_runtime=300, genres_keep=["children"])
    kept = films.count(filters).kept
    stage = page.get_by_role("application", name="Map of films")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2, steps=4)
    page.mouse.up()
    expect(page.locator(".cm-waterfall")).to_contain_text("outside the area on the map")
    expect(page).to_have_url(re.compile("area=-1,-1,"))  # the last one of the drag: its first ones hold no film
    behind = stage.locator("xpath=../details")
    behind.locator("summary").click()
    becomes(lambda: 0 < behind.locator("button").count() == kept_now(page) < kept, True)
    behind.locator("summary").click()
    stage.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):  # the most popular film in view, the next one, pinned
        page.keyboard.press(key)
    pinned = page.locator(".cm-map-pin")
    expect(pinned).to_contain_text(re.compile(r"\(\d{4}\)"))
    pinned.get_by_role("button", name="Open this film").click()
    expect(page.get_by_role("heading", name=pinned.locator("span").inner_text().strip(), exact=True)).to_be_focused()
    page.get_by_role("button", name="Close").click()
    with page.expect_download() as saved:
        page.get_by_label("Save Map of films as SVG").click()
    drawn = ElementTree.parse(saved.value.path()).getroot()
    points = [one.get("d").count("M") for one in drawn.iter("{http://www.w3.org/2000/svg}path")]
    assert points[1] == kept_now(page)
    stage.focus()
    page.keyboard.press("Escape")
    until_kept(page, films, filters)


def test_a_step_is_undone_and_redone_by_keys_and_a_link_opens_the_state(page, films, browser):
    filters = Filters(min_year=1993, max_runtime=300, genres_keep=["children"])
    page.locator(".cm-chips button", has_text=re.compile("^war$")).click()
    narrowed = Filters(min_year=1993, max_runtime=300, genres_keep=["children", "war"])
    until_kept(page, films, narrowed)
    page.locator("h1").click()
    page.keyboard.press("Control+z")
    until_kept(page, films, filters)
    page.keyboard.press("Control+Shift+z")
    until_kept(page, films, narrowed)
    expect(page).to_have_url(re.compile("genres_keep=.*war"))
    again = browser.new_page(viewport={"width": 390, "height": 844})
    again.goto(page.url)
    until_kept(again, films, narrowed)
    expect(again.locator(".cm-liked button")).to_have_text("Toy Story (1995) ✕")
    assert again.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(again.locator(".cm-controls")).to_be_hidden()
    again.get_by_role("button", name="Show or hide the filters").click()
    expect(again.locator(".cm-controls")).to_be_visible()
    again.close()
    page.keyboard.press("Control+z")
    until_kept(page, films, filters)


def test_undo_pressed_fast_loses_no_step(page, films):
    for genre in ("war", "drama", "comedy"):
        before = page.locator(".cm-kept").inner_text()
        page.locator(".cm-chips button", has_text=re.compile(f"^{genre}$")).click()
        expect(page.locator(".cm-kept")).not_to_have_text(before)
        page.wait_for_timeout(800)  # what follows faster is one step
    page.locator("h1").click()
    for _ in range(3):
        page.keyboard.press("Control+z")
    until_kept(page, films, Filters(min_year=1993, max_runtime=300, genres_keep=["children"]))


def test_the_bar_stays_in_view_above_the_charts(page):
    page.locator(".cm-counts h3", has_text="Fields that are known").evaluate("one => one.scrollIntoView()")
    expect(page.locator("h1")).not_to_be_in_viewport()
    expect(page.locator(".cm-bar-count")).to_be_in_viewport()


def test_the_table_of_films_is_sorted_by_a_press(page):
    head = page.locator(".cm-lookup th").first
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    titles = page.locator(".cm-lookup .cm-film").all_inner_texts()
    assert titles == sorted(titles, key=str.casefold)


def test_everything_that_takes_the_focus_has_a_name(page):
    parts = page.locator("body").aria_snapshot().splitlines()
    roles = ("button", "slider", "combobox", "textbox", "checkbox", "link", "application", "columnheader")
    assert [one for one in parts if re.match(rf"\s*- ({'|'.join(roles)})(?! \")", one)] == []


def test_everything_that_can_be_pressed_or_moved_is_reached_by_keys(page):
    parts = page.locator("button, select, input, summary, [role=slider], [role=button], [role=application]")
    assert parts.count() > 100
    unreached = """all => all.filter(one => one.checkVisibility() && !one.disabled && one.tabIndex < 0)
        .map(one => one.outerHTML)"""
    assert parts.evaluate_all(unreached) == []


def test_a_part_of_the_page_is_reached_by_its_name(page):
    page.get_by_label("Go to a part of the page").select_option("How good are the lists?")
    heading = page.get_by_role("heading", name="How good are the lists?")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()


def test_nothing_moves_by_itself_where_less_motion_is_asked_for(page):
    page.emulate_media(reduced_motion="reduce")
    moving = """all => all.map(one => getComputedStyle(one))
        .filter(style => parseFloat(style.transitionDuration) > 0 || style.animationName !== "none").length"""
    assert page.locator(".cm-part *").evaluate_all(moving) == 0
    page.emulate_media(reduced_motion="no-preference")


def test_the_page_has_colours_for_light_and_for_dark_mode(page):
    brightness = """() => ["body", ".cm-card", ".cm-kept-bar"].map(name => {
        const one = document.querySelector(name), style = getComputedStyle(one);
        const colour = one.matches("rect") ? style.fill : style.backgroundColor;
        return colour.match(/\\d+/g).slice(0, 3).map(Number).reduce((sum, one) => sum + one) / 3;
    })"""
    page.emulate_media(color_scheme="dark")
    ground, card, bar = page.evaluate(brightness)
    assert max(ground, card) < 60 < 120 < bar
    page.emulate_media(color_scheme="light")
    ground, card, bar = page.evaluate(brightness)
    assert min(ground, card) > 220 > 120 > bar


def test_a_film_is_looked_up_with_the_rule_that_drops_it(page):
    page.get_by_placeholder("words of the plot").fill("braveheart")
    expect(page.locator(".cm-lookup")).to_contain_text("none of the genres children")


def test_a_film_is_opened_by_its_name_and_closed_and_the_focus_follows(page):
    name = page.locator(".cm-lookup button.cm-film").first
    name.focus()
    page.keyboard.press("Enter")
    title = page.get_by_role("heading", name="Braveheart (1995)", exact=True)
    expect(title).to_be_focused()
    expect(page.locator(".cm-film-view .poster svg")).to_be_visible()
    expect(page.locator(".cm-film-view")).to_contain_text("Dropped by the filters: none of the genres children")
    expect(page.get_by_role("img", name="Braveheart (1995): ratings by year")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(title).to_be_hidden()
    expect(name).to_be_focused()


def test_nothing_overflows_at_two_widths_and_screenshots_are_kept(page):
    for width in (1280, 800):
        page.set_viewport_size({"width": width, "height": 2600})
        picture = PICTURES / f"explore-{width}.png"
        page.screenshot(path=picture)
        assert picture.stat().st_size > 50_000
        for card in page.locator(".cm-card:visible").all():
            box = card.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width

"""The analyst's page as a web page: served by Voilà, used in a real Chromium with keyboard and mouse."""

import contextlib
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pandas as pd
import pytest
import requests
import yaml
from PIL import Image
from playwright import sync_api
from support.browser import launch, needs_chromium
from support.commands import wait_for
from support.small_projects import DATASET, QUICK

from cinematch_lib import Preferences, Recommender
from cinematch_lib.artifacts.runs import current_run_id
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer.counts import AllFilms

pytestmark = needs_chromium

PICTURES = Path(__file__).parents[1] / "pictures"  # kept until the next time; ignored by git
SECONDS = 60  # of patience, not of expectation
expect = sync_api.expect
expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture(scope="module")
def errors():
    """The errors that the browser reported, and the requests to other hosts, none of which is answered."""
    return []


def refuse(route, errors):
    errors.append(route.request.url)
    route.abort()


@pytest.fixture(scope="module")
def page(browser, address, errors):
    opened = browser.new_page(viewport={"width": 1280, "height": 1400})
    opened.set_default_timeout(SECONDS * 1000)
    opened.route(lambda url: urlsplit(url).hostname != "127.0.0.1", lambda route: refuse(route, errors))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    opened.goto(address)
    expect(opened.locator(".cm-list li").first).to_be_visible()
    return opened


@pytest.fixture(scope="module")
def films(project):
    folder = project / "raw" / DATASET
    return AllFilms.load(folder, folder / "tmdb_metadata.csv", ServicesSource("demo"))


def waterfall(page):
    rows = page.locator(".cm-waterfall tr").evaluate_all(
        "rows => rows.map(row => [row.querySelector('td'), row.lastElementChild].map(cell => cell.innerText))"
    )
    return {step: int(number.replace(",", "").replace("−", "-")) for step, number in rows}


def listed(page):
    return page.locator(".cm-list li").evaluate_all("all => all.map(one => Number(one.dataset.film))")


def becomes(shown, expected):
    """Wait until the page shows the expected value; its parts are updated one after the other."""
    with contextlib.suppress(AssertionError):
        wait_for(lambda: shown() == expected, "the page", SECONDS)
    assert shown() == expected


def until_kept(page, films, filters):
    """Wait until the page shows the library's counts for these filters; returns them."""
    count = films.count(filters)
    expect(page.locator(".cm-kept")).to_have_text(f"{count.kept:,}")
    dropped = {reason: -many for reason, many in count.dropped.items()}
    becomes(lambda: waterfall(page), {"read": count.read, **dropped, "kept": count.kept})
    return count


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


def drag(page, chart, start, end):
    """Drag over a chart from one share of its width to another."""
    area = page.get_by_label(chart, exact=True).locator(".cm-area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], height)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], height, steps=8)
    page.mouse.up()


def test_charts_answer_to_the_pointer_and_to_keys(page, films):
    kept = count_now(page)
    ratings = page.get_by_label("Ratings", exact=True)
    drag(page, "Ratings", 0.99, 0.5)
    expect(page.locator(".cm-kept")).not_to_have_text(f"{kept:,}")
    handle = ratings.get_by_role("slider")

    def filters():
        low = int(handle.get_attribute("aria-valuenow"))
        return Filters(min_year=1993, max_runtime=300, genres_keep=["children"], min_ratings=low)

    wait_for(lambda: count_now(page) == films.count(filters()).kept < kept, "the end of the drag", SECONDS)
    until_kept(page, films, filters())
    handle.focus()
    page.keyboard.press("Home")  # no bound
    until_kept(page, films, Filters(min_year=1993, max_runtime=300, genres_keep=["children"]))
    years = page.get_by_label("Year of release", exact=True)
    years.locator(".cm-area").hover(position={"x": 300, "y": 40})
    expect(page.locator(".cm-chart-head .cm-faint").first).to_have_text(re.compile(r"\d{4}: [\d,]+ of [\d,]+"))
    row = page.get_by_role("button", name=re.compile("^comedy: "))
    row.focus()
    page.keyboard.press("Enter")
    until_kept(page, films, Filters(min_year=1993, max_runtime=300, genres_keep=["comedy", "children"]))
    for _ in range(2):
        row.click()
    until_kept(page, films, Filters(min_year=1993, max_runtime=300, genres_keep=["children"]))


def test_a_picture_is_saved_and_stands_for_itself(page, tmp_path):
    for form, opens in (("SVG", svg_size), ("PNG", png_size)):
        with page.expect_download() as saved:
            page.get_by_title(f"Save this picture as {form}").first.click()
        saved.value.save_as(tmp_path / "picture")
        assert saved.value.suggested_filename == f"year_of_release.{form.lower()}"
        assert opens(tmp_path / "picture") >= 400


def svg_size(path):
    root = ElementTree.parse(path).getroot()
    bars = [one for one in root.iter() if one.get("class") == "cm-all"]
    assert len(bars) > 20
    assert all("fill: rgb(" in one.get("style") for one in bars)  # the page's style sheet is not needed
    return float(root.get("width"))


def png_size(path):
    return Image.open(path).size[0]


def count_now(page):
    return int(page.locator(".cm-kept").inner_text().replace(",", ""))


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
    becomes(lambda: 0 < count_now(page) < kept, True)
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
    assert points[1] == count_now(page)
    stage.focus()
    page.keyboard.press("Escape")
    until_kept(page, films, filters)


def test_a_step_is_undone_and_redone_by_keys_and_a_link_opens_the_state(page, films, browser, errors):
    filters = Filters(min_year=1993, max_runtime=300, genres_keep=["children"])
    page.locator(".cm-chips button", has_text=re.compile("^war$")).click()
    narrowed = Filters(min_year=1993, max_runtime=300, genres_keep=["children", "war"])
    until_kept(page, films, narrowed)
    page.locator("h1").click()
    page.keyboard.press("Control+z")
    until_kept(page, films, filters)
    page.keyboard.press("Control+Shift+z")
    until_kept(page, films, narrowed)
    assert "genres_keep=" in page.url
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


def test_the_selection_is_saved_and_read_by_pandas(page, films):
    kept = films.ids[films.count(Filters(min_year=1993, max_runtime=300, genres_keep=["children"])).keeps].tolist()
    for form, read in (("CSV", pd.read_csv), ("Parquet", pd.read_parquet)):
        with page.expect_download() as saved:
            page.get_by_role("button", name=f"Save the kept films as {form}").click()
        assert saved.value.suggested_filename == f"{DATASET}_{len(kept)}_films.{form.lower()}"
        assert read(saved.value.path())["movieId"].tolist() == kept


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


def test_the_report_is_saved_and_opens_without_a_request(page, browser, tmp_path):
    with page.expect_download() as saved:
        page.get_by_role("button", name="Report (HTML)").click()
    saved.value.save_as(tmp_path / "report.html")
    asked, report = [], browser.new_page()
    report.on("request", lambda request: asked.append(request.url))
    report.goto((tmp_path / "report.html").as_uri())
    expect(report.get_by_role("heading", name="Recommendations")).to_be_visible()
    expect(report.get_by_role("img", name="Year of release")).to_be_visible()
    assert asked == [(tmp_path / "report.html").as_uri()]
    report.close()


def test_two_settings_are_compared(page, films):
    page.get_by_role("button", name="Pin these").click()
    page.locator(".cm-chips button", has_text="✓ children").click()  # now they are dropped
    filters = Filters(min_year=1993, max_runtime=300, genres_drop=["children"])
    count = until_kept(page, films, filters)
    expect(page.locator(".cm-compared")).to_contain_text(f"{count.kept:,}")
    expect(page.locator(".cm-compared")).to_contain_text("genres_drop")


def test_settings_are_saved_and_run_and_the_page_shows_the_new_run(page, project, films, tmp_path):
    before = current_run_id(project / "artifacts")
    place = page.locator(".cm-wide input[type=text]").last
    assert place.input_value() == str(project / "params.yaml")
    place.fill(str(tmp_path / "mine.yaml"))
    page.get_by_role("button", name="Save parameters").click()
    expect(page.locator(".cm-good")).to_contain_text(f"cinematch run -f {tmp_path / 'mine.yaml'}")
    saved = yaml.safe_load((tmp_path / "mine.yaml").read_text())
    assert (saved["genres_drop"], saved["models"]) == (["children"], QUICK["models"])
    page.locator(".cm-actions select").last.select_option("features")
    page.get_by_role("button", name="Run the pipeline").click()
    expect(page.locator(".cm-good")).to_contain_text("the page now uses the new current run", timeout=SECONDS * 3000)
    after = current_run_id(project / "artifacts")
    assert before != after
    expect(page.locator(".cm-part").first).to_contain_text(after)
    made = Recommender.load(project / "artifacts")
    assert len(made) == films.count(Filters(min_year=1993, max_runtime=300, genres_drop=["children"])).kept


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


def test_the_browser_reported_no_error(page, errors):
    assert errors == []


def test_without_artifacts_the_page_shows_what_to_run_and_no_traceback(browser, project, address):
    (project / "artifacts").rename(project / "away")
    (project / "raw").rename(project / "raw away")
    try:
        opened = browser.new_page()
        opened.set_default_timeout(SECONDS * 1000)
        opened.goto(address)
        expect(opened.locator(".cm-bad").first).to_contain_text(
            "cinematch run --dataset sample", timeout=SECONDS * 1000
        )
        assert "Traceback" not in opened.locator("body").inner_text()
    finally:
        (project / "away").rename(project / "artifacts")
        (project / "raw away").rename(project / "raw")


def test_only_the_page_is_served_and_only_on_loopback(address, project):
    visitor = requests.Session()
    visitor.get(address.replace("/?", "/login?"), timeout=SECONDS)
    for path in ("voila/files/explore.ipynb", "voila/files/x.png", "voila/tree", "voila/render/02_clean.ipynb"):
        assert visitor.get(urljoin(address, path), timeout=SECONDS).status_code in (403, 404), path
    assert Path(project / "voila.log").read_text().count("http://127.0.0.1:") == 1

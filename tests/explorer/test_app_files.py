"""What is carried away from the analyst's page in a real Chromium: pictures, films, a report, settings and runs."""

import re
from urllib.parse import urljoin
from xml.etree import ElementTree

import pandas as pd
import pytest
import requests
import yaml
from PIL import Image
from playwright.sync_api import expect
from support.browser import needs_chromium
from support.explorer_page import SECONDS, until_kept
from support.small_projects import DATASET, QUICK

from cinematch_lib import Recommender
from cinematch_lib.artifacts.runs import current_run_id, make_current
from cinematch_lib.catalog.filters import Filters

pytestmark = needs_chromium


def saved_by(page, button, path):
    """The name of the file that a button saves to `path`."""
    with page.expect_download() as saved:
        button.click()
    saved.value.save_as(path)
    return saved.value.suggested_filename


def test_a_chart_is_saved_and_stands_for_itself(page, tmp_path):
    for form in ("SVG", "PNG"):
        button = page.get_by_label(f"Save Year of release as {form}")
        assert saved_by(page, button, tmp_path / form) == f"year_of_release.{form.lower()}"
    root = ElementTree.parse(tmp_path / "SVG").getroot()
    bars = [one for one in root.iter() if one.get("class") == "cm-all"]
    assert len(bars) > 20
    assert all("fill: rgb(" in one.get("style") for one in bars)  # the page's style sheet is not needed
    width, height = (float(root.get(name)) for name in ("width", "height"))
    assert Image.open(tmp_path / "PNG").size == (2 * width, 2 * height)


# Each opens a film of its own: a film that is open already would be drawn anew under the click that saves its picture.
@pytest.mark.parametrize(
    ("scheme", "card", "title"), [("light", "#fffdf8", "Braveheart"), ("dark", "#1d1a1e", "Clueless")]
)
def test_a_picture_of_a_film_is_saved_in_the_colours_that_it_has_on_the_page(page, tmp_path, scheme, card, title):
    page.emulate_media(color_scheme=scheme)
    page.get_by_placeholder("words of the plot").fill(title)
    page.locator(".cm-lookup button.cm-film", has_text=title).first.click()
    figure = page.get_by_role("figure", name=f"{title} (1995): ratings by year")
    for form in ("SVG", "PNG"):
        name = saved_by(page, figure.get_by_role("button", name=f"as {form}"), tmp_path / form)
        assert name == f"{title.lower()}_1995_ratings_by_year.{form.lower()}"
    text = (tmp_path / "SVG").read_text(encoding="utf-8")
    assert not re.search(r"var\(|light-dark\(|currentColor\W(?!>)", text.partition(">")[2])
    shapes = list(ElementTree.fromstring(text).iter())
    assert f"{title} (1995): ratings by year" in [one.text for one in shapes]
    assert {"ratings", "mean stars"} <= {one.text for one in shapes}
    picture = Image.open(tmp_path / "PNG").convert("RGB")
    assert picture.getpixel((1, 1)) == tuple(int(card[at : at + 2], 16) for at in (1, 3, 5))
    assert len(picture.getcolors(1 << 24)) > 20
    page.get_by_placeholder("words of the plot").fill("")
    page.emulate_media(color_scheme="light")


def test_the_selection_is_saved_and_read_by_pandas(page, films):
    kept = films.ids[films.count(Filters(min_year=1990)).keeps].tolist()
    for form, read in (("CSV", pd.read_csv), ("Parquet", pd.read_parquet)):
        with page.expect_download() as saved:
            page.get_by_role("button", name=f"Save the kept films as {form}").click()
        assert saved.value.suggested_filename == f"{DATASET}_{len(kept)}_films.{form.lower()}"
        assert read(saved.value.path())["movieId"].tolist() == kept


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
    for mark in ("", "✓ "):
        page.locator(".cm-chips button", has_text=re.compile(f"^{mark}children$")).click()  # kept, then dropped
    filters = Filters(min_year=1990, genres_drop=["children"])
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
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".cm-saving .cm-notice")).to_have_text("Stopped. The current run does not change.")
    assert current_run_id(project / "artifacts") == before
    page.get_by_role("button", name="Run the pipeline").click()
    expect(page.locator(".cm-good")).to_contain_text("the page now uses the new current run", timeout=SECONDS * 3000)
    after = current_run_id(project / "artifacts")
    assert before != after
    expect(page.locator(".cm-part").first).to_contain_text(after)
    made = Recommender.load(project / "artifacts")
    assert len(made) == films.count(Filters(min_year=1990, genres_drop=["children"])).kept
    make_current(project / "artifacts", before)


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
    assert re.findall(r"http://(.*):\d+/\?token=", (project / "voila.log").read_text()) == ["127.0.0.1"]

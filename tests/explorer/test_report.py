"""The page's report: an HTML file that stands alone, with the run, the settings, the list and the evaluation."""

import html
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from support.page_parts import opened
from support.small_projects import small_project

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer.settings import Settings

HEAT = 6
VOID = {"meta", "i", "b"}  # without an end, or of no weight here


class Balanced(HTMLParser):
    """Checks that elements end where they should, and collects what a browser would load."""

    def __init__(self):
        super().__init__()
        self.open, self.loaded, self.names = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.loaded += [value for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(sample_run):
    made = opened(sample_run.folder)
    made.like(HEAT)
    made.set(Settings("sample", Filters(min_year=1990)))
    return made


def test_it_is_whole_and_loads_nothing(page):
    name, text = page.report()
    assert name == f"sample_{page.state.count.kept}_films.html"
    parser = Balanced()
    parser.feed(text)
    assert (parser.open, parser.loaded) == ([], [])
    assert not {"script", "button", "link", "iframe"} & parser.names
    assert "default-src 'none'" in text


def test_it_tells_the_run_the_settings_the_selection_the_list_and_the_evaluation(page, sample_run):
    text = html.unescape(re.sub("<[^>]+>", " ", page.report()[1]))
    run = Run.current(sample_run.artifacts)
    for said in (
        run.info.fingerprint,
        "min_year: 1990",
        f"Selection: {page.state.count.kept:,} of {page.state.count.read:,} films",
        "a person who likes Heat",
        page._recommendations.found[0].explanation,
        "nDCG@10 with 95 % intervals",
        "F. Maxwell Harper",
    ):
        assert said in text, said
    assert page.report() == page.report()


def test_its_pictures_are_drawings_that_can_be_parsed(page):
    drawings = re.findall(r"<svg.*?</svg>", page.report()[1], flags=re.DOTALL)
    titles = [ElementTree.fromstring(one).get("aria-label") for one in drawings]
    assert {"Year of release", "Running time", "Ratings", "Genres"} <= set(titles)
    assert len(titles) > 8


def test_without_an_evaluation_and_a_person_it_says_so(tmp_path):
    text = opened(small_project(tmp_path)).report()[1]
    assert "The run was not evaluated." in text
    assert "a person who likes nothing yet" in text

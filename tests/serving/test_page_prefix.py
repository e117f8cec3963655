"""The server under a path of a proxy, and its pages in a browser without a network."""

import re
from types import SimpleNamespace

import pytest
import requests
from playwright.sync_api import expect
from support.browser import needs_chromium
from support.commands import cinematch, wait_for
from support.page_server import MANY
from support.proxy import proxy
from support.serving import server
from support.small_runs import ids, sample_artifacts

from cinematch_lib import Preferences

PREFIX = "/our/films"


@pytest.fixture(scope="module")
def prefixed(tmp_path_factory):
    state = tmp_path_factory.mktemp("prefixed")
    arguments = ("--state-dir", state, "--root-path", f"{PREFIX}/")
    with server(sample_artifacts(tmp_path_factory), *arguments) as one:
        yield one


@pytest.fixture(params=[True, False], ids=["strips", "passes"])
def front(prefixed, request):
    with proxy(prefixed.url, PREFIX, strips=request.param) as url:
        yield SimpleNamespace(url=url, strips=request.param)


@needs_chromium
def test_the_pages_work_behind_a_proxy_with_a_prefix(front, visiting, films):
    visit = visiting(front, f"{PREFIX}/")
    visit.shows(ids(films.recommend(k=MANY, capped=True)))
    visit.pick("heat", "Heat (1995)")
    visit.shows(ids(films.recommend(Preferences(liked_movie_ids=[6]), k=MANY, capped=True)))
    visit.page.get_by_role("link", name="Browse").click()
    expect(visit.page.locator("#browse-list li").first).to_be_visible()
    visit.page.goto(f"{front.url}{PREFIX}/docs")
    check_reference(visit.page)
    visit.page.get_by_role("link", name="OpenAPI document").click()
    assert visit.page.url == f"{front.url}{PREFIX}/openapi.json"


def test_paths_redirects_and_documents_name_the_prefix(front):
    root = front.url + PREFIX
    for path in ("/docs", "/docs/", "/health", "/health/", "/api/genres/", "/page/style.css", "/"):
        answer = requests.get(root + path, allow_redirects=False, timeout=10)
        assert answer.status_code == 200, path
    assert requests.get(f"{root}/openapi.json", timeout=10).json()["servers"] == [{"url": PREFIX}]
    assert requests.get(f"{root}/", timeout=10).json()["docs"] == f"{PREFIX}/docs"
    if not front.strips:
        answer = requests.get(root, allow_redirects=False, timeout=10)
        assert (answer.status_code, answer.headers["Location"]) == (307, f"{PREFIX}/")


def test_token_and_headers_hold_under_the_prefix(served):
    with server(served, "--root-path", PREFIX, CINEMATCH_API_TOKEN="s3cret") as one:
        for path in (f"{PREFIX}/api/genres", "/api/genres", f"{PREFIX}/api/genres/", f"{PREFIX}//api/genres"):
            answer = requests.get(one.url + path, timeout=10)
            assert answer.status_code in (401, 404), path
        answer = requests.get(f"{one.url}{PREFIX}/api/genres", headers={"Authorization": "Bearer s3cret"}, timeout=10)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        (event,) = wait_for(lambda: [event for event in one.events("request") if event["status"] == 200], "the log")
        assert event["route"] == "/api/genres"


@pytest.mark.parametrize("path", ["films", "/api", "/page/x", "/a b", "/films?x", "//films", "/docs/"])
def test_a_prefix_that_cannot_be_is_refused(served, path):
    done = cinematch(served.parent, "serve", "--root-path", path)
    assert done.code == 1
    assert "--root-path must be a path such as /films, of letters, digits and -._~" in done.err
    assert repr(path) in done.err


def check_reference(page):
    """Check that the API's reference is shown, with its style, and that its links lead somewhere."""
    expect(page.get_by_role("heading", name="POST /api/recommendations")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"
    targets = page.locator("a[href^='#']").evaluate_all("all => all.map(one => one.getAttribute('href').slice(1))")
    known = set(page.locator("[id]").evaluate_all("all => all.map(one => one.id)"))
    assert targets
    assert set(targets) <= known


@needs_chromium
def test_the_reference_loads_nothing_from_elsewhere_and_names_every_path(visiting, sample_server):
    visit = visiting(sample_server, "/docs")  # the fixture fails on requests to other hosts
    check_reference(visit.page)
    document = sample_server.get("/openapi.json")
    shown = set(visit.page.locator("h3").all_inner_texts())
    assert shown >= {f"{method.upper()} {path}" for path, of in document["paths"].items() for method in of}
    assert shown >= set(document["components"]["schemas"])
    assert not re.search(r"https?://", visit.page.content())

"""The page in a real browser, against a real server that serves the sample."""

import pytest
from playwright.sync_api import expect, sync_playwright
from support.browser import launch
from support.newer_client import identify
from support.page_server import MANY, WAIT, Visit, running
from support.serving import client, publish
from support.small_runs import ids, sample_artifacts, sample_recommender


@pytest.fixture(scope="module")
def browser():
    expect.set_options(timeout=1000 * WAIT)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sample_server(tmp_path_factory):
    with running(sample_artifacts(tmp_path_factory), tmp_path_factory.mktemp("page")) as server:
        yield server


@pytest.fixture
def visiting(browser):
    """Opens visits; at the end none may have had an error or an outside request."""
    visits = []

    def visit(server, path="/", **options):
        visits.append(Visit(browser, server, path, **options))
        return visits[-1]

    yield visit
    for one in visits:
        one.end()
    assert [one.problems for one in visits] == [[]] * len(visits)
    assert [one.outside for one in visits] == [[]] * len(visits)


@pytest.fixture
def visit(visiting, sample_server, tmp_path_factory):
    """A first visit to the page for the sample, with the list loaded."""
    one = visiting(sample_server)
    one.shows(ids(sample_recommender(tmp_path_factory).recommend(k=MANY, capped=True)))
    return one


@pytest.fixture
def films(tmp_path_factory):
    return sample_recommender(tmp_path_factory)


@pytest.fixture
def api(tmp_path):
    publish(tmp_path / "artifacts")
    with client(tmp_path / "artifacts", state_dir=tmp_path / "state", identify=True) as one:
        yield one


@pytest.fixture
def anna(api):
    """The headers of a user."""
    return {"X-User-Id": str(identify(api)["id"])}


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server; its wheel exists for Python 3.11 and 3.12."""
    pytest.importorskip("pgserver", reason="no wheel brings a PostgreSQL server for this Python")
    from support.postgres import Postgres

    one = Postgres(tmp_path_factory.mktemp("postgres"))
    yield one
    one.end()

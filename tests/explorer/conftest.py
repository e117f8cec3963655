"""The analyst's page as a web page, as `make app` serves it, and a browser that shows it."""

import json
import os
import re
import signal
import subprocess
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright
from support.browser import launch
from support.commands import COMMAND, wait_for
from support.explorer_page import SECONDS, kernels
from support.small_projects import DATASET, small_project, with_map

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.explorer.counts import AllFilms
from cinematch_lib.explorer.kernels import MOST_KERNELS

IMPATIENT = {
    "MappingKernelManager": {"cull_idle_timeout": 15, "cull_interval": 1},
    "VoilaKernelManager": {"fill_delay": 1},
    "FewKernels": {"spare_seconds": 15},
}
expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A small project, whose data and current run each test leaves as they were."""
    return with_map(small_project(tmp_path_factory.mktemp("app")))


@pytest.fixture(scope="session")
def address(project):
    """Where ``cinematch explore`` serves the page."""
    folders = [f"--{name}-dir={project / name}" for name in ("raw", "data", "artifacts")]
    (project / "voila.json").write_text(json.dumps(IMPATIENT))
    log = (project / "voila.log").open("w")
    server = subprocess.Popen(
        [COMMAND, "explore", "--no-browser", *folders],
        cwd=project,
        env=os.environ | {"JUPYTER_CONFIG_DIR": str(project)},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    url = lambda: re.search(r"http://127\.0\.0\.1:\d+/\?token=\w{40,}", (project / "voila.log").read_text())  # noqa: E731
    try:
        yield wait_for(url, "Voilà to start", SECONDS)[0]  # it tries other ports until it finds a free one
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)
        log.close()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture(scope="module")
def page(browser, address, project):
    """The page, which reports no error and asks no other host: what it asks of one is not answered."""
    errors, opened = [], browser.new_page(viewport={"width": 1280, "height": 1400})

    def refuse(route):
        errors.append(route.request.url)
        route.abort()

    opened.set_default_timeout(SECONDS * 1000)
    opened.route(lambda url: urlsplit(url).hostname != "127.0.0.1", refuse)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    wait_for(lambda: kernels(project) < MOST_KERNELS, "kernels of other tests, without a page, to end", SECONDS)
    opened.goto(address)
    expect(opened.locator(".cm-list li").first).to_be_visible()
    yield opened
    opened.close()
    assert errors == []


@pytest.fixture(scope="session")
def films(project):
    folder = project / "raw" / DATASET
    return AllFilms.load(folder, folder / "tmdb_metadata.csv", ServicesSource("demo"))

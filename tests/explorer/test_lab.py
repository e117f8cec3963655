"""The analyst's page in JupyterLab runs when it is opened."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright
from support.browser import launch, needs_chromium
from support.commands import wait_for
from support.small_projects import DATASET, small_project

import cinematch_lib.explorer
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer.counts import AllFilms
from cinematch_lib.pipeline.notebooks import NOTEBOOKS

EXTENSIONS = Path(cinematch_lib.explorer.__file__).parent / "lab"
MAKEFILE = NOTEBOOKS.parent / "Makefile"
SECONDS = 90  # of patience, not of expectation


@needs_chromium
def test_the_page_runs_when_it_is_opened(tmp_path):
    project = small_project(tmp_path)
    shutil.copy(NOTEBOOKS / "explore.ipynb", project / "notebooks")
    folder = project / "raw" / DATASET
    films = AllFilms.load(folder, folder / "tmdb_metadata.csv", ServicesSource("demo"))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += ["--IdentityProvider.token=", f"--LabApp.extra_labextensions_path={EXTENSIONS}"]
    here = {name: str(tmp_path / "jupyter") for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    log = tmp_path / "lab.log"
    with log.open("w") as to:
        server = subprocess.Popen(
            [*command, "notebooks/explore.ipynb"],
            cwd=project,
            stdout=to,
            stderr=to,
            env=os.environ | here,
            start_new_session=True,
        )
    try:
        # JupyterLab tries other ports until it finds a free one.
        found = wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+/lab", log.read_text()), "JupyterLab", SECONDS)
        with sync_playwright() as playwright:
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.goto(f"{found[0]}/tree/explore.ipynb")
            count = films.count(Filters(min_year=1990))
            expect(page.locator(".cm-kept")).to_have_text(f"{count.kept:,}", timeout=1000 * SECONDS)
            heading = page.get_by_role("heading", name="Explore the films")
            expect(heading).to_be_in_viewport(timeout=1000 * SECONDS)
            expect(page.locator(".jp-mod-dirty")).to_have_count(0)  # else what is shown is soon saved into the file
            browser.close()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=SECONDS)


def test_make_lab_finds_the_extension():
    folder = EXTENSIONS.relative_to(MAKEFILE.parent).as_posix()
    assert f'--LabApp.extra_labextensions_path="$(CURDIR)/{folder}" notebooks/explore.ipynb' in MAKEFILE.read_text()

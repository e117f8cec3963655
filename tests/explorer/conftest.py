"""The analyst's page as a web page, as `make app` serves it."""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from support.commands import wait_for
from support.small_projects import small_project, with_map

from cinematch_lib.pipeline.notebooks import NOTEBOOKS

IMPATIENT = ("--MappingKernelManager.cull_idle_timeout=15", "--MappingKernelManager.cull_interval=1")
SECONDS = 60


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = with_map(small_project(tmp_path_factory.mktemp("app")))
    shutil.copy(NOTEBOOKS / "explore.ipynb", folder / "notebooks")
    return folder


@pytest.fixture(scope="module")
def address(project):
    """Where Voilà serves the page, as `make app` does."""
    command = [sys.executable, "-m", "cinematch_lib.explorer.app", "--no-browser", *IMPATIENT]
    log = (project / "voila.log").open("w")
    server = subprocess.Popen(
        [*command, "notebooks/explore.ipynb"], cwd=project, stdout=log, stderr=log, start_new_session=True
    )
    url = lambda: re.search(r"http://127\.0\.0\.1:\d+/\?token=\w{40,}", (project / "voila.log").read_text())  # noqa: E731
    try:
        yield wait_for(url, "Voilà to start", SECONDS)[0]  # it tries other ports until it finds a free one
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)
        log.close()

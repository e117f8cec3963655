"""The analyst's page as a web page, as `make app` serves it."""

import json
import os
import re
import signal
import subprocess

import pytest
from support.commands import COMMAND, wait_for
from support.small_projects import small_project, with_map

IMPATIENT = {
    "MappingKernelManager": {"cull_idle_timeout": 15, "cull_interval": 1},
    "VoilaKernelManager": {"fill_delay": 1},
    "FewKernels": {"spare_seconds": 15},
}
SECONDS = 60


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return with_map(small_project(tmp_path_factory.mktemp("app")))


@pytest.fixture(scope="module")
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

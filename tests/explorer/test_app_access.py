"""Who gets the analyst's page: its user, with the token, and for a few pages at once."""

import os
import re
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from support.commands import COMMAND, wait_for
from support.explorer_page import kernels, logged
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

from cinematch_lib.explorer.kernels import MOST_KERNELS

SECONDS = 60
KERNEL = re.compile(r'"kernelId": ?"([\w-]+)"')


def get(address, **headers):
    return requests.get(address, headers=headers, timeout=SECONDS, allow_redirects=False)


def channels(address, kernel, **headers):
    """The status of a request for a websocket to a kernel: 101 if it is opened."""
    place = urlsplit(address)

    async def connect():
        request = HTTPRequest(f"ws://{place.netloc}/api/kernels/{kernel}/channels?{place.query}", headers=headers)
        try:
            (await websocket_connect(request)).close()
        except HTTPClientError as error:
            return error.code
        return 101

    return IOLoop(make_current=False).run_sync(connect)


def test_another_host_another_origin_and_no_token_are_refused(address, project):
    wait_for(lambda: logged(project, "Kernel started"), "the spare kernel to start")
    before = logged(project, "Using pre-heated kernel")
    own = f"http://{urlsplit(address).netloc}"
    assert get(address.split("?")[0]).headers["Location"].startswith("/login")
    for host in ("films.example.org", "192.168.1.5:8866", "rebound.example:8866"):
        assert get(address, Host=host).status_code == 403
        assert get(address, Host=host, Origin=f"http://{host}").status_code == 403
    for origin in ("http://films.example.org", "http://127.0.0.1:1", "null"):
        assert get(address, Origin=origin).status_code == 403
    assert logged(project, "Using pre-heated kernel") == before
    kernel = KERNEL.search(get(address, Origin=own).text)[1]
    assert channels(address, kernel) == channels(address, kernel, Origin=own) == 101
    assert channels(address.split("?")[0] + "?", kernel, Origin=own) == 403
    assert channels(address, kernel, Origin="http://films.example.org") == 403
    assert channels(address, kernel, Host="films.example.org", Origin="http://films.example.org") == 403


def test_few_kernels_run_and_those_without_a_page_end(address, project):
    wait_for(lambda: kernels(project) == 0, "kernels to end")
    with ThreadPoolExecutor() as threads:
        answers = list(threads.map(get, [address] * (MOST_KERNELS + 1)))
    refused = [one.text for one in answers if one.status_code == 503]
    assert f"<p>{MOST_KERNELS} pages are open already" in refused[0]
    assert 1 <= [one.status_code for one in answers].count(200) <= MOST_KERNELS  # one may just be ending
    wait_for(lambda: kernels(project) == 0, "kernels without a page to end")


def test_a_page_that_is_closed_ends_its_kernel(address, project):
    wait_for(lambda: kernels(project) <= 1, "kernels without a page to end")
    page, place = get(address), urlsplit(address)
    kernel, path = KERNEL.search(page.text)[1], f"http://{place.netloc}/voila/api/shutdown/"
    assert requests.post(path + kernel, cookies=page.cookies, timeout=SECONDS).status_code == 403
    sent = {"_xsrf": page.cookies["_xsrf"]}  # as the page sends it
    assert requests.post(path + kernel, sent, cookies=page.cookies, timeout=SECONDS).status_code == 204
    assert kernel in logged(project, "Kernel shutdown")


def process_of(kernel):
    """The process of a kernel, which names the kernel's connection file among its arguments."""
    named = (one for one in psutil.process_iter(["cmdline"]) if kernel in " ".join(one.info["cmdline"] or ()))
    return next(named, None)


def spare_after(project, page):
    """The id of the spare kernel that was started after the kernel `page`."""

    def later():
        started = logged(project, "Kernel started")
        return started[started.index(page) + 1 :]

    return wait_for(later, "a spare kernel")[-1]


def test_a_page_takes_the_spare_kernel_unless_the_current_run_changed(address, project):
    first = KERNEL.search(get(address).text)[1]
    spare = spare_after(project, first)
    (project / "artifacts" / "current").touch()
    second = KERNEL.search(get(address).text)[1]
    assert second not in (first, spare)
    wait_for(lambda: spare in logged(project, "Kernel shutdown"), "the spare kernel of the run before to end")
    spare = spare_after(project, second)
    assert KERNEL.search(get(address).text)[1] == spare == logged(project, "Using pre-heated kernel")[-1]


def test_a_spare_kernel_that_was_killed_is_replaced(address, project):
    wait_for(lambda: kernels(project) <= 1, "kernels without a page to end")
    spare = spare_after(project, KERNEL.search(get(address).text)[1])
    wait_for(lambda: process_of(spare), "the process of the spare kernel").kill()
    assert KERNEL.search(get(address).text)[1] != spare


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_page_is_prepared_ends_the_command_and_leaves_nothing(project, tmp_path, sign):
    folders = [f"--{name}-dir={project / name}" for name in ("raw", "data", "artifacts")]
    process = subprocess.Popen(
        [COMMAND, "explore", "--no-browser", *folders],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    next(line for line in process.stderr if "Preparing the page" in line)
    process.send_signal(sign)
    killer = threading.Timer(SECONDS, process.kill)
    killer.start()
    rest = process.stderr.read()
    killer.cancel()
    assert process.wait(SECONDS) == 0
    assert "Traceback" not in rest and "is running at" not in rest
    assert list(tmp_path.iterdir()) == []


def test_the_command_opens_the_page_for_folders_elsewhere_and_leaves_nothing(project, tmp_path):
    folders = [f"--{name}-dir={project / name}" for name in ("raw", "data", "artifacts")]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [COMMAND, "explore", "--no-browser", *folders],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = next(found[0] for line in process.stderr if (found := re.search(r"http://127\S+token=\w+", line)))
        page = get(address, **{"User-Agent": "Mozilla/5.0"})
        assert page.status_code in (200, 302)
    finally:
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        process.wait(SECONDS)
    assert list(scratch.glob("cinematch-explore-*")) == []

"""The server as a process of its own, and a browser's visit to its page."""

import json
import os
import re
import shutil
import socket
import subprocess
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlsplit

from commands import started, wait_for

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-extensions", "--in-process-gpu"]
MANY = 20  # films in a list
WAIT = 20  # seconds; a machine may be busy


class Server:
    """`cinematch serve` over an artifacts folder, at the same port whenever it is started."""

    def __init__(self, artifacts, folder, token=None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._token = token
        self._folder = folder
        self._arguments = ("--artifacts-dir", artifacts, "--state-dir", folder / "state", "--port", self.port)
        self._process = None

    def start(self):
        environment = {**os.environ, "CINEMATCH_API_TOKEN": self._token or ""}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = started(self._folder, "serve", *self._arguments, env=environment, **quiet)
        wait_for(self._answers, "the server")

    def kill(self):
        self._process.kill()
        self._process.wait()

    def get(self, path):
        """The value of an answer."""
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=bearer)) as answer:
            return json.load(answer)

    def _answers(self):
        assert self._process.poll() is None, "the server ended"
        try:
            return self.get("/health")
        except OSError:
            return None


@contextmanager
def running(artifacts, folder, token=None):
    server = Server(artifacts, folder, token)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Visit:
    """One person's browser on the page: nothing kept from others, and every complaint and outside request noted."""

    def __init__(self, browser, server, path="/", **options):
        self.server = server
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", **options)
        self.context.set_default_timeout(1000 * WAIT)
        self.problems, self.outside = [], []
        self.context.route(lambda url: urlsplit(url).hostname != "127.0.0.1", self._refuse)
        self.page = self.another(path)

    def another(self, path="/"):
        """The page in another tab."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._note)
        page.goto(self.server.url + path)
        return page

    def _note(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def _refuse(self, route):
        self.outside.append(route.request.url)
        route.abort()

    def forgive(self, pattern):
        """Problems that belong to the test; that there were some is checked."""
        kept = [one for one in self.problems if not re.search(pattern, one)]
        assert len(kept) < len(self.problems), f"no problem like {pattern}"
        self.problems[:] = kept

    def end(self):
        self.context.close()

    # -- what is on the page ----------------------------------------------------------------------------------------

    def shown(self):
        """The ids of the films in the list."""
        return self.page.locator("#film-list [data-id]").evaluate_all("all => all.map(one => Number(one.dataset.id))")

    def shows(self, ids):
        """Wait until the list is of these films."""
        try:
            wait_for(lambda: self.shown() == ids, "the list", seconds=WAIT)
        except AssertionError:
            assert self.shown() == ids

    def card(self, movie_id):
        return self.page.locator(f'#film-list [data-id="{movie_id}"]')

    def press(self, movie_id, name):
        self.card(movie_id).get_by_role("button", name=name, exact=True).click()

    def chips(self):
        return self.page.locator("#liked .chip span").all_inner_texts()

    def pick(self, text, option=None):
        """Type a title, and pick the first film found or the one called `option`."""
        self.page.get_by_role("combobox").fill(text)
        found = self.page.get_by_role("option", name=option) if option else self.page.get_by_role("option")
        found.first.click()

    def kept(self):
        return json.loads(self.page.evaluate("localStorage.getItem('cinematch')"))

    def data(self):
        """What the server holds of this person."""
        return self.server.get(f"/api/users/{self.kept()['user']}/data")

    def told(self, expected):
        """Wait until the server was told this of films, {id: what}, and nothing else."""
        self._holds("feedback", "feedback", expected)

    def saved(self, expected):
        """Wait until the server's watchlist is of these films, {id: whether watched}."""
        self._holds("watchlist", "watched", expected)

    def _holds(self, what, value, expected):
        found = lambda: {one["movie_id"]: one[value] for one in self.data()[what]}  # noqa: E731
        try:
            wait_for(lambda: found() == expected, what, seconds=WAIT)
        except AssertionError:
            assert found() == expected

    def focused(self):
        """What has the focus, in a word or two."""
        return self.page.evaluate(
            "() => { const on = document.activeElement;"
            " return on.getAttribute('aria-label') || on.id || on.textContent.trim().replace(/\\s+/g, ' '); }"
        )

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

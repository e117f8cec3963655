"""The server as a process of its own, and a browser's visit to its page."""

import json
import re
import shutil
import socket
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
from commands import wait_for
from serving import Server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-extensions", "--in-process-gpu"]
MANY = 20  # films in a list
WAIT = 20  # seconds; a machine may be busy


class Site:
    """`cinematch serve` over an artifacts folder, at the same port whenever it is started."""

    def __init__(self, artifacts, folder, token=""):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._token = token
        self._start = lambda: Server(
            artifacts, "--state-dir", folder / "state", "--port", port, CINEMATCH_API_TOKEN=token
        )

    def start(self):
        self._server = self._start()

    def kill(self):
        self._server.stop(kill=True)

    def get(self, path):
        """The value of an answer."""
        answer = requests.get(self.url + path, headers={"Authorization": f"Bearer {self._token}"}, timeout=WAIT)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running(artifacts, folder, token=""):
    site = Site(artifacts, folder, token)
    site.start()
    try:
        yield site
    finally:
        site.kill()


class Visit:
    """One person's browser on the page: nothing kept from others, and every complaint and outside request noted."""

    def __init__(self, browser, server, path="/", **options):
        self.server = server
        calm = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "reduced_motion": "reduce"}
        self.context = browser.new_context(**calm | options)
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

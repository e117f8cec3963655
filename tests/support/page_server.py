"""The server as a process, films with hostile texts, and a browser's visit to the page."""

import json
import re
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.features import build_features
from support.commands import wait_for
from support.serving import Server
from support.small_runs import film_table

MANY = 20  # films in a list
WAIT = 20  # seconds; a machine may be busy
TOKEN = "open-sesame"
HOSTILE = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>&amp;"\'>'
POSTERS = ["/good.jpg", '/x.jpg" onerror="window.harmed=1', "//elsewhere.example/x.jpg", "", "", ""]
HOSTILE_FILMS = [
    {
        "title": f"{HOSTILE} {at}",
        "genres": f"drama|{HOSTILE}",
        "overview": f"{HOSTILE} is the story of a thief",
        "director": HOSTILE,
        "cast_top": f"{HOSTILE}|Somebody",
        "keywords": HOSTILE,
        "services": HOSTILE,
        "poster_path": path,
        "runtime": 90 + at,
    }
    for at, path in enumerate(POSTERS)
]

# Run in the page: the texts with too little contrast, and whether the focused element has an outline.
CONTRASTS = """() => {
  const channel = value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const over = (top, below) => [0, 1, 2].map(at => top[at] * (top[3] ?? 1) + below[at] * (1 - (top[3] ?? 1)));
  const ground = one => {
    if (!one) return [255, 255, 255];
    const own = colour(getComputedStyle(one).backgroundColor);
    return own[3] === 0 ? ground(one.parentElement) : over(own, ground(one.parentElement));
  };
  const low = [];
  for (const one of document.querySelectorAll('body *')) {
    const text = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!text || !one.checkVisibility({visibilityProperty: true}) || one.closest('.poster, .visually-hidden')) continue;
    const [ink, below] = [colour(getComputedStyle(one).color), ground(one)].map(light);
    const contrast = (Math.max(ink, below) + 0.05) / (Math.min(ink, below) + 0.05);
    if (contrast < 4.5) low.push([one.textContent.trim().slice(0, 40), one.className, Math.round(contrast * 10) / 10]);
  }
  return low;
}"""
RING = """() => {
  const on = document.activeElement;
  const shown = on.type === 'checkbox' ? on.nextElementSibling : on;
  return getComputedStyle(shown).outlineStyle === 'solid' && parseFloat(getComputedStyle(shown).outlineWidth) >= 2;
}"""


def publish_hostile_films(artifacts):
    """A run of a few films whose every text is hostile, made current."""
    table = film_table(*HOSTILE_FILMS)
    built = build_features(table, min_df=1)
    meta = movies_meta(table, built.quality_prior, built.names, "file", [HOSTILE])
    draft = Draft.create(artifacts)
    draft.write_features(built, meta)
    draft.publish()


class Site:
    """`cinematch serve` for an artifacts folder, on the same port after each start."""

    def __init__(self, artifacts, folder, token=""):
        self._arguments, self._token = (artifacts, "--state-dir", folder / "state"), token
        self._port = 0  # a free one at the first start
        self.start()

    def start(self):
        self._server = Server(*self._arguments, "--port", self._port, CINEMATCH_API_TOKEN=self._token)
        self.url = self._server.url
        self._port = int(self.url.rsplit(":", 1)[1])

    def kill(self):
        self._server.stop(kill=True)

    def get(self, path):
        """The JSON value of a response."""
        answer = requests.get(self.url + path, headers={"Authorization": f"Bearer {self._token}"}, timeout=WAIT)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running(artifacts, folder, token=""):
    site = Site(artifacts, folder, token)
    try:
        yield site
    finally:
        site.kill()


class Visit:
    """One user's browser on the page: a new context whose errors and outside requests are recorded."""

    def __init__(self, browser, server, path="/", **options):
        self.server = server
        calm = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "reduced_motion": "reduce"}
        self.context = browser.new_context(**calm | options)
        self.context.set_default_timeout(1000 * WAIT)
        self.outside, self._errors, self._expected = [], [], []
        self.context.route(lambda url: urlsplit(url).hostname != "127.0.0.1", self._refuse)
        self.page = self.another(path)

    def another(self, path="/"):
        """The page in another tab."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("console", self._note)
        page.goto(self.server.url + path)
        return page

    def _note(self, message):
        if message.type in ("error", "warning"):
            self._errors.append(message.text)

    def _refuse(self, route):
        self.outside.append(route.request.url)
        route.abort()

    def expect_error(self, pattern):
        """Expect errors that belong to the test, before or after they occur."""
        self._expected.append(pattern)

    @property
    def problems(self):
        """The errors that were not expected, and the expected errors that did not occur."""
        met = [
            f"no problem like {one}" for one in self._expected if not any(re.search(one, was) for was in self._errors)
        ]
        return [was for was in self._errors if not any(re.search(one, was) for one in self._expected)] + met

    def end(self):
        self.context.close()

    # -- what is on the page ----------------------------------------------------------------------------------------

    def shown(self):
        """The ids of the films in the list."""
        return self.page.locator("#film-list [data-id]").evaluate_all("all => all.map(one => Number(one.dataset.id))")

    def shows(self, ids):
        """Wait until the list shows these films."""
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
        self.page.get_by_label("Add a film you like").fill(text)
        found = (
            self.page.locator("#pick-list").get_by_role("option", name=option)
            if option
            else self.page.locator("#pick-list").get_by_role("option")
        )
        found.first.click()

    def kept(self):
        return json.loads(self.page.evaluate("localStorage.getItem('cinematch')"))

    def data(self):
        """The server's stored data of this user."""
        return self.server.get(f"/api/users/{self.kept()['user']}/data")

    def has_feedback(self, expected):
        """Wait until the server has exactly this feedback, {id: kind}."""
        self._holds("feedback", "feedback", expected)

    def has_watchlist(self, expected):
        """Wait until the server's watchlist has exactly these films, {id: watched}."""
        self._holds("watchlist", "watched", expected)

    def _holds(self, what, value, expected):
        found = lambda: {one["movie_id"]: one[value] for one in self.data()[what]}  # noqa: E731
        try:
            wait_for(lambda: found() == expected, what, seconds=WAIT)
        except AssertionError:
            assert found() == expected

    def focused(self):
        """The name of the focused element."""
        return self.page.evaluate(
            "() => { const on = document.activeElement;"
            " return on.getAttribute('aria-label') || on.id || on.textContent.trim().replace(/\\s+/g, ' '); }"
        )

    def focuses(self, name):
        """Wait until this element has the focus."""
        try:
            wait_for(lambda: self.focused() == name, "the focus", seconds=WAIT)
        except AssertionError:
            assert self.focused() == name

    def overflow(self):
        """The number of pixels by which the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

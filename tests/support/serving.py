"""Small runs to serve, the application, and the server as a process."""

import contextlib
import json
import os
import subprocess
import threading
from pathlib import Path

import requests
from starlette.testclient import TestClient

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.features import build_features
from cinematch_lib.serving.app import create_app
from support.commands import COMMAND, wait_for
from support.small_runs import CASINO, COLLATERAL, HEAT, film_table

OLD_CLIENTS_BODY = {
    "user_id": "user123",
    "liked_movie_ids": [],
    "disliked_movie_ids": [],
    "preferred_genres": ["Sci-Fi", "Action"],
    "services": ["Netflix"],
    "runtime_min": None,
    "runtime_max": None,
}
NASTY = "<script>alert('x')</script> & Co."
SERVICES = ("Netflix (demo)", "Hulu (demo)|Netflix (demo)", "Hulu (demo)")


def films(count=60, title="Film"):
    """HEAT (1), COLLATERAL (2), CASINO (3, runtime unknown), one with HTML in its title (4), and more of many kinds."""
    kinds = ("action|sci-fi", "drama", "comedy|romance", "sci-fi|thriller")
    more = [
        {
            "title": f"{title} {at}",
            "year": 1980 + at % 40,
            "runtime": 80 + at,
            "genres": kinds[at % len(kinds)],
            "keywords": f"thing {at % 7}|place {at % 5}",
        }
        for at in range(5, count + 1)
    ]
    first = [HEAT, COLLATERAL, CASINO, {"title": NASTY, "genres": "comedy", "overview": NASTY, "runtime": 90}]
    return [one | {"services": SERVICES[at % 3]} for at, one in enumerate(first + more)]


def publish(artifacts, *, title="Film", count=60):
    """A run of these films, made current; returns its id."""
    return publish_films(artifacts, *films(count, title))


def publish_films(artifacts, *films):
    """A run of these films, made current; returns its id."""
    table = film_table(*films)
    built = build_features(table, min_df=1)
    meta = movies_meta(table, built.quality_prior, built.names, "demo", ["MovieLens"])
    draft = Draft.create(Path(artifacts))
    draft.write_features(built, meta)
    draft.record("clean", dataset="tiny")
    return draft.publish().run_id


@contextlib.contextmanager
def client(artifacts, **options):
    """A client of the application, which runs during the block; `options` are those of create_app."""
    with TestClient(create_app(artifacts, **options), base_url="http://127.0.0.1") as one:
        yield one


class Server:
    """``cinematch serve`` on a free port: `url`, `process`, and `lines`, its log so far."""

    def __init__(self, artifacts, *arguments, files=None, **environment):
        """`files` is the number of files that it may have open; None for what this process may."""
        command = [COMMAND, "serve", "--artifacts-dir", artifacts, "--port", "0", *arguments]
        if files is not None:
            command = ["sh", "-c", f'ulimit -S -n {files}; exec "$@"', "sh", *command]
        self.process = subprocess.Popen(
            [str(word) for word in command], stderr=subprocess.PIPE, text=True, env=os.environ | environment
        )
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(lambda: self._port() or self.process.poll() is not None, "the server to listen")
        assert self._port(), "\n".join(self.lines)
        self.url = f"http://127.0.0.1:{self._port()}"

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def _port(self):
        return next((one["url"].rsplit(":", 1)[1] for one in self.events("serving")), None)

    def events(self, name):
        """The logged events of this name."""
        wanted = (json.loads(line) for line in list(self.lines) if line.startswith("{"))
        return [one for one in wanted if one["event"] == name]

    def stop(self, kill=False):
        """End it; returns its exit code."""
        (self.process.kill if kill else self.process.terminate)()
        code = self.process.wait(60)
        self._reader.join(10)
        self.process.stderr.close()
        return code


@contextlib.contextmanager
def server(artifacts, *arguments, **options):
    """Such a server during the block."""
    one = Server(artifacts, *arguments, **options)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.stop(kill=True)


def current_run(url):
    """The id of the run that a server uses."""
    return requests.get(f"{url}/health", timeout=10).json()["run_id"]


def recommend(api, **body):
    """The answer to a request for recommendations, by a client of the app."""
    answer = api.post("/api/recommendations", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()

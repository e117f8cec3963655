"""The server as a process: killed during writes, stopped during requests, given new runs under load."""

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from support.commands import cinematch, wait_for
from support.serving import OLD_CLIENTS_BODY, current_run, publish, server

from cinematch_lib.artifacts.runs import use_run

WRITERS = 8


class Writer(threading.Thread):
    """A client that writes until the server is gone; `liked` and `listed` are the acknowledged writes."""

    def __init__(self, url, user_id):
        super().__init__(daemon=True)
        self._url, self.user_id = url, user_id
        self.liked, self.listed, self.wrong = set(), set(), []
        self.start()

    def run(self):
        with requests.Session() as session:
            for movie_id in itertools.cycle(range(1, 61)):
                try:
                    self._write(session, "feedback", {"movie_id": movie_id, "feedback": "like"}, self.liked)
                    self._write(session, "watchlist", {"movie_id": movie_id}, self.listed)
                except requests.RequestException:
                    return

    def _write(self, session, what, body, acknowledged):
        answer = session.post(f"{self._url}/api/{what}/{self.user_id}", json=body, timeout=30)
        if answer.status_code == 200:
            acknowledged.add(body["movie_id"])
        else:
            self.wrong.append(answer.text)


def check_writers(writers, url):
    """Check that every acknowledged write is stored."""
    for writer in writers:
        writer.join(60)
        assert not writer.wrong
        data = requests.get(f"{url}/api/users/{writer.user_id}/data", timeout=10).json()
        assert {one["movie_id"] for one in data["feedback"]} >= writer.liked
        assert {one["movie_id"] for one in data["watchlist"]} >= writer.listed


def test_kill_9_loses_no_acknowledged_write_of_eight_clients(served):
    with server(served) as one:
        writers = [Writer(one.url, f"user/{at}") for at in range(WRITERS)]
        wait_for(lambda: sum(len(writer.listed) for writer in writers) > 100, "some writes")
        assert one.stop(kill=True) == -signal.SIGKILL
    with server(served) as one:
        check_writers(writers, one.url)


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stopped_server_finishes_the_requests_in_flight(served, sent):
    body = b'{"user_id": "slow", "limit": 5}'
    head = "POST /api/recommendations HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with server(served) as one:
        port = int(one.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            client.sendall(head.encode())
            assert client.recv(100).startswith(b"HTTP/1.1 100")  # the request is in flight: its body is awaited
            one.process.send_signal(sent)
            wait_for(lambda: not is_listening(port), "the server to stop listening")
            client.sendall(body)
            response = http.client.HTTPResponse(client)
            response.begin()
            assert (response.status, json.loads(response.read())["count"]) == (200, 5)
        assert one.process.wait(60) == 0
        assert not [line for line in one.lines if "Traceback" in line]


def test_runs_are_swapped_under_load_and_no_request_fails_or_mixes_two(served):
    # In one run films are called Film, in the other Movie, so that a mixed answer shows itself.
    names = {publish(served): "Film"}
    names[publish(served, title="Movie", count=70)] = "Movie"
    with server(served) as one:
        over, wrong, seen = threading.Event(), [], set()

        def ask_once(session):
            answer = session.post(f"{one.url}/api/recommendations", json={**OLD_CLIENTS_BODY, "limit": 10})
            body = answer.json()
            titles = {film["title"].split()[0] for film in body["recommendations"]} - {"Heat", "Collateral"}
            if answer.status_code != 200 or titles != {names[body["run_id"]]}:
                wrong.append(body)
            seen.add(body["run_id"])

        def ask():
            with requests.Session() as session:
                try:
                    while not over.is_set():
                        ask_once(session)
                except Exception as error:  # a thread's exception would else pass unseen
                    wrong.append(error)

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for thread in asking:
            thread.start()
        writer = Writer(one.url, "anna")
        for run_id in itertools.islice(itertools.cycle(names), 3):
            use_run(served, run_id)
            wait_for(lambda wanted=run_id: current_run(one.url) == wanted and wanted in seen, "the swap")
        over.set()
        for thread in asking:
            thread.join(60)
        assert not wrong
        assert seen == set(names)
        assert [event["run"] for event in one.events("run swapped")]
        one.process.terminate()
        writer.join(60)
        assert one.process.wait(60) == 0
        assert not [event for event in one.events("request") if event["status"] >= 500]
    with server(served) as one:
        check_writers([writer], one.url)


def test_it_listens_on_loopback_accepts_any_printable_user_id_and_loads_nothing_heavy(served):
    with server(served) as one:
        user_id = "50%2F/..?#&=+ ;é"
        path = f"{one.url}/api/watchlist/{requests.utils.quote(user_id, safe='')}"
        assert requests.post(path, json={"movie_id": 1}, timeout=10).status_code == 200
        assert requests.get(path, timeout=10).json()["user_id"] == user_id
        assert requests.get(f"{one.url}/api/watchlist/%FF%FE", timeout=10).status_code == 422
        assert one.url.startswith("http://127.0.0.1:")
        assert requests.get(f"{one.url}/health", timeout=10).json()["status"] == "ok"
        with requests.Session() as session:  # over one connection, which a body after HEAD would spoil
            for _ in range(3):
                answer = session.head(f"{one.url}/api/genres", timeout=10)
                assert (answer.status_code, answer.content) == (200, b"")
                whole = session.get(f"{one.url}/api/genres", timeout=10)
                assert len(whole.content) == int(answer.headers["Content-Length"])
        logged = lambda: [event["route"] for event in one.events("request") if event["method"] == "HEAD"]  # noqa: E731
        wait_for(lambda: logged() == ["/api/genres"] * 3, "the log")
        assert not [line for line in one.lines if "Traceback" in line]
        maps = Path(f"/proc/{one.process.pid}/maps")
        if not maps.exists():
            pytest.skip("the system does not show which libraries a process has loaded")
        loaded = maps.read_text()
        assert "numpy" in loaded
        assert not [name for name in ("pandas", "sklearn", "matplotlib", "pyarrow") if f"/{name}/" in loaded]


def test_with_a_token_or_insecure_it_listens_on_all_addresses(served):
    everywhere = ("--host", "0.0.0.0")
    with server(served, *everywhere, CINEMATCH_API_TOKEN="s3cret") as one:
        genres = f"{one.url}/api/genres"
        assert requests.get(genres, timeout=10).status_code == 401
        assert requests.get(genres, headers={"Authorization": "Bearer s3cret"}, timeout=10).status_code == 200
        assert "s3cret" not in "\n".join(one.lines)
    with server(served, *everywhere, "--insecure", CINEMATCH_API_TOKEN="") as one:
        assert requests.get(f"{one.url}/api/genres", timeout=10).status_code == 200
        port = one.url.rsplit(":", 1)[1]
        done = cinematch(served.parent, "serve", "--port", port)
        assert done.code == 1
        assert f"cinematch: 127.0.0.1 port {port} cannot be listened on" in done.err


def test_uvicorn_s_own_command_serves_it(served):
    command = [sys.executable, "-m", "uvicorn", "--factory", "cinematch_lib.serving.app:create_app", "--port", "0"]
    with subprocess.Popen(command, cwd=served.parent, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            line = next(line for line in process.stderr if "running on" in line)
            url = next(word for word in line.split() if word.startswith("http"))
            assert requests.get(f"{url}/health", timeout=10).json()["num_items"] == 60
        finally:
            process.terminate()
    assert (served.parent / "state" / "cinematch.sqlite").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "70000"), "--port must be between 0 and 65535 (0 takes a free one), got 70000"),
        (("--artifacts-dir", "nowhere"), "has no current run yet; make one (cinematch run)"),
    ],
)
def test_a_failed_start_is_reported_in_one_line(served, arguments, said):
    done = cinematch(served.parent, "serve", *arguments)
    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.err

"""Connections that send nothing, half a request, or too much."""

import contextlib
import signal
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from support.commands import wait_for
from support.serving import server

from cinematch_lib.serving.store import FILE

HALF_A_BODY = b"POST /api/recommendations HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"


def connect(one):
    return socket.create_connection(("127.0.0.1", int(one.url.rsplit(":", 1)[1])), timeout=60)


@pytest.mark.parametrize(
    "head",
    [b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 9000, b"GET /" + b"a" * 70000],
    ids=["many lines", "one line without an end"],
)
def test_a_head_that_is_too_long_is_refused(served, head):
    with server(served) as one, connect(one) as client:
        client.sendall(head)
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")


def test_requests_that_do_not_come_are_given_up(served):
    with server(served) as one, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(one)) for _ in range(3)]
        for client, sent in zip(clients, (b"", b"GET /health HT", HALF_A_BODY), strict=True):
            client.sendall(sent)
        for client, part in zip(clients, (b"head", b"head", b"body"), strict=True):
            answer = client.makefile("rb").read()
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert answer.endswith(b'{"detail": "the ' + part + b' of the request did not come within 10 s"}')
        wait_for(lambda: one.events("request"), "the log")
        assert [event["status"] for event in one.events("request")] == [408]
        metrics = requests.get(f"{one.url}/metrics", timeout=10).text
        assert 'requests_total{method="POST",route="/api/recommendations",status="408"} 1.0' in metrics
        assert not [line for line in one.lines if "Traceback" in line]


def test_silent_connections_leave_room_for_others(served):
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(server(served, files=256))
        for number in range(300):
            client = stack.enter_context(connect(one))
            client.sendall(HALF_A_BODY * (number % 2))
        assert requests.get(f"{one.url}/health", timeout=5).status_code == 200
        assert not [line for line in one.lines if "Traceback" in line]


def test_connections_that_come_at_once_wait_until_the_server_takes_them(served):
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(server(served, files=256))
        one.process.send_signal(signal.SIGSTOP)
        stack.callback(one.process.send_signal, signal.SIGCONT)
        for _ in range(300):
            stack.enter_context(connect(one))
        one.process.send_signal(signal.SIGCONT)
        assert requests.get(f"{one.url}/health", timeout=5).status_code == 200
        assert not [line for line in one.lines if "Traceback" in line]


def test_sigterm_does_not_wait_for_half_a_body(served):
    with server(served) as one, connect(one) as client, connect(one):
        client.sendall(
            b"POST /api/recommendations HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n"
        )
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b"{")
        one.process.terminate()
        assert one.process.wait(9) == 0
        assert not [line for line in one.lines if "raceback" in line]


def test_a_change_that_waits_for_the_store_at_the_end_is_refused_in_a_line(served):
    with server(served) as one, connect(one) as client:
        with contextlib.closing(sqlite3.connect(served.parent / "state" / FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            client.sendall(
                b"POST /api/watchlist/anna HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                b'Content-Length: 14\r\n\r\n{"movie_id":1}'
            )
            assert requests.get(f"{one.url}/health", timeout=10).status_code == 200
            one.process.terminate()
            answer = client.makefile("rb").read()
            one.process.wait(9)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b'{"detail":"the server stops; try again later"}')
        assert len(one.events("given up")) == 1
        assert not [line for line in one.lines if "raceback" in line]


def test_errors_of_connections_do_not_flood_the_log(served):
    with server(served) as one:
        for _ in range(200):
            with connect(one) as client:
                client.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
                answer = client.makefile("rb").read()
                assert answer.startswith(b"HTTP/1.1 400 ")
                assert answer.endswith(b'{"detail": "Invalid HTTP request received."}')
        assert 1 <= len(one.events("Invalid HTTP request received.")) < 50


def test_forwarded_addresses_are_believed_from_a_named_proxy_alone(served):
    def statuses(*arguments):
        with server(served, "--rate-limit", "1", *arguments) as one:
            return {
                requests.get(
                    f"{one.url}/api/genres", headers={"X-Forwarded-For": f"10.0.0.{n}"}, timeout=10
                ).status_code
                for n in range(20)
            }

    assert statuses() == {200, 429}
    assert statuses("--proxy", "127.0.0.1") == {200}


def test_many_heavy_requests_wait_for_each_other_or_are_refused_while_others_are_answered(served):
    with server(served) as one:
        ids = list(range(1, 61))
        body = {"liked_movie_ids": ids[:30], "disliked_movie_ids": ids[30:], "include_reasons": True}

        def ask(_):
            return requests.post(f"{one.url}/api/recommendations", json=body, timeout=60)

        with ThreadPoolExecutor(60) as pool:
            answers = list(pool.map(ask, range(240)))
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert answers[0].status_code == 200
        for answer in answers:
            if answer.status_code == 503:
                assert answer.headers["Retry-After"] == "5"
                assert "rated films are waiting" in answer.json()["detail"]

"""Connections that send nothing, half a request, or too much."""

import contextlib
import resource
import socket

import pytest
import requests
from support.serving import server


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


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /health HT", b"POST /api/recommendations HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_request_that_does_not_come_is_given_up(served, sent):
    with server(served) as one:
        with connect(one) as client:
            client.sendall(sent)
            assert client.recv(100).startswith(b"HTTP/1.1 408 ")
        assert requests.get(f"{one.url}/health", timeout=10).status_code == 200
        assert not [line for line in one.lines if "Traceback" in line]


def test_silent_connections_leave_room_for_others(served):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as stack:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
        try:
            one = stack.enter_context(server(served))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for _ in range(300):
            stack.enter_context(connect(one))
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


def test_errors_of_connections_do_not_flood_the_log(served):
    with server(served) as one:
        for _ in range(200):
            with connect(one) as client:
                client.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
                assert client.recv(100).startswith(b"HTTP/1.1 400 ")
        assert 1 <= len(one.events("Invalid HTTP request received.")) < 50

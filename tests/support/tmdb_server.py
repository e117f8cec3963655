"""A server shaped like TMDb on loopback, with real sockets, as good or as bad as it is told.

``python tmdb_server.py --latency 0.15`` runs it as a process of its own: it prints its address, serves every
id, and shows at ``/-/log`` the time of each request and the status that answered it.
"""

import argparse
import contextlib
import email.utils
import gzip
import json
import random
import socket
import threading
import time
from collections import Counter, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "eyJhbGciOiJIUzI1NiJ9.a-token-that-nobody-may-see.0123456789"
WAYS = ("500", "503", "silent", "closed", "truncated", "broken", "html", "other")
PEOPLE = ("Al Pacino", "Robert De Niro", "Val Kilmer", "Jon Voight", "Tom Sizemore")


def film(tmdb_id, **facts):
    """A film's answer as TMDb writes it, with everything there; `facts` go before."""
    offers = [{"provider_id": 8, "provider_name": "Netflix", "logo_path": "/n.jpg", "display_priority": 0}]
    cast = [{"id": n, "name": name, "order": n, "character": "x", "adult": False} for n, name in enumerate(PEOPLE)]
    return {
        "id": tmdb_id,
        "title": f"Film {tmdb_id}",
        "release_date": "1995-12-15",
        "runtime": 170,
        "popularity": 17.5,
        "vote_count": 1886,
        "vote_average": 7.7,
        "genres": [{"id": 28, "name": "Action"}, {"id": 878, "name": "Science Fiction"}],
        "overview": f"The story of {tmdb_id}.",
        "original_language": "en",
        "poster_path": f"/{tmdb_id}.jpg",
        "keywords": {"keywords": [{"id": 1, "name": "heist"}, {"id": 2, "name": "los angeles"}]},
        "credits": {"cast": cast[::-1], "crew": [{"id": 9, "name": "Michael Mann", "job": "Director"}]},
        "watch/providers": {"results": {"US": {"link": "x", "flatrate": offers}, "DE": {"rent": offers}}},
    } | facts


class Tmdb:
    """What the server knows, how it behaves, and what it was asked."""

    def __init__(self, latency=0.0, limit=None, retry_after=None, padding=0):
        self.latency = latency  # seconds before each answer
        self.limit = limit  # requests a second; more are answered 429
        self.retry_after = retry_after  # "seconds", "date" or None
        self.padding = padding  # people in the credits beside those that matter
        self.token = TOKEN
        self.films = {}  # what is not its usual answer
        self.gone = set()
        self.of_imdb = {}  # digits of an IMDb id to a TMDb id
        self.changes = []  # (day, TMDb id)
        self.fails = {}  # path to the ways in which its next answers fail, or to one way for ever
        self.share = 0.0  # of the requests for films, which fail in each of WAYS
        self.refuses = set()  # statuses that answer everything
        self.page_size = 100
        self.log = []  # (time.monotonic(), path, query, status)
        self.url = ""
        self.held = False  # answers wait for `go_on`
        self.go_on = threading.Event()
        self._turn = threading.Lock()
        self._recent = deque()
        self._random = random.Random(7)

    def asked(self, start=""):
        """How often each path that begins like this was asked for."""
        return Counter(path for _, path, _, _ in self.log if path.startswith(start))

    def statuses(self):
        return Counter(status for _, _, _, status in self.log)

    def worst_second(self):
        """The most requests in any one second."""
        return most_in_a_second([at for at, _, _, _ in self.log])

    def too_many(self, now):
        with self._turn:
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if self.limit is not None and len(self._recent) >= self.limit:
                return True
            self._recent.append(now)
            return False

    def way_to_fail(self, path):
        with self._turn:
            ways = self.fails.get(path)
            if isinstance(ways, str):
                return ways
            if ways:
                return ways.pop(0)
            draw = self._random.random()
            if path.startswith("/3/movie/") and draw < self.share * len(WAYS):
                return WAYS[int(draw / self.share)]
            return None


def most_in_a_second(times):
    times, most, start = sorted(times), 0, 0
    for end, at in enumerate(times):
        while at - times[start] >= 1:
            start += 1
        most = max(most, end - start + 1)
    return most


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, *args):
        pass


@contextlib.contextmanager
def running(tmdb=None, port=0):
    tmdb = tmdb or Tmdb()
    handler = type("Handler", (_Handler,), {"tmdb": tmdb})
    with _Server(("127.0.0.1", port), handler) as server:
        tmdb.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield tmdb
        finally:
            tmdb.go_on.set()
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    tmdb: Tmdb
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def do_GET(self):
        now, tmdb = time.monotonic(), self.tmdb
        parts = urlsplit(self.path)
        if parts.path == "/-/log":
            return self._send(200, json.dumps([(at, status) for at, _, _, status in tmdb.log]).encode())
        status, way, headers, answer = self._decide(now, parts)
        tmdb.log.append((now, parts.path, parse_qs(parts.query), way or status))
        time.sleep(tmdb.latency)
        if tmdb.held:
            tmdb.go_on.wait(20)
        if way is None:
            return self._send(status, json.dumps(answer).encode(), headers)
        self._fail(way, json.dumps(answer).encode())

    def _decide(self, now, parts):
        tmdb = self.tmdb
        if tmdb.refuses:
            return min(tmdb.refuses), None, {}, {"status_code": 0, "success": False}
        if self.headers.get("Authorization") != f"Bearer {tmdb.token}":
            message = f"Invalid API key: {self.headers.get('Authorization')}"
            return 401, None, {}, {"status_code": 7, "status_message": message, "success": False}
        if tmdb.too_many(now):
            wait = {
                "seconds": {"Retry-After": "1"},
                "date": {"Retry-After": email.utils.formatdate(time.time() + 1.5, usegmt=True)},
                None: {},
            }[tmdb.retry_after]
            return 429, None, wait, {"status_code": 25, "success": False}
        found = self._found(parts.path, parse_qs(parts.query))
        way = tmdb.way_to_fail(parts.path)
        if found is None:
            return 404, way, {}, {"status_code": 34, "status_message": "not found", "success": False}
        return 200, way, {}, found

    def _found(self, path, query):
        tmdb, last = self.tmdb, path.rpartition("/")[2]
        if path == "/3/movie/changes":
            start, end, page = query["start_date"][0], query["end_date"][0], int(query["page"][0])
            ids = sorted({tmdb_id for day, tmdb_id in tmdb.changes if start <= str(day) <= end})
            size = tmdb.page_size
            shown = [{"id": one, "adult": False} for one in ids[(page - 1) * size : page * size]]
            pages = max(-(-len(ids) // size), 1)
            return {"results": shown, "page": page, "total_pages": pages, "total_results": len(ids)}
        if path.startswith("/3/movie/") and last.isdecimal():
            if int(last) in tmdb.gone:
                return None
            answer = tmdb.films.get(int(last)) or film(int(last))
            extra = [{"id": n, "name": f"Person {n}", "order": n} for n in range(100, 100 + tmdb.padding)]
            crew = [one | {"job": "Gaffer", "department": "Lighting"} for one in extra]
            credits = answer["credits"]
            return answer | {"credits": {"cast": credits["cast"] + extra, "crew": credits["crew"] + crew}}
        if path.startswith("/3/find/tt"):
            found = tmdb.of_imdb.get(last.removeprefix("tt"))
            return {"movie_results": [] if found is None else [{"id": found}], "tv_results": []}
        return None

    def _fail(self, way, body):
        self.close_connection = True
        if way in ("500", "503"):
            self._send(int(way), b"<h1>Oops</h1>", kind="text/html")
        elif way == "html":
            self._send(200, b"<html>Welcome to the wireless network</html>", kind="text/html; charset=utf-8")
        elif way == "html404":
            self._send(404, b"<html>not here</html>", kind="text/html")
        elif way == "broken":
            self._send(200, body[: len(body) // 2])
        elif way == "other":
            self._send(200, json.dumps(film(999_999_999)).encode())
        elif way == "chunked":
            self._start(200, {"Transfer-Encoding": "chunked"})
            self.wfile.write(b"%x\r\n%s\r\n" % (100, body[:100]))
            self.connection.shutdown(socket.SHUT_RDWR)
        elif way == "truncated":
            self._start(200, {"Content-Length": str(len(body))})
            self.wfile.write(body[: len(body) // 2])
            self.connection.shutdown(socket.SHUT_RDWR)
        elif way == "silent":
            self.tmdb.go_on.wait(20)
        elif way == "drip":
            self._start(200, {"Content-Length": str(len(body))})
            with contextlib.suppress(OSError):
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    self.tmdb.go_on.wait(0.05)
        elif way == "redirect":
            self._start(302, {"Location": "http://127.0.0.1:9/", "Content-Length": "0"})
        else:
            assert way == "closed"
            self.connection.shutdown(socket.SHUT_RDWR)

    def _start(self, status, headers, kind="application/json;charset=utf-8"):
        self.send_response(status)
        for name, value in ({"Content-Type": kind} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, status, body, headers=None, kind="application/json;charset=utf-8"):
        headers = {"Content-Length": str(len(body))} | (headers or {})
        if "gzip" in self.headers.get("Accept-Encoding", "") and status == 200 and len(body) > 2000:
            body = gzip.compress(body, 1)
            headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(body))}
        self.send_response(status)
        for name, value in ({"Content-Type": kind} | headers).items():
            self.send_header(name, value)
        head = b"".join([*self._headers_buffer, b"\r\n"])
        self._headers_buffer = []
        with contextlib.suppress(OSError):
            self.wfile.write(head + body)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.15)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--padding", type=int, default=0)
    options = parser.parse_args()
    with running(Tmdb(options.latency, options.limit, padding=options.padding)) as tmdb:
        print(tmdb.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()

"""A reverse proxy on loopback, which shows a server under a path."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

_OWN = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "server"}


@contextlib.contextmanager
def proxy(url, prefix, *, strips):
    """The address of a proxy for the server at `url`, which `strips` the prefix or passes it on."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self):
            path = self.path.removeprefix(prefix) if strips else self.path
            if not self.path.startswith(prefix):
                self.send_error(404, "not under the prefix")
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = requests.request(
                self.command, url + path, headers=dict(self.headers), data=body, allow_redirects=False, timeout=30
            )
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in _OWN:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_DELETE = _pass_on

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()

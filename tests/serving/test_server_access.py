"""Access control and security headers: token, origins, hosts, sizes, rates."""

import pytest
from support.commands import cinematch
from support.serving import client

from cinematch_lib.serving import app as app_module
from cinematch_lib.serving import middleware
from cinematch_lib.serving.middleware import MAX_BODY, TokenBuckets

TOKEN = "a secret of one's own"
ROUTES = ("/api/genres", "/api/movies/1", "/api/watchlist/anna", "/api/nothing")


@pytest.fixture
def api(served):
    with client(served) as one:
        yield one


@pytest.mark.parametrize("path", ROUTES)
def test_with_a_token_everything_under_api_needs_it(served, path):
    with client(served, api_token=TOKEN) as api:
        for given in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": TOKEN},
            {"Authorization": f"Basic {TOKEN}"},
        ):
            answer = api.get(path, headers=given)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert "Authorization: Bearer" in answer.json()["detail"]
        answer = api.get(path, headers={"Authorization": f"bearer {TOKEN}"})
        assert answer.status_code == (404 if path == "/api/nothing" else 200)


def test_other_paths_need_no_token(served):
    with client(served, api_token=TOKEN) as api:
        for path in ("/", "/health", "/metrics", "/docs", "/openapi.json"):
            assert api.get(path).status_code == 200


def test_the_token_comes_from_the_environment(served, monkeypatch):
    monkeypatch.setenv("CINEMATCH_API_TOKEN", TOKEN)
    with client(served) as api:
        assert api.get("/api/genres").status_code == 401
        assert api.get("/api/genres", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "cinematch.example"])
def test_listening_on_other_addresses_without_a_token_is_refused(served, host, monkeypatch):
    monkeypatch.setenv("CINEMATCH_API_TOKEN", "")
    done = cinematch(served.parent, "serve", "--host", host)
    assert done.code == 1
    assert done.err == (
        f"cinematch: {host} is open to other machines and no token is set; set CINEMATCH_API_TOKEN, "
        "listen on 127.0.0.1, or say --insecure\n"
    )
    assert not (served.parent / "state").exists()


@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/api/genres", "/api/movies/1", "/page/style.css"])
def test_head_is_answered_as_get_without_a_body(api, path):
    full, head = api.get(path), api.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == full.headers["Content-Type"]
    assert api.head("/api/movies/99999").status_code == 404


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("port", [3000, 5173])
def test_pages_of_the_usual_development_servers_may_send_any_header(api, host, port):
    origin = f"http://{host}:{port}"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, x-user-id"}
    answer = api.options("/api/recommendations", headers={"Origin": origin, **asked})
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "x-user-id" in answer.headers["Access-Control-Allow-Headers"]


def test_only_the_old_client_s_origin_is_allowed(served):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    with client(served, api_token=TOKEN) as api:  # a preflight brings no token
        allowed = api.options("/api/recommendations", headers={"Origin": "http://localhost:5173", **asked})
        assert allowed.status_code == 200
        assert allowed.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
        refused = api.options("/api/recommendations", headers={"Origin": "http://evil.example", **asked})
        assert "Access-Control-Allow-Origin" not in refused.headers
        answer = api.get("/api/genres", headers={"Origin": "http://localhost:5173"})
        assert answer.status_code == 401
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_method_of_the_old_client_passes_the_preflight(api, method):
    headers = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": method}
    assert api.options("/api/watchlist/anna", headers=headers).status_code == 200


def test_origins_can_be_set(served):
    with client(served, cors_origins=["https://films.example"]) as api:
        for origin, allowed in (("https://films.example", True), ("http://localhost:5173", False)):
            answer = api.get("/api/genres", headers={"Origin": origin})
            assert ("Access-Control-Allow-Origin" in answer.headers) == allowed


def test_a_form_of_another_site_cannot_write(api):
    answer = api.post("/api/watchlist/anna", content=b'{"movie_id": 1}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422
    assert api.get("/api/watchlist/anna").json()["count"] == 0


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]", "cinematch", "192.0.2.7"])
def test_addresses_and_names_without_a_dot_are_answered(api, host):
    assert api.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:8000", "127.0.0.1.example", "localhost."])
def test_other_hosts_are_refused_unless_allowed(served, api, host):
    answer = api.get("/health", headers={"Host": host})
    assert answer.status_code == 400
    assert f"does not answer for the host '{host}'; start it with --allow-host" in answer.json()["detail"]
    for allowed in ("*", host.split(":")[0].upper()):
        with client(served, allowed_hosts=[allowed]) as open_api:
            assert open_api.get("/health", headers={"Host": host}).status_code == 200


def test_the_size_of_a_body_is_limited(api):
    def post(length, content):
        body = b'{"mood": "' + b"x" * (length - 12) + b'"}'
        headers = {"Content-Type": "application/json"}
        return api.post("/api/recommendations", content=content(body), headers=headers)

    for content in (bytes, lambda body: iter([body[:10], body[10:]])):  # with its length, and without
        assert post(MAX_BODY, content).status_code == 200
        answer = post(MAX_BODY + 1, content)
        assert (answer.status_code, answer.json()) == (
            413,
            {"detail": "the body of a request must not be longer than 65,536 bytes"},
        )


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        ("--cors-origin", "localhost:5173", "must be like http://localhost:5173, without a path"),
        ("--cors-origin", "http://localhost:5173/", "must be like http://localhost:5173, without a path"),
        ("--allow-host", "https://films.example.org", "must be a name such as films.example.org, without port"),
        ("--allow-host", "films.example.org:8000", "must be a name such as films.example.org, without port"),
        ("--proxy", "proxy.example.org", "must be an address such as 127.0.0.1 or 10.0.0.0/8"),
        ("--proxy", "*", "must be an address such as 127.0.0.1 or 10.0.0.0/8"),
    ],
)
def test_a_name_that_no_request_can_carry_is_refused(served, option, value, rule):
    done = cinematch(served.parent, "serve", option, value)
    assert (done.code, done.err) == (1, f"cinematch: {option} {rule}, got {value!r}\n")


def test_a_rate_limit_names_when_to_retry(served):
    with client(served, rate_limit=0.05) as api:  # one at a time, the next after 20 s
        assert api.get("/api/genres").status_code == 200
        answer = api.get("/api/genres")
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 20
        assert api.get("/health").status_code == 200


def test_there_is_no_rate_limit_by_default(api):
    assert {api.get("/api/genres").status_code for _ in range(100)} == {200}


def test_a_token_bucket_refills(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(middleware.time, "monotonic", lambda: clock[0])
    buckets = TokenBuckets(2)  # four at once
    assert [buckets.wait("a") for _ in range(6)] == [0, 0, 0, 0, 1, 1]
    assert buckets.wait("b") == 0
    clock[0] += 0.5
    assert [buckets.wait("a") for _ in range(2)] == [0, 1]
    clock[0] += 1000
    assert [buckets.wait("a") for _ in range(5)] == [0, 0, 0, 0, 1]


def test_the_number_of_tracked_addresses_is_limited(monkeypatch):
    monkeypatch.setattr(middleware, "_MAX_CLIENTS", 3)
    buckets = TokenBuckets(0.001)
    for client_address in "abcd":
        assert buckets.wait(client_address) == 0
    assert buckets.wait("d") > 0
    assert buckets.wait("a") == 0


def test_security_headers(api):
    for path in ("/", "/api/genres", "/api/movies/99999", "/nothing"):
        headers = api.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert api.get("/api/genres").headers["Cache-Control"] == "no-store"


def test_a_browser_gets_the_page_under_a_strict_policy(served, tmp_path, monkeypatch):
    monkeypatch.setattr(app_module, "PAGE", tmp_path)
    (tmp_path / "index.html").write_text("<!doctype html><title>CineMatch</title>")
    (tmp_path / "page.js").write_text("1")
    with client(served) as api:
        page = api.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert page.headers["content-type"].startswith("text/html")
        assert "<title>CineMatch</title>" in page.text
        script = api.get("/page/page.js")
        assert "javascript" in script.headers["content-type"]
        for answer in (page, script):
            policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
            assert policy["default-src"] == "'none'"
            assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
            assert policy["img-src"] == "'self' https://image.tmdb.org"
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-cache"
        for outside in ("/page/../app.py", "/page/%2e%2e/app.py", "/page//etc/passwd"):
            assert api.get(outside).status_code == 404

"""Requests that schemathesis generates from the OpenAPI document: no 5xx, no response outside the document.

``CINEMATCH_CASES`` is the number of cases for each route; a few by default.
"""

import os

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.serving import publish, server

CASES = int(os.environ.get("CINEMATCH_CASES", "8"))
CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
ROUTES = [
    ("GET", "/"),
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("POST", "/api/recommendations"),
    ("POST", "/api/ratings"),
    ("POST", "/api/events"),
    ("POST", "/auth/identify"),
    ("GET", "/api/preferences/me"),
    ("PUT", "/api/preferences/me"),
    ("GET", "/api/recommendations"),
    ("GET", "/api/watchlist"),
    ("POST", "/api/watchlist"),
    ("DELETE", "/api/watchlist/{movie_id}"),
    ("POST", "/api/watchlist/{movie_id}/watched"),
    ("POST", "/api/feedback"),
    ("GET", "/api/feedback/my-likes"),
    ("GET", "/api/feedback/my-dislikes"),
    ("POST", "/api/feedback/reset"),
    ("GET", "/api/movies"),
    ("GET", "/api/movies/{movie_id}"),
    ("GET", "/api/movies/{movie_id}/similar"),
    ("GET", "/api/search"),
    ("GET", "/api/genres"),
    ("GET", "/api/services"),
    ("GET", "/api/about"),
    ("GET", "/api/watchlist/{user_id}"),
    ("POST", "/api/watchlist/{user_id}"),
    ("DELETE", "/api/watchlist/{user_id}/{movie_id}"),
    ("PUT", "/api/watchlist/{user_id}/{movie_id}/watched"),
    ("GET", "/api/feedback/{user_id}"),
    ("POST", "/api/feedback/{user_id}"),
    ("GET", "/api/users/{user_id}/data"),
    ("DELETE", "/api/users/{user_id}/data"),
]


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openapi")
    publish(folder / "artifacts")
    with server(folder / "artifacts", "--identify") as one:
        for email in ("a@example.org", "b@example.org"):  # the users 1 and 2
            requests.post(f"{one.url}/auth/identify", json={"email": email, "name": "A"}, timeout=10)
        yield schemathesis.openapi.from_url(f"{one.url}/openapi.json")


def test_the_document_names_every_route(document):
    found = {(one.ok().method.upper(), one.ok().path) for one in document.get_all_operations()}
    assert found == set(ROUTES)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_generated_requests_get_responses_that_match_the_document(document, method, path):
    operation = document[path][method]
    takes_something = "{" in path or method == "POST" or path == "/api/search"
    modes = list(GenerationMode) if takes_something else [GenerationMode.POSITIVE]  # nothing can be wrong in nothing

    @settings(
        max_examples=CASES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategies.one_of([operation.as_strategy(mode) for mode in modes]))
    def check(case):
        case.call_and_validate(checks=list(CHECKS))

    check()

"""The client of TMDb's API against a server on loopback that fails in every way there is."""

import datetime
import itertools
import logging
import time
import traceback

import pytest
from support.http_files import unused_url
from support.tmdb_server import TOKEN, WAYS, Tmdb, film, running

from cinematch_lib.data.tmdb import client as clients
from cinematch_lib.data.tmdb import rate_limit, transport
from cinematch_lib.data.tmdb.client import Client, RequestFailedError
from cinematch_lib.data.tmdb.rate_limit import RateLimiter
from cinematch_lib.data.tmdb.settings import Access
from cinematch_lib.errors import CineMatchError, DownloadError


@pytest.fixture
def server():
    with running() as tmdb:
        yield tmdb


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(clients, "PAUSES", (0.01, 0.02, 0.03))
    monkeypatch.setattr(transport, "TIMEOUT", (5, 5))
    monkeypatch.setattr(rate_limit, "OWN_WAITS", (0.1, 0.2))


def be_impatient_with(way, monkeypatch):
    if way == "silent":
        monkeypatch.setattr(transport, "TIMEOUT", (5, 0.3))


def client_of(server, token=TOKEN, rate=400):
    return Client(Access(getattr(server, "url", server), token), RateLimiter(rate))


def test_a_film_is_one_request_with_everything_in_it(server):
    assert client_of(server).movie(949) == film(949)
    [(_, path, query, status)] = server.log
    assert (path, status) == ("/3/movie/949", 200)
    assert query == {"append_to_response": ["credits,keywords,watch/providers"], "language": ["en-US"]}


def test_answers_may_be_large_and_packed(server):
    server.padding = 3000
    assert len(client_of(server).movie(949)["credits"]["cast"]) == 3005


def test_a_connection_is_kept_alive(server):
    client, opened = client_of(server), []
    for tmdb_id in (1, 2, 3):
        client.movie(tmdb_id)
        [adapter] = {id(one): one for one in client._session().adapters.values() if one.poolmanager.pools}.values()
        [pool] = [adapter.poolmanager.pools[key] for key in adapter.poolmanager.pools.keys()]  # noqa: SIM118
        opened.append(pool.num_connections)
    assert opened == [1, 1, 1]


def test_a_film_that_is_gone_is_none(server):
    server.gone.add(5)
    assert client_of(server).movie(5) is None
    assert len(server.log) == 1


def test_a_404_that_is_not_tmdbs_is_no_proof_that_a_film_is_gone(server):
    server.fails["/3/movie/5"] = "html404"
    with pytest.raises(RequestFailedError, match="answered 404 with text/html instead of JSON"):
        client_of(server).movie(5)


def test_find_gives_the_tmdb_id_or_none(server):
    server.of_imdb["0113277"] = 949
    client = client_of(server)
    assert client.find("0113277") == 949
    assert client.find("0000001") is None
    assert server.log[0][1:3] == ("/3/find/tt0113277", {"external_source": ["imdb_id"]})


def test_changes_come_page_by_page(server):
    day, server.page_size = datetime.date(2024, 5, 1), 2
    server.changes = [(day, 1), (day, 2), (day, 3), (day - datetime.timedelta(days=9), 4)]
    client = client_of(server)
    assert client.changed(day, day) == ([1, 2], 2)
    assert client.changed(day, day, 2) == ([3], 2)
    assert server.log[0][2] == {"start_date": ["2024-05-01"], "end_date": ["2024-05-01"], "page": ["1"]}


@pytest.mark.parametrize("way", [*WAYS, "chunked", "redirect"])
def test_what_fails_for_a_while_is_asked_again(server, way, monkeypatch):
    be_impatient_with(way, monkeypatch)
    server.fails["/3/movie/7"] = [way, way]
    client = client_of(server)
    assert client.movie(7) == film(7)
    assert [status for *_, status in server.log] == [way, way, 200]
    assert client.failures == 2
    assert client.limiter.passed == 3


REASONS = {
    "500": "answered 500",
    "503": "answered 503",
    "silent": "sent nothing for 0.3 s",
    "closed": "cut the connection",
    "truncated": "cut the connection",
    "broken": "answered with broken JSON",
    "html": "answered 200 with text/html instead of JSON",
    "other": "answered with something else than what it was asked for",
    "redirect": "answered 302",
}


@pytest.mark.parametrize("way", REASONS)
def test_what_fails_for_ever_is_set_aside_with_its_reason(server, way, monkeypatch):
    be_impatient_with(way, monkeypatch)
    server.fails["/3/movie/7"] = way
    with pytest.raises(RequestFailedError) as caught:
        client_of(server).movie(7)
    assert str(caught.value) == REASONS[way]
    assert len(server.log) == 1 + len(clients.PAUSES)


def test_an_answer_that_drips_is_given_up(server, monkeypatch):
    monkeypatch.setattr(transport, "DEADLINE", 0.2)
    monkeypatch.setattr(clients, "PAUSES", ())
    server.fails["/3/movie/7"] = "drip"
    with pytest.raises(RequestFailedError, match=r"took more than 0.2 s for one answer"):
        client_of(server).movie(7)


def test_an_answer_without_an_end_is_given_up(server, monkeypatch):
    monkeypatch.setattr(transport, "LARGEST", 1000)
    monkeypatch.setattr(clients, "PAUSES", ())
    server.films[7] = film(7, overview="x" * 2000)
    with pytest.raises(RequestFailedError, match="sent more than 1,000 bytes"):
        client_of(server).movie(7)


def test_pauses_between_tries_grow(server, monkeypatch):
    monkeypatch.setattr(clients, "PAUSES", (0.05, 0.1, 0.2))
    server.fails["/3/movie/7"] = "500"
    with pytest.raises(RequestFailedError):
        client_of(server).movie(7)
    times = [at for at, *_ in server.log]
    waits = [later - at for at, later in itertools.pairwise(times)]
    assert [wait >= least for wait, least in zip(waits, (0.05, 0.1, 0.2), strict=True)] == [True] * 3


@pytest.mark.parametrize("facts", [{"keywords": None}, {"watch/providers": "none"}, {"id": "7"}, {"id": None}])
def test_an_answer_without_its_parts_is_no_answer(server, facts, monkeypatch):
    monkeypatch.setattr(clients, "PAUSES", ())
    server.films[7] = film(7, **facts)
    with pytest.raises(RequestFailedError, match="answered with something else than what it was asked for"):
        client_of(server).movie(7)


@pytest.mark.parametrize("retry_after", ["seconds", "date", None])
def test_a_429_is_waited_out_and_counts_as_no_failure(server, retry_after):
    server.limit, server.retry_after = 3, retry_after
    client = client_of(server)
    began = time.monotonic()
    assert [client.movie(number)["id"] for number in range(5)] == list(range(5))
    assert server.statuses()[429] >= 1
    assert client.failures == 0
    assert time.monotonic() - began > (0.4 if retry_after else 0.1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": " 2.5 "}, 2.5),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "Fri, 13 Oct 2023 10:00:00 GMT", "Date": "Fri, 13 Oct 2023 10:05:00 GMT"}, 0),
        ({"Retry-After": "Fri, 99 Oct 2023 10:00:00 GMT"}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers, seconds):
    assert transport.retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("status", "text"),
    [(401, "TMDb does not accept the token in TMDB_BEARER_TOKEN (401"), (403, "TMDb refuses access (403")],
)
def test_a_refusal_stops_at_once_and_says_what_to_do(server, status, text):
    server.refuses = {status}
    with pytest.raises(CineMatchError) as caught:
        client_of(server).movie(7)
    assert str(caught.value).startswith(text)
    assert len(server.log) == 1


def test_a_server_that_is_not_there_is_one_line(monkeypatch):
    url = unused_url()
    with pytest.raises(DownloadError) as caught:
        client_of(url).movie(7)
    assert str(caught.value).startswith(f"TMDb at {url} could not be reached, again and again; what came before is")


def test_nothing_but_failures_ends_after_a_while(server, monkeypatch):
    monkeypatch.setattr(clients, "PATIENCE", 0.3)
    client = client_of(server)
    client.movie(1)
    server.refuses = {500}
    with pytest.raises(DownloadError, match="answered 500, again and again"):
        for number in range(2, 100):
            try:
                client.movie(number)
            except RequestFailedError:
                continue
    assert len(server.log) < 40


def test_a_long_pause_that_the_server_asked_for_is_no_failure(server, monkeypatch):
    monkeypatch.setattr(clients, "PATIENCE", 0.3)
    client = client_of(server)
    client.limiter.back_off(client.limiter.acquire(), 0.6)
    server.fails["/3/movie/7"] = ["closed"]  # as idle connections are
    assert client.movie(7) == film(7)


@pytest.mark.parametrize("way", [*REASONS, "refused", "401"])
def test_the_token_is_in_no_error_no_traceback_and_no_log(server, way, caplog, monkeypatch):
    monkeypatch.setattr(clients, "PAUSES", ())
    be_impatient_with(way, monkeypatch)
    caplog.set_level(logging.DEBUG)
    if way == "401":
        server.token = "another"
    server.fails["/3/movie/7"] = way
    client = client_of(unused_url() if way == "refused" else server)
    try:
        client.movie(7)
    except (RequestFailedError, CineMatchError) as error:
        caught = error
    chain, one = [], caught
    while one is not None:
        chain.append(one)
        one = one.__cause__ or one.__context__
    told = [repr(client), repr(client._access), str(client._access), caplog.text]
    for error in chain:
        told.append("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
    assert all(TOKEN not in text for text in told)
    assert "Bearer ey" not in "".join(told)


def test_requests_netrc_does_not_come_between(server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert client_of(server).movie(1)["id"] == 1


def test_a_server_is_found_wherever_its_address_says():
    with running(Tmdb()) as tmdb:
        assert Client(Access(tmdb.url, TOKEN), RateLimiter()).movie(3)["title"] == "Film 3"

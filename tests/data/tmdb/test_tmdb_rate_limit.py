"""The rate limiter in front of TMDb: its pace, its patience after a 429, and its end."""

import threading
import time

import pytest
from support.tmdb_server import most_in_a_second

from cinematch_lib.data.tmdb import rate_limit
from cinematch_lib.data.tmdb.rate_limit import ClosedError, RateLimiter
from cinematch_lib.errors import CineMatchError, DownloadError


def passing(limiter, seconds, threads=16, work=0.0):
    """The moments at which requests of several threads passed within so many seconds."""
    moments, end = [], time.monotonic() + seconds

    def work_on():
        try:
            while True:
                moments.append(limiter.acquire())
                time.sleep(work)
        except ClosedError:
            pass

    several = [threading.Thread(target=work_on) for _ in range(threads)]
    for thread in several:
        thread.start()
    time.sleep(max(end - time.monotonic(), 0))
    limiter.close()
    for thread in several:
        thread.join(20)
    assert not any(thread.is_alive() for thread in several)
    return sorted(moments)


def test_forty_a_second_are_held_and_never_exceeded_by_more_than_a_tenth():
    moments = passing(RateLimiter(), 2, work=0.15)
    assert 32 * 2 <= len(moments) <= 41 * 2  # fewer only where the machine is busy
    assert most_in_a_second(moments) <= 40


def test_time_that_nobody_wanted_is_not_saved_up():
    limiter = RateLimiter(40)
    limiter.acquire()
    time.sleep(0.5)
    moments = passing(limiter, 0.5)
    assert len(moments) <= 23
    assert limiter.passed == len(moments) + 1


@pytest.mark.parametrize("rate", [5, 200])
def test_other_rates_are_held_too(rate):
    moments = passing(RateLimiter(rate), 1.1)
    assert rate * 1.1 * 0.7 <= len(moments) <= rate * 1.1 * 1.1 + 2
    assert most_in_a_second(moments) <= rate


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_cannot_be_is_refused(rate):
    with pytest.raises(CineMatchError, match="the rate must be a number of requests a second above 0, got"):
        RateLimiter(rate)


def test_a_429_makes_everybody_wait_as_long_as_it_says_and_go_half_as_fast_after():
    limiter = RateLimiter(40)
    at = limiter.acquire()
    limiter.back_off(at, 0.5)
    assert limiter.rate() == 0
    moments = passing(limiter, 1.5, threads=4)
    assert moments[0] >= at + 0.5
    assert 15 <= len(moments) <= 25  # in one second: half of 40, growing


def test_several_429s_of_requests_that_were_under_way_together_count_once():
    limiter = RateLimiter(40)
    passed = [limiter.acquire() for _ in range(4)]
    for at in passed:
        limiter.back_off(at, 0.01)
    time.sleep(0.02)
    assert limiter.slowed == 1
    assert 19 < limiter.rate() < 22


def test_after_a_429_the_full_rate_comes_back(monkeypatch):
    monkeypatch.setattr(rate_limit, "RECOVERY", 0.5)
    limiter = RateLimiter(40)
    limiter.back_off(limiter.acquire(), 0.1)
    assert limiter.rate() == 0
    time.sleep(0.5)
    assert limiter.rate() == 40


def test_without_retry_after_the_own_pauses_grow_until_a_request_goes_well(monkeypatch):
    monkeypatch.setattr(rate_limit, "OWN_WAITS", (0.02, 0.3, 0.4))
    limiter, waits = RateLimiter(1000), []
    for _ in range(4):
        at = limiter.acquire()
        limiter.back_off(at, None)
        waits.append(limiter.acquire() - at)
    assert [wait >= least for wait, least in zip(waits, (0.02, 0.3, 0.4, 0.4), strict=True)] == [True] * 4
    assert waits[0] < 0.3
    limiter.succeeded()
    at = limiter.acquire()
    limiter.back_off(at, None)
    assert limiter.acquire() - at < 0.3


def test_429s_without_an_end_stop_the_fetch(monkeypatch):
    monkeypatch.setattr(rate_limit, "MAX_WAITS", 3)
    limiter = RateLimiter(1000)
    with pytest.raises(DownloadError, match=r"^TMDb answers 429 Too Many Requests; what came is kept"):
        for _ in range(4):
            limiter.back_off(limiter.acquire(), 0.001)


def test_a_pause_of_an_hour_is_not_waited_for():
    with pytest.raises(DownloadError, match="asks for a pause of 3,600 s; what came is kept, so run it again later"):
        RateLimiter().back_off(time.monotonic(), 3600)


def test_a_closed_gate_wakes_those_who_wait_and_lets_nobody_through():
    limiter = RateLimiter()
    limiter.back_off(limiter.acquire(), 300)
    began = time.monotonic()
    assert passing(limiter, 0.1) == []
    assert time.monotonic() - began < 60
    with pytest.raises(ClosedError):
        limiter.acquire()
    with pytest.raises(ClosedError):
        limiter.rest(60)

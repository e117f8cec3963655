"""Fetches in processes of their own: killed, interrupted, and two at once."""

import re
import signal
import subprocess
import sys
import time

import pytest
from support.commands import wait_for
from support.tmdb_fetching import fetch, films_asked, lay_links, table
from support.tmdb_server import TOKEN

from cinematch_lib.errors import CineMatchError

FETCHING = """
import sys
from pathlib import Path
from cinematch_lib.errors import CineMatchError
from cinematch_lib.data.tmdb import fetch
raw = Path(sys.argv[1])
try:
    print(fetch(raw / "mine", raw, rate=float(sys.argv[2])).found)
except CineMatchError as error:
    sys.exit(f"error: {error}")
"""


def fetching(raw, rate):
    command = [sys.executable, "-c", FETCHING, str(raw), str(rate)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_killed_fetch_loses_at_most_what_was_under_way(server, raw):
    server.latency = 0.02
    lay_links(raw, 400)
    for kill_at in (100, 250):
        process = fetching(raw, 300)
        wait_for(lambda: len(server.log) >= kill_at, "some requests")  # noqa: B023
        process.send_signal(signal.SIGKILL)
        process.communicate()
        time.sleep(0.1)
    assert fetch(raw / "mine").found == 400
    asked = films_asked(server)
    assert set(asked) == set(range(1, 401))
    assert sum(asked.values()) - 400 <= 2 * 16
    assert len(table(raw)) == 400


def test_two_fetches_at_once_the_second_says_so_and_stops_and_a_bar_shows_how_far_the_first_is(server, raw):
    server.held, server.latency = True, 0.02
    server.fails = {"/3/movie/1": ["500"]}
    lay_links(raw, 150)
    first = fetching(raw, 400)
    wait_for(lambda: len(server.log) >= 5, "some requests")
    second = fetching(raw, 400)
    out, err = second.communicate(timeout=60)
    assert (second.returncode, out) == (1, "")
    assert err.endswith(
        f"error: another process is fetching from TMDb into {raw / 'tmdb'}; "
        "wait until it is done, or choose another raw_dir\n"
    )
    server.go_on.set()
    out, err = first.communicate(timeout=60)
    assert out == "150\n"
    assert films_asked(server) == dict.fromkeys(range(1, 151), 1) | {1: 2}
    assert "150/150" in err
    assert "films/s, errors=1]" in err
    assert re.search(r"\d+/150 \[\d\d:\d\d<\d\d:\d\d", err)


def test_ctrl_c_ends_it_soon_and_the_next_run_goes_on(server, raw):
    server.latency = 0.05
    lay_links(raw, 500)
    process = fetching(raw, 100)
    wait_for(lambda: len(server.log) >= 50, "some requests")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert len(films_asked(server)) < 300  # of 500
    server.latency = 0
    assert fetch(raw / "mine").found == 500
    assert films_asked(server) == dict.fromkeys(range(1, 501), 1)


def test_the_token_is_in_nothing_that_is_written(server, raw, capfd):
    server.fails = {"/3/movie/2": "500"}
    done = fetch(lay_links(raw, 5))
    server.token = "another"
    with pytest.raises(CineMatchError) as caught:
        fetch(lay_links(raw, 50))
    written = b"".join(path.read_bytes() for path in raw.rglob("*") if path.is_file())
    told = "".join([*capfd.readouterr(), repr(done), str(caught.value)])
    assert TOKEN.encode() not in written
    assert TOKEN not in told

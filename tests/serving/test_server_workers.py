"""Several server processes: one store, one count of requests, one swap; ended and started again as one server."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from support.commands import cinematch, wait_for
from support.serving import current_run, publish, server

from cinematch_lib.artifacts.runs import current_run_id, use_run

N = 3


def workers(one):
    """The process ids of the workers: the children that run the server, without multiprocessing's own."""
    children = Path(f"/proc/{one.process.pid}/task/{one.process.pid}/children")
    if not children.exists():
        pytest.skip("the system does not show the children of a process")
    found = [int(pid) for pid in children.read_text().split()]
    return [pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def metric(url, name, **labels):
    families = text_string_to_metric_families(requests.get(f"{url}/metrics", timeout=10).text)
    found = [one for family in families for one in family.samples if one.name == name]
    return sum(one.value for one in found if labels.items() <= one.labels.items())


def test_workers_share_the_store_and_the_counts_and_swap_runs_together(served):
    old, new = current_run_id(served), publish(served, title="Movie", count=70)
    use_run(served, old)
    with server(served, "--workers", N) as one:
        assert one.events("serving")[0]["workers"] == len(workers(one)) == N
        for movie_id in range(1, 41):  # each over a connection of its own
            body = {"movie_id": movie_id, "feedback": "like"}
            assert requests.post(f"{one.url}/api/feedback/anna", json=body, timeout=10).status_code == 200
            stored = requests.get(f"{one.url}/api/users/anna/data", timeout=10).json()["feedback"]
            assert [entry["movie_id"] for entry in stored] == list(range(1, movie_id + 1))
        counted = metric(one.url, "cinematch_requests_total", route="/api/feedback/{user_id}", status="200")
        assert counted == 40
        assert metric(one.url, "cinematch_films") == 60
        use_run(served, new)
        wait_for(lambda: len(one.events("run swapped")) == N, "all workers to swap")
        assert {current_run(one.url) for _ in range(20)} == {new}
        assert one.stop() == 0
        assert not [line for line in one.lines if "Traceback" in line]


def test_a_worker_that_is_killed_is_started_again_and_that_is_logged_in_a_line(served):
    with server(served, "--workers", 2) as one:
        before = workers(one)
        os.kill(before[0], signal.SIGKILL)
        (event,) = wait_for(lambda: one.events("worker died, started again"), "another worker")
        assert (event["pid"], event["exit_code"]) == (before[0], -signal.SIGKILL)
        assert set(workers(one)) == {before[1], event["new_pid"]}
        os.kill(before[1], signal.SIGKILL)  # the new one answers alone
        assert requests.get(f"{one.url}/health", timeout=30).json()["num_items"] == 60


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_all_workers_end_also_one_that_does_not_react(served, sent, tmp_path):
    with server(served, "--workers", 2, TMPDIR=str(tmp_path)) as one:
        pids = workers(one)
        assert list(tmp_path.glob("cinematch-metrics-*"))
        os.kill(pids[0], signal.SIGSTOP)
        one.process.send_signal(sent)
        assert one.process.wait(60) == 0
        assert not [pid for pid in pids if is_alive(pid)]
        assert not list(tmp_path.glob("cinematch-metrics-*"))


def test_workers_end_with_a_killed_parent(served, tmp_path):
    with server(served, "--workers", 2, TMPDIR=str(tmp_path)) as one:
        pids = workers(one)
        one.process.kill()
        wait_for(lambda: not [pid for pid in pids if is_alive(pid)], "the workers to end")
        assert not list(tmp_path.glob("cinematch-metrics-*"))


def test_workers_that_cannot_start_are_reported_in_one_line(served):
    for arguments, words in [
        (("--workers", "0"), "--workers must be between 1 and 64, got 0"),
        (("--workers", "2", "--artifacts-dir", "nowhere"), "has no current run yet; make one (cinematch run)"),
    ]:
        done = cinematch(served.parent, "serve", "--port", "0", *arguments)
        assert done.code == 1
        assert done.err.count("\n") == 1
        assert words in done.err


HANGING = """
import sys, time
from pathlib import Path
from cinematch_lib.serving.process import Settings, listen, serve

settings = Settings(Path(sys.argv[1]), Path(sys.argv[2]))
app, listener = settings.create_app(), listen("127.0.0.1", 0)

@app.get("/in-a-thread")
def in_a_thread():
    print("hangs", flush=True)
    time.sleep(600)

@app.get("/in-the-loop")
async def in_the_loop():
    in_a_thread()

print(listener.getsockname()[1], flush=True)
serve(app, listener, settings)
"""


def ask(url):
    with contextlib.suppress(requests.RequestException):
        requests.get(url, timeout=60)


@pytest.mark.parametrize(("path", "sent"), [("in-a-thread", signal.SIGTERM), ("in-the-loop", signal.SIGHUP)])
def test_a_server_ends_whatever_hangs(served, path, sent, tmp_path):
    command = [sys.executable, "-c", HANGING, served, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline())
        asking = threading.Thread(target=ask, args=(f"http://127.0.0.1:{port}/{path}",), daemon=True)
        asking.start()
        assert process.stdout.readline() == "hangs\n"
        process.send_signal(sent)
        try:
            assert -process.wait(60) in (sent, signal.SIGALRM)  # uvicorn raises the signal again
        finally:
            process.kill()
            asking.join(60)

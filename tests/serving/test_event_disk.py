"""Events on a disk that takes no more: they are lost and counted, and every list is answered."""

import psutil
import pytest
import requests
from support.commands import wait_for
from support.serving import films, publish_films, server

pytestmark = pytest.mark.skipif(
    not hasattr(psutil.Process, "rlimit"), reason="this system cannot limit the files of a process that runs"
)


@pytest.fixture
def one(tmp_path):
    publish_films(tmp_path / "artifacts", *films(12))
    with server(tmp_path / "artifacts") as running:
        yield running


def recommended(one, user):
    answer = requests.post(f"{one.url}/api/recommendations", json={"user_id": user, "limit": 3}, timeout=30)
    assert answer.status_code == 200
    return answer.json()["list_id"]


def report(one, event, list_id):
    body = {"events": [{"event_id": event, "list_id": list_id, "type": "seen"}]}
    return requests.post(f"{one.url}/api/events", json=body, timeout=30)


def count(one, name):
    lines = requests.get(f"{one.url}/metrics", timeout=30).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def test_a_full_disk_costs_events_and_no_answer(one):
    assert report(one, "before", recommended(one, "anna")).status_code == 200
    # A limit of the size of files: a write beyond it fails as on a full disk. Unlike a disk, it hits one process alone.
    psutil.Process(one.process.pid).rlimit(psutil.RLIMIT_FSIZE, (1, psutil.RLIM_INFINITY))
    lists = [recommended(one, user) for user in ("anna", "ben")]
    answers = [report(one, f"during-{at}", list_id) for at, list_id in enumerate(lists)]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert "detail" in answers[0].json()
    assert count(one, "cinematch_lost_events_total") == 2
    psutil.Process(one.process.pid).rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY,) * 2)
    answer = wait_for(lambda: (sent := report(one, "after", lists[0])).status_code == 200 and sent, "room on the disk")
    assert answer.json()["accepted"] == 1
    stored = wait_for(
        lambda: (found := of_user(one, "anna")) and len(found) == 2 and found, "the lists that waited to be written"
    )
    assert [len(found["events"]) for found in stored] == [1, 1]
    assert count(one, "cinematch_lost_lists_total") == 0
    assert one.stop() == 0


def of_user(one, user):
    return requests.get(f"{one.url}/api/users/{user}/data", timeout=30).json()["lists"]

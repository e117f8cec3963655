"""A whole experiment: a server, two runs, users with a known taste, and what the command and the notebook find."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from support.commands import cinematch, wait_for
from support.serving import films, publish_films, server

from cinematch_lib.pipeline.notebooks import NOTEBOOKS

USERS, LENGTH = 240, 8
TASTES = 4  # groups of films with the same genres, each the taste of a quarter of the users
FILMS = films(60)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The project's folder after an experiment: arm b is a run that knows the genres, in arm a they are shuffled."""
    folder = tmp_path_factory.mktemp("experiment")
    order = random.Random(0).sample(range(4, 60), 56)
    described = ("genres", "keywords")
    shuffled = FILMS[:4] + [
        FILMS[at] | {name: FILMS[other][name] for name in described} for at, other in enumerate(order, start=4)
    ]
    good = publish_films(folder / "artifacts", *FILMS)
    bad = publish_films(folder / "artifacts", *shuffled)
    with server(folder / "artifacts", "--workers", 2) as one:
        words = ("--arm", f"a={bad}", "--arm", f"b={good}", "--mde", "0.3")
        started = cinematch(folder, "experiment", "start", "genres", *words)
        assert (started.code, started.err) == (0, "")
        sessions = [requests.Session() for _ in range(4)]
        wait_for(lambda: len(one.events("experiment runs")) == 2, "both workers to take it up")
        with ThreadPoolExecutor(len(sessions)) as pool:
            list(pool.map(lambda at: one_user(one.url, sessions[at % len(sessions)], at), range(USERS)))
        assert one.stop() == 0
        assert not [line for line in one.lines if "Traceback" in line]
    return folder


def one_user(url, session, at):
    """A user who looks at films from the top, and clicks one of their taste with a chance that falls with its place."""
    rng, taste = random.Random(at), at % TASTES
    liked = next(one for one in range(5, 61) if one % TASTES == taste)
    body = {"user_id": f"user {at}", "liked_movie_ids": [liked], "limit": LENGTH}
    answer = session.post(f"{url}/api/recommendations", json=body, timeout=30).json()
    shown = [one["movie_id"] for one in answer["recommendations"]]
    chance = [0.9 / (1 + place) for place in range(len(shown))]
    picked = [place for place, film in enumerate(shown) if film % TASTES == taste and rng.random() < chance[place]]
    found = [{"event_id": f"{at}-seen", "list_id": answer["list_id"], "type": "seen"}]
    for place in picked:
        event = {"event_id": f"{at}-{place}", "list_id": answer["list_id"], "type": "click"}
        found.append(event | {"movie_id": shown[place], "position": place + 1})
    assert session.post(f"{url}/api/events", json={"events": found}, timeout=30).json()["accepted"] == len(found)


def test_the_command_finds_the_better_arm(ended):
    done = cinematch(ended, "experiment", "status", "genres", "--json")
    assert (done.code, done.err) == (0, "")
    reading = json.loads(done.out)
    assert reading["comparisons"][0]["state"] == "better"
    assert sum(arm["users"] for arm in reading["arms"]) == USERS
    assert (reading["unseen"], reading["lost_events"]) == (0, 0)
    assert reading["sample_ratio_p"] > 0.001


def test_the_notebook_finds_the_better_arm(ended, capsys):
    notebook = json.loads((NOTEBOOKS / "06_experiment.ipynb").read_text(encoding="utf-8"))
    namespace = {}
    for number, cell in enumerate(one for one in notebook["cells"] if one["cell_type"] == "code"):
        exec("".join(cell["source"]), namespace)
        if number == 0:
            namespace |= {"experiment": "genres", "state_dir": str(ended / "state")}
    assert "b is better than a by " in capsys.readouterr().out

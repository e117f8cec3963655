"""Experiments in the server: taken up while it runs, dealt by user, logged in batches, and never in the way."""

import sqlite3

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.commands import wait_for
from support.serving import client, publish, recommend

from cinematch_lib.artifacts.runs import current_run_id, use_run
from cinematch_lib.experiments import files
from cinematch_lib.experiments.definition import Experiment, parse_arm, with_shares
from cinematch_lib.experiments.log_reading import export_rows, open_log, read_lists
from cinematch_lib.serving.store import FILE, Store

USERS = [f"user{at}" for at in range(30)]


@pytest.fixture
def other(served):
    """The id of a run that is not the current one; its films are called Movie 5 and so on."""
    current, run_id = current_run_id(served), publish(served, title="Movie")
    use_run(served, current)
    return run_id


def start(served, *arms, **options):
    """An experiment with these arms, started as the command does."""
    arms = with_shares([parse_arm(one) for one in arms], None)
    resolved, _ = files.resolve_arms(served, arms)
    experiment = Experiment(options.pop("name", "trial"), resolved, files.now(), **options)
    files.start(served.parent / "state", experiment)
    return experiment


def events(api, *given, status=200):
    body = {"events": [dict(zip(("event_id", "list_id", "type", "movie_id"), one, strict=False)) for one in given]}
    answer = api.post("/api/events", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def metric(api, name):
    families = text_string_to_metric_families(api.get("/metrics").text)
    return sum(one.value for family in families for one in family.samples if one.name == name)


def seen(served, experiment):
    with open_log(served.parent / "state" / FILE) as log:
        return read_lists(log, experiment), list(export_rows(log, experiment))


def test_events_of_a_list_are_stored_once_and_belong_to_the_user(served):
    with client(served) as api:
        answer = recommend(api, user_id="anna", limit=3)
        film = answer["recommendations"][1]["movie_id"]
        given = (("1", answer["list_id"], "seen"), ("2", answer["list_id"], "click", film))
        for _ in range(2):
            assert events(api, *given) == {"accepted": 2, "ignored": []}
        (one,) = api.get("/api/users/anna/data").json()["lists"]
        assert one["list_id"] == answer["list_id"]
        assert one["movie_ids"] == [film["movie_id"] for film in answer["recommendations"]]
        assert [(event["type"], event["movie_id"]) for event in one["events"]] == [("seen", None), ("click", film)]
        deleted = api.delete("/api/users/anna/data").json()
        assert (deleted["message"], deleted["lists"]) == ("All data deleted", 1)
        assert api.get("/api/users/anna/data").json()["lists"] == []


def test_without_a_user_of_their_own_requests_are_in_no_experiment_and_not_logged(served, other):
    start(served, "a=current", f"b={other}")
    with client(served) as api:
        answers = [recommend(api, **body) for body in ({}, {"user_id": "default_user"}, {"user_id": None}) * 5]
        assert {one["run_id"] for one in answers} == {current_run_id(served)}
        assert len({one["list_id"] for one in answers}) == 15
        assert events(api, ("1", answers[0]["list_id"], "seen"))["accepted"] == 1
    database = sqlite3.connect(served.parent / "state" / FILE)
    assert [database.execute(f"SELECT count(*) FROM {name}").fetchone() for name in ("shown_lists", "list_events")] == [
        (0,),
        (0,),
    ]
    database.close()


def test_an_experiment_is_taken_up_and_given_up_without_a_restart_and_users_keep_their_arm(served, other):
    runs = [current_run_id(served), other]
    with client(served) as api:
        assert api.get("/health").json()["experiments"] == []
        experiment = start(served, "a=current", f"b={other}")
        wait_for(lambda: api.get("/health").json()["experiments"] == ["trial"], "the experiment")
        wanted = {user: runs[experiment.arm_of(user)] for user in USERS}
        assert {user: recommend(api, user_id=user)["run_id"] for user in USERS} == wanted
        assert set(wanted.values()) == set(runs)
        use_run(served, other)
        wait_for(lambda: api.get("/health").json()["run_id"] == other, "the new run")
        assert {user: recommend(api, user_id=user)["run_id"] for user in USERS} == wanted
    with client(served) as api:
        assert {user: recommend(api, user_id=user)["run_id"] for user in USERS} == wanted
        files.stop(served.parent / "state", "trial")
        wait_for(lambda: api.get("/health").json()["experiments"] == [], "the end")
        assert {recommend(api, user_id=user)["run_id"] for user in USERS} == {other}
    log, rows = seen(served, experiment)
    assert len(rows) == 3 * len(USERS)
    assert {row["user_id"]: row["run_id"] for row in rows} == wanted
    assert [experiment.arm_of(row["user_id"]) for row in rows] == log.arms.tolist()


def test_settings_are_the_arm_of_those_who_leave_them_out(served):
    experiment = start(served, "a=discovery=0", "b=discovery=1")
    with client(served) as api:
        lists = {user: recommend(api, user_id=user, liked_movie_ids=[1], limit=20) for user in USERS}
        for user, arm in ((user, experiment.arm_of(user)) for user in USERS):
            plain = recommend(api, liked_movie_ids=[1], discovery=arm, limit=20)
            assert lists[user]["recommendations"] == plain["recommendations"]
        chosen = recommend(api, user_id=USERS[0], liked_movie_ids=[1], discovery=0.5)
        assert chosen["recommendations"] == recommend(api, liked_movie_ids=[1], discovery=0.5)["recommendations"]


def test_an_interleaved_list_credits_the_arm_that_picked_the_film(served):
    experiment = start(served, "a=discovery=0", "b=discovery=1", method="interleave")
    with client(served) as api:
        answer = recommend(api, user_id="anna", liked_movie_ids=[1], limit=10)
        films = [one["movie_id"] for one in answer["recommendations"]]
        assert [one["rank"] for one in answer["recommendations"]] == list(range(1, 11))
        assert len(set(films)) == 10
        events(api, ("1", answer["list_id"], "seen"), ("2", answer["list_id"], "click", films[3]))
    log, (row,) = seen(served, experiment)
    assert (row["arm"], row["movie_ids"]) == ("both", films)
    assert sorted(row["teams"]) == [0] * 5 + [1] * 5
    assert log.credits.tolist() == [[int(row["teams"][3] == 0), int(row["teams"][3] == 1)]]


def test_exploring_reorders_some_lists_and_logs_the_chances(served):
    experiment = start(served, "a=discovery=0", "b=discovery=0", explore=0.5)
    with client(served) as api:
        usual = [one["movie_id"] for one in recommend(api, discovery=0, limit=10)["recommendations"]]
        for user in USERS:
            recommend(api, user_id=user, limit=10)
    _, rows = seen(served, experiment)
    assert 5 < sum(row["movie_ids"] == usual for row in rows) < 25
    for row in rows:
        expected = [0.01 + 0.5 * (film == best) for film, best in zip(row["movie_ids"], usual, strict=True)]
        assert row["propensities"] == pytest.approx(expected)
        assert row["request"]["k"] == 10


def test_the_newer_client_takes_part_too(served, other):
    experiment = start(served, "a=current", f"b={other}")
    with client(served, identify=True) as api:
        for at in range(8):
            user = api.post("/auth/identify", json={"email": f"{at}@example.org", "name": "A"}).json()["id"]
            answer = api.get("/api/recommendations", headers={"X-User-Id": str(user)}).json()
            events(api, (f"e{at}", answer["list_id"], "seen"))
    log, rows = seen(served, experiment)
    assert log.seen.tolist() == [True] * 8
    assert {row["arm"] for row in rows} == {"a", "b"}


def test_an_experiment_whose_run_was_altered_is_refused_by_name_and_the_server_goes_on(served, other):
    start(served, "a=current", f"b={other}")
    path = served / "runs" / other / "films.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with client(served) as api:
        health = api.get("/health").json()
        assert (health["status"], health["experiments"]) == ("degraded", [])
        assert "films.npz was altered" in health["refused_experiments"]["trial"]
        assert {recommend(api, user_id=user)["run_id"] for user in USERS} == {current_run_id(served)}


def test_a_locked_file_costs_events_and_no_answer(served, monkeypatch):
    monkeypatch.setattr("cinematch_lib.serving.database._BUSY_SECONDS", 0.2)
    with client(served) as api:
        answer = recommend(api, user_id="anna")
        other = sqlite3.connect(served.parent / "state" / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused = events(api, ("1", answer["list_id"], "seen"), status=503)
        assert "in use by others" in refused["detail"]
        assert metric(api, "cinematch_lost_events_total") == 1
        later = recommend(api, user_id="anna")
        other.execute("ROLLBACK")
        other.close()
        assert events(api, ("1", answer["list_id"], "seen"))["accepted"] == 1
        assert metric(api, "cinematch_lost_lists_total") == 0
        stored = api.get("/api/users/anna/data").json()["lists"]
        assert [one["list_id"] for one in stored] == [answer["list_id"], later["list_id"]]


@pytest.mark.parametrize(
    "event",
    [
        {"event_id": "1", "list_id": "x", "type": "click"},
        {"event_id": "1", "list_id": "x", "type": "bought", "movie_id": 1},
        {"event_id": "", "list_id": "x", "type": "seen"},
        {"event_id": "1", "list_id": "x y", "type": "seen"},
        {"event_id": "1", "list_id": "x", "type": "click", "movie_id": 2**40},
        {"event_id": "1", "list_id": "x", "type": "click", "movie_id": 1, "position": 0},
    ],
)
def test_an_event_that_makes_no_sense_is_refused(served, event):
    with client(served) as api:
        assert api.post("/api/events", json={"events": [event]}).status_code == 422
        assert api.post("/api/events", json={"events": []}).status_code == 422


def test_the_log_can_be_in_postgresql(served, other, postgres):
    postgres.clear()
    experiment = start(served, "a=current", f"b={other}")
    with client(served, state_dir=postgres.address) as api:
        assert api.get("/health").json()["experiments"] == ["trial"]
        lists = [recommend(api, user_id=user)["list_id"] for user in USERS]
        events(api, *((f"seen {at}".replace(" ", "-"), one, "seen") for at, one in enumerate(lists)))
        assert api.get(f"/api/users/{USERS[0]}/data").json()["lists"][0]["events"][0]["type"] == "seen"
        assert api.delete(f"/api/users/{USERS[0]}/data").json()["lists"] == 1
    store = Store(postgres.address)
    found = read_lists(store.database, experiment)
    store.close()
    assert (len(found.users), found.seen.all()) == (len(USERS) - 1, True)

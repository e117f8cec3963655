"""The log of lists and events in a database: idempotent, read by arm, forgotten by time and by user."""

import numpy as np
import pytest

from cinematch_lib.experiments.definition import Arm, Experiment
from cinematch_lib.experiments.log import Event, Log, ShownList
from cinematch_lib.experiments.log_reading import export_rows, open_log, past_counts, read_lists, seconds
from cinematch_lib.serving.store import FILE, Store

EXPERIMENT = Experiment("bolder", (Arm("a", 0.5), Arm("b", 0.5)), "2026-01-01T00:00:00Z", metric="like")
START = seconds(EXPERIMENT.created)


@pytest.fixture
def database(tmp_path):
    store = Store(tmp_path)
    Log(store.database).create()
    Log(store.database).create()  # no effect
    yield store.database
    store.close()


def a_list(name, user, arm=None, made=START, films=(1, 2, 3), **more):
    return ShownList(name, user, "run", made, 2.5, films, [("bolder", arm)] if arm else [], **more)


def event(list_id, kind, movie_id=None, at=1.0):
    return Event(f"{list_id} {kind} {movie_id}", list_id, kind, movie_id, None, START + at)


def test_lists_are_read_by_arm_with_what_users_saw_and_did(database):
    past = [a_list("p1", "anna", made=START - 9), a_list("p2", "anna", made=START - 8), a_list("p3", "cora", made=1.0)]
    lists = [
        a_list("l1", "anna", "a", START + 1),
        a_list("l2", "bert", "b", START + 2, films=()),
        a_list("l3", "anna", "a", START + 3),
        a_list("l4", "bert", "b", START + 4, films=None),
        a_list("l5", "bert", "b", START + 5),
    ]
    events = [event("p1", "seen"), event("p1", "like", 1), event("p2", "seen"), event("p3", "seen")]
    events += [event("l1", "seen"), event("l1", "like", 2), event("l1", "like", 2), event("l1", "click", 1)]
    events += [event("l3", "seen"), event("l3", "like", 99), event("l5", "like", 1), event("lost", "seen")]
    log = Log(database)
    for _ in range(2):  # what comes twice is kept once
        log.write(past + lists, events)
    found = read_lists(database, EXPERIMENT)
    assert found.users.tolist() == [0, 1, 0, 1, 1]
    assert found.arms.tolist() == [0, 1, 0, 1, 1]
    assert found.seen.tolist() == [True, False, True, False, False]
    assert found.successes.tolist() == [True, False, False, False, True]  # a film of another list is no success
    assert np.array_equal(found.lengths, [3, 0, 3, np.nan, 3], equal_nan=True)
    assert found.past.tolist() == [[2, 1], [0, 0]]
    assert found.lost_events == 1
    assert past_counts(database, "like", 0.0, START) == [("anna", 2, 1), ("cora", 1, 0)]


def test_the_film_that_was_picked_gives_its_team_the_credit(database):
    one = a_list("l1", "anna", "a", teams=[0, 1, 1])
    Log(database).write([one], [event("l1", "seen"), event("l1", "like", 2), event("l1", "like", 3)])
    assert read_lists(database, EXPERIMENT).credits.tolist() == [[0, 2]]


def test_another_process_reads_the_file_and_exports_it(database, tmp_path):
    lists = [a_list("l1", "anna", "a", propensities=[0.9, 0.1, 0.1], request='{"seen":[7]}'), a_list("l2", "anna")]
    Log(database).write(lists, [event("l1", "like", 2)])
    with open_log(tmp_path / FILE) as log:
        (row,) = export_rows(log, EXPERIMENT)
    assert row["propensities"] == [0.9, 0.1, 0.1]
    assert row["request"] == {"seen": [7]}
    assert [(one["type"], one["movie_id"]) for one in row["events"]] == [("like", 2)]


def test_a_user_can_read_and_delete_all_of_it(database):
    log = Log(database)
    log.write(
        [a_list("l1", "anna", "a"), a_list("l2", "bert", "b"), a_list("l3", "anna")],
        [event("l1", "seen"), event("l2", "seen")],
    )
    data = log.user_data("anna")
    assert [(one["list_id"], one["arms"], len(one["events"])) for one in data] == [
        ("l1", {"bolder": "a"}, 1),
        ("l3", {}, 0),
    ]
    assert log.delete_user("anna") == 2
    assert log.user_data("anna") == []
    left = [database.rows(f"SELECT list_id FROM {table}") for table in ("shown_lists", "list_arms", "list_events")]
    assert left == [[("l2",)]] * 3


def test_what_is_old_is_forgotten(database):
    log = Log(database)
    log.write(
        [a_list("l1", "anna", "a", made=START), a_list("l2", "anna", "a", made=START + 10)],
        [event("l1", "seen", at=1), event("l2", "seen", at=11)],
    )
    log.delete_before(START + 5)
    left = [database.rows(f"SELECT list_id FROM {table}") for table in ("shown_lists", "list_arms", "list_events")]
    assert left == [[("l2",)]] * 3

"""Undo and redo."""

from cinematch_lib.explorer.history import History


def recorded(*states, seconds=10.0):
    history = History()
    for number, state in enumerate(states):
        history.record(state, number * seconds, {"year"})
    return history


def test_states_come_back_in_their_order():
    history = recorded("a", "b", "c")
    assert [history.undo(), history.undo(), history.undo()] == ["b", "a", None]
    assert [history.redo(), history.redo(), history.redo()] == ["b", "c", None]


def test_a_change_after_undo_forgets_what_was_undone():
    history = recorded("a", "b")
    history.undo()
    history.record("c", 100, {"year"})
    assert not history.can_redo
    assert history.undo() == "a"


def test_changes_of_one_drag_are_one_step():
    history = recorded("a")
    for number, state in enumerate("bcd"):
        history.record(state, 10 + number / 10, {"year", str(number)})
    assert history.undo() == "a"
    assert history.redo() == "d"


def test_the_first_state_is_never_replaced_and_equal_states_are_one():
    history = recorded("a", "b", "b", seconds=0.01)
    assert history.undo() == "a"
    assert not history.can_undo


def test_changes_of_different_parts_are_steps_of_their_own_however_fast():
    history = History()
    for state, part in (("a", "year"), ("b", "year"), ("c", "area")):
        history.record(state, 0, {part})
    assert [history.undo(), history.undo()] == ["b", "a"]

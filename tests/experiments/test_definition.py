"""Experiments as they are typed and kept: what is refused, and which arm a user has."""

import json
from dataclasses import replace

import pytest
from scipy import stats
from support.serving import publish

from cinematch_lib.artifacts.runs import current_run_id, use_run
from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments import files
from cinematch_lib.experiments.definition import Arm, Experiment, check, parse_arm, with_shares

ARMS = (Arm("a", 0.5, settings={"discovery": 0.1}), Arm("b", 0.5, settings={"discovery": 0.4}))
PLAIN = Experiment("bolder", ARMS, "2026-01-01T00:00:00Z")


def test_a_user_has_one_arm_that_depends_on_nothing_but_the_experiment():
    users = [f"user {at}" for at in range(20_000)]
    first = [PLAIN.arm_of(user) for user in users]
    assert first == [replace(PLAIN, stopped="x", explore=0.1).arm_of(user) for user in users]
    assert [PLAIN.arm_of(user) for user in ("anna", "bert", "\ud800")] == [1, 0, 1]  # on every machine
    assert stats.chisquare([first.count(0), first.count(1)]).pvalue > 0.001
    other = [replace(PLAIN, name="other").arm_of(user) for user in users]
    both = [[sum(pair == (x, y) for pair in zip(first, other, strict=True)) for y in (0, 1)] for x in (0, 1)]
    assert stats.chi2_contingency(both).pvalue > 0.001  # independent
    uneven = replace(PLAIN, arms=with_shares(ARMS, "90/10"))
    counts = [sum(uneven.arm_of(user) == at for user in users) for at in (0, 1)]
    assert stats.chisquare(counts, [18_000, 2_000]).pvalue > 0.001


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("b", "an arm is a name with a run, with settings, or both, such as b=RUN or b=discovery=0.3, got 'b'"),
        ("b=", "an arm is a name with a run"),
        ("B=x", "names are small letters, digits, - and _"),
        ("b=x,y", "an arm is a name with a run"),
        ("b=discovry=1", "an arm can set discovery, diversity, embeddings, got 'discovry'; did you mean discovery"),
        ("b=discovery=2", "discovery must be from 0 to 1, got 2"),
        ("b=discovery=high", "'high' in 'discovery=high' is no number"),
        ("b=embeddings=maybe", "embeddings must be on or off, got 'maybe'"),
    ],
)
def test_an_arm_that_makes_no_sense_is_refused(text, words):
    with pytest.raises(CineMatchError) as caught:
        parse_arm(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["50/40", "50", "100/0", "30/30/40", "50/fifty"])
def test_shares_that_do_not_add_up_are_refused(text):
    with pytest.raises(CineMatchError, match=r"parts of 100, one above 0 for each of the 2 arms|is no number"):
        with_shares(ARMS, text)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Bold er"}, "a name is 1 to 50 small letters, digits, - and _, got 'Bold er'"),
        ({"name": "../x"}, "a name is 1 to 50"),
        ({"method": "bandit"}, "the method must be one of split, interleave, got 'bandit'"),
        ({"metric": "purchase"}, "the metric must be one of click, like, watchlist, got 'purchase'"),
        ({"arms": ARMS[:1]}, "an experiment has 2 to 8 arms of different names, got a; repeat --arm NAME=RUN"),
        ({"arms": (ARMS[0], ARMS[0])}, "of different names, got a, a"),
        ({"method": "interleave", "arms": with_shares(ARMS, "90/10")}, "interleaving mixes two arms in equal parts"),
        ({"effect": 0.0}, "the effect to be found must be above 0, such as 0.1, got 0.0"),
        ({"explore": 0.9}, "the share to explore must be from 0 to 0.5, got 0.9"),
    ],
)
def test_an_experiment_that_cannot_be_run_is_refused(changes, words):
    with pytest.raises(CineMatchError) as caught:
        check(replace(PLAIN, **changes))
    assert words in str(caught.value)


def test_experiments_at_once_change_different_things():
    other = replace(PLAIN, name="other", arms=tuple(replace(arm, settings={"diversity": 0.1}) for arm in ARMS))
    check(other, [PLAIN])
    with pytest.raises(CineMatchError, match="the experiment bolder runs and changes discovery too; stop it first"):
        check(replace(PLAIN, name="other"), [PLAIN])
    mixed = [replace(one, method="interleave") for one in (PLAIN, other)]
    with pytest.raises(CineMatchError, match="the experiment bolder runs and interleaves lists too"):
        check(mixed[1], mixed[:1])


# --- files ------------------------------------------------------------------------------------------------


def test_an_experiment_is_kept_whole_and_stopped_once(tmp_path):
    files.start(tmp_path, PLAIN)
    assert files.read_all(tmp_path) == ([PLAIN], {})
    with pytest.raises(CineMatchError, match=r"runs and changes discovery too; stop it first"):
        files.start(tmp_path, PLAIN)
    stopped = files.stop(tmp_path, "bolder", "b")
    assert (stopped.promoted, files.find(tmp_path, "bolder")) == ("b", stopped)
    with pytest.raises(CineMatchError, match="the experiment bolder was stopped at"):
        files.stop(tmp_path, "bolder")
    with pytest.raises(CineMatchError, match="there is an experiment bolder already; take another name"):
        files.start(tmp_path, PLAIN)
    with pytest.raises(CineMatchError, match=r"has no experiment 'boldr'; list them: .*; did you mean bolder"):
        files.find(tmp_path, "boldr")


@pytest.mark.parametrize("change", ["share", "cut", "renamed"])
def test_a_file_that_was_changed_while_the_experiment_runs_is_refused_by_name(tmp_path, change):
    files.start(tmp_path, PLAIN)
    path = tmp_path / "experiments" / "bolder.json"
    if change == "share":
        path.write_text(path.read_text().replace("0.4", "0.9"))
    elif change == "cut":
        path.write_bytes(path.read_bytes()[:100])
    else:
        path = path.rename(path.with_name("other.json"))
    experiments, problems = files.read_all(tmp_path)
    assert experiments == []
    assert list(problems) == [path.stem]
    assert "was altered, or written by another version; restore it, or remove it" in problems[path.stem]


def test_arms_name_sound_runs_of_one_catalog(served):
    old, new, larger = current_run_id(served), publish(served, title="Movie"), publish(served, count=70)
    use_run(served, old)
    arms, runs = files.resolve_arms(served, [parse_arm("a=current"), parse_arm(f"b={new}")])
    assert [arm.run_id for arm in arms] == [info.run_id for info in runs] == [old, new]
    assert [arm.fingerprint for arm in arms] == [info.fingerprint for info in runs]
    with pytest.raises(CineMatchError, match=r"is of another catalog than .*: 10 films more, 0 fewer"):
        files.resolve_arms(served, [parse_arm("a=current"), parse_arm(f"b={larger}")])
    with pytest.raises(CineMatchError, match="has no embeddings, which the arm switches"):
        files.resolve_arms(served, [parse_arm("a=embeddings=off")])
    with pytest.raises(CineMatchError, match="has no run 'nothing'; list them: cinematch runs"):
        files.resolve_arms(served, [parse_arm("a=nothing")])
    altered = served / "runs" / new / "manifest.json"
    altered.write_text(json.dumps(json.loads(altered.read_text()) | {"created": "today"}))
    with pytest.raises(CineMatchError, match="was altered"):
        files.resolve_arms(served, [parse_arm(f"b={new}")])

"""The commands ``cinematch experiment …``, against a log that a server could have written."""

import json

import pytest
from support.serving import publish

from cinematch_lib.artifacts.retention import protected_runs
from cinematch_lib.artifacts.runs import current_run_id, use_run
from cinematch_lib.cli.main import main
from cinematch_lib.experiments import files
from cinematch_lib.experiments.log import Event, Log, ShownList
from cinematch_lib.experiments.log_reading import seconds
from cinematch_lib.serving.store import Store


@pytest.fixture
def call(served, capsys):
    """Calls a command for the folder of runs; returns its exit code, output and errors."""

    def call(*words):
        code = main(["experiment", *words, "--artifacts-dir", str(served)])
        done = capsys.readouterr()
        return code, done.out, done.err

    return call


@pytest.fixture
def other(served):
    """The id of a run that is not the current one."""
    current, run_id = current_run_id(served), publish(served, title="Movie")
    use_run(served, current)
    return run_id


def write(served, users, made, *, kind="click", experiment=None):
    """A list seen by each of these users, with an event in the lists of a part of them: of a third, or two in arm b."""
    store = Store(served.parent / "state")
    log = Log(store.database)
    log.create()
    lists, events = [], []
    for at in range(users):
        arm = experiment and experiment.arms[experiment.arm_of(f"u{at}")].name
        arms = [(experiment.name, arm)] if experiment else []
        name = f"{made} {at}"
        lists.append(ShownList(name, f"u{at}", "run", made, 1.0, [1, 2], arms))
        events.append(Event(f"{name} seen", name, "seen", None, None, made))
        if at % 3 == 0 or (arm == "b" and at % 3 == 1):
            events.append(Event(f"{name} {kind}", name, kind, 1, 1, made))
    log.write(lists, events)
    store.close()


def test_an_experiment_from_its_start_to_its_promotion(call, served, other, tmp_path):
    words = ("start", "covers", "--arm", "a=current", "--arm", f"b={other}", "--mde", "0.5")
    code, out, err = call(*words)
    assert (code, err) == (0, "")
    assert f"a: {current_run_id(served)}, 50% of the users\nb: {other}, 50% of the users\n" in out
    assert "Each server process holds the runs of all arms; their files: 0 MB, 0 MB." in out
    assert "No list was reported as seen in the past 28 days" in out
    experiment = files.find(served.parent / "state", "covers")
    assert protected_runs(served)[other] == "experiment-covers needs it"
    write(served, 900, seconds(experiment.created) + 60, experiment=experiment)
    code, out, err = call("status", "covers")
    assert (code, err) == (0, "")
    assert out.split("\n")[0].split() == [
        "arm",
        "users",
        "lists",
        "click",
        "rate",
        "[95",
        "%]",
        "ms",
        "empty",
        "failed",
    ]
    assert out.split("\n")[-2].startswith("b is better than a by ")
    reading = json.loads(call("status", "covers", "--json")[1])
    assert reading["comparisons"][0]["state"] == "better"
    assert reading["comparisons"][0]["p_value"] < 0.05
    assert sum(arm["users"] for arm in reading["arms"]) == 900
    assert "covers  runs   split, click" in call("list")[1]
    exported = tmp_path / "covers.jsonl"
    assert call("export", "covers", str(exported)) == (0, f"{exported}: 900 lists\n", "")
    assert {json.loads(line)["arm"] for line in exported.read_text().splitlines()} == {"a", "b"}
    code, out, _ = call("stop", "covers", "--promote", "b")
    assert out == f"covers is stopped; lists that were made keep their arm.\n{other} is the current run now.\n"
    assert protected_runs(served) == {other: "it is the current run"}
    assert call("stop", "covers")[2].startswith("cinematch: the experiment covers was stopped at ")


def test_the_past_tells_how_long_it_takes(call, served):
    write(served, 300, seconds(files.now()) - 3 * 86_400)
    out = call("start", "bolder", "--arm", "a=discovery=0.1", "--arm", "b=discovery=0.4")[1]
    assert "click at 33.3% of the lists seen so far: an effect of 10% is found with a power of 80 % among 12," in out
    assert "users, about 130 days at 100 users a day." in out


def test_a_metric_that_no_client_sends_is_refused(call, served):
    write(served, 10, seconds(files.now()) - 60)
    words = ("--arm", "a=discovery=0.1", "--arm", "b=discovery=0.4", "--metric", "watchlist")
    code, out, err = call("start", "bolder", *words)
    assert (code, out) == (1, "")
    assert err.startswith("cinematch: none of 10 lists seen in the past 28 days has an event watchlist; let the client")
    assert not (served.parent / "state" / "experiments").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["start", "Bad", "--arm", "a=current", "--arm", "b=current"], "a name is 1 to 50 small letters"),
        (["start", "x", "--arm", "a=current"], "an experiment has 2 to 8 arms of different names, got a"),
        (["start", "x"], "an experiment has 2 to 8 arms of different names, got none"),
        (["start", "x", "--arm", "a=current", "--arm", "b=gone"], "has no run 'gone'; list them: cinematch runs"),
        (["start", "x", "--arm", "a=current", "--arm", "b=current", "--share", "50/60"], "the shares are whole parts"),
        (["status", "x"], "has no experiment 'x'; list them: cinematch experiment list"),
        (["list"], "has no experiments yet; start one: cinematch experiment start"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line_and_nothing_is_written(call, served, words, text):
    code, out, err = call(*words)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert text in err
    assert not (served.parent / "state" / "experiments").exists()


def test_an_arm_without_a_run_of_its_own_cannot_be_promoted(call):
    call("start", "bolder", "--arm", "a=discovery=0.1", "--arm", "b=discovery=0.4")
    code, _, err = call("stop", "bolder", "--promote", "b")
    assert code == 1
    assert "arm b is the current run, discovery 0.4: only an arm that is a run can be promoted" in err
    assert "runs" in call("list")[1]

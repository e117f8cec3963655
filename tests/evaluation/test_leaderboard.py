"""Runs side by side: their order, what they differ in, and which are worse than the best."""

import numpy as np
import pytest
from support.evaluated_runs import evaluated

from cinematch_lib.evaluation.leaderboard import holm, leaderboards, to_html

RNG = np.random.default_rng(5)
USERS = RNG.random(200) * 0.8


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    return tmp_path_factory.mktemp("many") / "artifacts"


@pytest.fixture(scope="module")
def runs(artifacts):
    """The best, one that differs by noise, one that is worse for everybody, and one with other test users."""
    values = {3.0: USERS + 0.01, 2.0: USERS + 0.01 + RNG.normal(0, 0.05, 200), 1.0: USERS * 0.8}
    made = [
        evaluated(artifacts, one, train={"parameters": {"prior_weight": p, "seed": 0}}) for p, one in values.items()
    ]
    return [*made, evaluated(artifacts, USERS, fingerprint="others")]


def test_the_best_is_first_and_only_what_is_truly_worse_is_called_so(runs):
    board, other = leaderboards(runs)
    assert len(other.standings) == 1 and other.standings[0].verdict == "best"
    verdicts = {one.choices["prior_weight"]: one.verdict for one in board.standings}
    assert verdicts["1"] == "worse"
    assert sorted(verdicts[name] for name in ("2", "3")) == ["best", "not told apart"]
    means = [one.value.mean for one in board.standings]
    assert means == sorted(means, reverse=True)
    assert all(list(one.choices) == ["prior_weight"] for one in board.standings)  # the seeds are the same


def test_the_number_of_weights_kept_is_told_where_it_differs(tmp_path):
    runs = [evaluated(tmp_path / "a", USERS, train={"weights_per_film": number}) for number in (60, 240)]
    (board,) = leaderboards(runs)
    assert [one.choices for one in board.standings] == [{"weights_per_film": "60"}, {"weights_per_film": "240"}]


def test_many_equal_runs_are_not_told_apart(tmp_path):
    runs = [evaluated(tmp_path / "a", USERS + RNG.normal(0, 0.03, 200)) for _ in range(25)]
    (board,) = leaderboards(runs)
    assert {one.verdict for one in board.standings} == {"best", "not told apart"}


def test_holm():
    assert holm([]) == []
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([0.01, 0.02, 0.5]) == pytest.approx([0.03, 0.04, 0.5])


def test_the_command_prints_and_writes_it(runs, artifacts, tmp_path, cinematch):
    page = tmp_path / "page.html"
    done = cinematch(tmp_path, "runs", "--artifacts-dir", artifacts, "--leaderboard", "--html", page)
    assert done.code == 0, done.err
    assert "tiny, protocol users, 3 runs" in done.out
    assert all(run.info.run_id in done.out for run in runs)
    assert page.read_text() == to_html(list(leaderboards(runs)))

"""Changes of metrics between runs, and their significance."""

import re

import numpy as np
import pytest
from support.evaluated_runs import evaluated
from support.run_files import forge

from cinematch_lib import CineMatchError
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.runs import Run, RunRecord
from cinematch_lib.evaluation.run_changes import metric_changes

RNG = np.random.default_rng(0)
EASY = RNG.random(300)


@pytest.fixture
def artifacts(tmp_path):
    return tmp_path / "artifacts"


def test_a_small_fall_of_every_user_is_significant(artifacts):
    worse = EASY * 0.95 + RNG.normal(0, 0.01, 300)
    (change,) = metric_changes(evaluated(artifacts, EASY), evaluated(artifacts, worse))
    assert change.is_worse
    assert change.before == pytest.approx(EASY.mean(), abs=1e-5)
    assert change.difference.mean == pytest.approx((worse - EASY).mean(), abs=1e-5)
    assert re.fullmatch(
        r"hybrid, nDCG@10: 0\.\d{3} → 0\.\d{3}, −\d\.\d % \[−\d\.\d, −\d\.\d\]: larger than the noise "
        r"\(300 users, paired\)",
        str(change),
    )


def test_noise_is_not_significant(artifacts):
    other = EASY + RNG.normal(0, 0.05, 300)
    (change,) = metric_changes(evaluated(artifacts, EASY), evaluated(artifacts, other))
    assert not change.is_worse
    assert change.difference.low < 0 < change.difference.high
    assert ": within the noise (300 users, paired)" in str(change)


def test_runs_with_other_users_are_compared_unpaired_with_wider_intervals(artifacts):
    worse = EASY * 0.95
    first = evaluated(artifacts, EASY)
    (paired,) = metric_changes(first, evaluated(artifacts, worse))
    (change,) = metric_changes(first, evaluated(artifacts, worse, fingerprint="g"))
    assert paired.is_worse and not change.is_worse
    assert change.difference.mean == pytest.approx(paired.difference.mean)
    width = change.difference.high - change.difference.low
    assert width / 2 == pytest.approx(1.96 * np.sqrt((EASY.var() + worse.var()) / 300), rel=0.1)
    assert "(other users or films, unpaired)" in str(change)


def test_equal_metrics_are_reported_as_equal(artifacts):
    (change,) = metric_changes(evaluated(artifacts, EASY), evaluated(artifacts, EASY))
    assert str(change).endswith(": the same for every user")
    assert not change.is_worse


def test_runs_that_cannot_be_compared_are_refused(artifacts):
    first = evaluated(artifacts, EASY)
    with pytest.raises(CineMatchError, match=r"has ndcg@10 by the protocol users, .* has ndcg@10 by time; evaluate"):
        metric_changes(first, evaluated(artifacts, EASY, protocol="time"))
    draft = Draft.create(artifacts)
    info = draft.publish()
    with pytest.raises(CineMatchError, match=f"{info.run_id} has no metrics to compare; make a run that has: "):
        metric_changes(first, Run(artifacts / "runs" / info.run_id))


def test_metrics_of_an_older_format_are_read_though_the_run_cannot_be_loaded(artifacts, tmp_path, cinematch):
    old, new = evaluated(artifacts, EASY), evaluated(artifacts, EASY * 0.95)
    forge(old.folder, format_version=2)
    with pytest.raises(CineMatchError, match=r"has format version 2, .* make the run anew"):
        Run(old.folder)
    (change,) = metric_changes(RunRecord(old.folder), RunRecord(new.folder))
    assert change.is_worse
    done = cinematch(tmp_path, "runs", old.info.run_id, new.info.run_id)
    assert done.code == 0
    assert str(change) in done.out


# --- the command -------------------------------------------------------------------------------------


def test_the_list_shows_the_metrics_of_runs_that_have_them(artifacts, tmp_path, cinematch):
    run = evaluated(artifacts, np.full(300, 0.25))
    said = cinematch(tmp_path, "runs").out
    assert f"* {run.info.run_id}" in said
    assert "; ndcg@10 0.250 [0.240, 0.260]\n" in said


def test_a_job_fails_only_if_a_metric_fell(artifacts, tmp_path, cinematch):
    first, worse = evaluated(artifacts, EASY), evaluated(artifacts, EASY * 0.95)
    ids = first.info.run_id, worse.info.run_id
    done = cinematch(tmp_path, "runs", *ids, "--fail-if-worse")
    assert done.code == 1
    assert done.out.startswith("hybrid, nDCG@10: ")
    assert done.err == f"cinematch: {ids[1]} is worse than {ids[0]} beyond the noise: hybrid, nDCG@10\n"
    assert cinematch(tmp_path, "runs", *ids).code == 0
    done = cinematch(tmp_path, "runs", *reversed(ids), "--fail-if-worse")
    assert (done.code, done.err) == (0, "")
    done = cinematch(tmp_path, "runs", "--fail-if-worse")
    assert (done.code, done.err) == (1, "cinematch: compare two runs, got 0; list them: cinematch runs\n")


def test_times_are_not_compared(artifacts, tmp_path, cinematch):
    first, second = evaluated(artifacts, EASY, seconds=1.0), evaluated(artifacts, EASY, seconds=2.0)
    done = cinematch(tmp_path, "runs", first.info.run_id, second.info.run_id, "--fail-if-worse")
    assert done.code == 0
    assert done.out.endswith("the two runs hold the same results, from the same inputs and parameters.\n")

"""``cinematch runs OLD NEW --fail-if-worse --accept METRIC``: a drop that is meant."""

import pytest
from support.small_projects import lay_raw, publish

from cinematch_lib.catalog.filters import Filters


@pytest.fixture
def pair(tmp_path):
    lay_raw(tmp_path / "raw")
    good, worse = [0.5, 0.3, 0.4, 0.6] * 15, [0.2, 0.1, 0.1, 0.3] * 15
    return [publish(tmp_path, Filters(min_year=1990), served=values).run_id for values in (good, worse)]


def test_a_drop_fails_unless_it_is_accepted(call, pair):
    code, _, err = call("runs", *pair, "--fail-if-worse")
    assert code == 1
    assert "is worse than" in err
    code, out, err = call("runs", *pair, "--fail-if-worse", "--accept", "ndcg@10")
    assert (code, err) == (0, "")
    assert "Verdict: worse" in out


def test_a_metric_that_is_not_compared_cannot_be_accepted(call, pair):
    code, _, err = call("runs", *pair, "--fail-if-worse", "--accept", "ndgc@10")
    assert code == 1
    assert err == ("cinematch: --accept names 'ndgc@10', and compared are ndcg@10; did you mean ndcg@10?\n")

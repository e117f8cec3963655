"""What differs between two runs, in words."""

from cinematch_lib.artifacts.diff import differences
from cinematch_lib.artifacts.manifest import RunInfo


def run(min_year=1980, seconds=1.0, packages=None, **sums):
    facts = {"clean": {"dataset": "tiny", "filters": {"min_year": min_year}}, "pipeline": {"seconds": seconds}}
    files = {name.replace("__", "/"): {"sha256": sum_ * 64, "bytes": 1} for name, sum_ in sums.items()}
    return RunInfo("id", "created", "fingerprint", "tiny", facts, packages or {"numpy": "2"}, files)


def test_runs_with_the_same_results_do_not_differ():
    assert not any(differences(run(a="0"), run(a="0")))


def test_times_and_notebooks_do_not_count():
    assert not any(differences(run(seconds=1.0, notebooks__one="0"), run(seconds=2.0, notebooks__one="1")))


def test_what_differs_is_named_with_both_values():
    first = run(min_year=1980, packages={"numpy": "2", "gone": "1"}, same="0", meta="a", old="b")
    second = run(min_year=None, packages={"numpy": "3"}, same="0", meta="c", new="d")
    found = differences(first, second)
    assert found.facts == ["clean.filters.min_year: 1980 → None"]
    assert found.packages == ["package numpy: 2 → 3", "package gone: 1 → absent"]
    assert found.files == [
        "file meta: aaaaaaaaaaaa → cccccccccccc",
        "file old: bbbbbbbbbbbb → absent",
        "file new: absent → dddddddddddd",
    ]


def test_none_is_not_the_same_as_absent():
    first, second = run(), run()
    first.facts["clean"]["limit"] = None
    assert differences(first, second).facts == ["clean.limit: None → absent"]

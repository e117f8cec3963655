"""Old runs: going back to one, and removing those that nobody needs."""

import pytest
from support.run_files import folder_of, forge, published

from cinematch_lib import CineMatchError
from cinematch_lib.artifacts.manifest import OLDEST_RECORD_VERSION
from cinematch_lib.artifacts.retention import protected_runs, prune_runs
from cinematch_lib.artifacts.runs import (
    Run,
    current_run_id,
    list_runs,
    promoted_runs,
    use_previous_run,
    use_run,
)


@pytest.fixture
def made(tmp_path):
    """Five runs, each of which was current."""
    return [published(tmp_path, f"films {number}").run_id for number in range(5)]


def existing(artifacts):
    return sorted(path.name for path in (artifacts / "runs").iterdir())


def test_going_back_twice_and_on_again(tmp_path, made):
    assert promoted_runs(tmp_path) == made
    assert use_previous_run(tmp_path).run_id == made[3]
    assert use_previous_run(tmp_path).run_id == made[2] == current_run_id(tmp_path)
    assert promoted_runs(tmp_path) == made[:3]
    use_run(tmp_path, made[4])
    assert promoted_runs(tmp_path) == [*made[:3], made[4]]
    assert use_previous_run(tmp_path).run_id == made[2]


def test_a_run_put_in_use_again_counts_where_it_was_last(tmp_path, made):
    use_run(tmp_path, made[0])
    assert use_previous_run(tmp_path).run_id == made[4]
    assert promoted_runs(tmp_path) == made


def test_there_is_no_way_back_from_the_first_run(tmp_path):
    published(tmp_path)
    with pytest.raises(CineMatchError, match=f"no earlier run of {tmp_path} was current, or it was removed; choose"):
        use_previous_run(tmp_path)


def test_artifacts_of_a_version_without_a_history(tmp_path, made):
    (tmp_path / "history").unlink()
    assert promoted_runs(tmp_path) == [made[4]]
    use_run(tmp_path, made[0])
    assert promoted_runs(tmp_path) == [made[4], made[0]]


def test_the_current_run_the_newest_and_the_latest_current_ones_stay(tmp_path, made):
    use_run(tmp_path, made[0])
    assert prune_runs(tmp_path, 3) == [made[1], made[2]]
    assert existing(tmp_path) == sorted([made[0], made[3], made[4]])
    assert use_previous_run(tmp_path).run_id == made[4]
    assert prune_runs(tmp_path, 3) == []


def test_the_current_run_is_protected(tmp_path, made):
    use_run(tmp_path, made[1])
    assert protected_runs(tmp_path) == {made[1]: "it is the current run"}
    prune_runs(tmp_path, 1)
    assert existing(tmp_path) == [made[1]]
    Run.current(tmp_path)


def test_runs_of_older_formats_go_too_and_unreadable_ones_stay(tmp_path, made):
    forge(tmp_path / "runs" / made[0], format_version=OLDEST_RECORD_VERSION)
    forge(tmp_path / "runs" / made[1], run_id="renamed")
    assert made[0] in [info.run_id for info in list_runs(tmp_path, OLDEST_RECORD_VERSION)]
    assert prune_runs(tmp_path, 1) == [made[0], made[2], made[3]]
    assert existing(tmp_path) == sorted([made[1], made[4]])


def test_a_run_that_is_read_can_be_removed(tmp_path, made):
    use_run(tmp_path, made[0])
    opened = Run(folder_of(tmp_path))
    use_run(tmp_path, made[4])
    assert made[0] in prune_runs(tmp_path, 1)
    assert len(opened.content("films.npz")) > 0


@pytest.mark.parametrize("keep", [0, -1])
def test_no_run_at_all_is_not_kept(tmp_path, keep):
    with pytest.raises(
        CineMatchError, match=f"keep must be 1 or more, since the current run is never removed, got {keep}"
    ):
        prune_runs(tmp_path, keep)

"""``cinematch use --back``, and removing old runs."""

import pytest
from support.run_files import folder_of, forge, published

from cinematch_lib.artifacts.manifest import OLDEST_RECORD_VERSION
from cinematch_lib.artifacts.runs import current_run_id


@pytest.fixture
def three(tmp_path):
    return [published(tmp_path / "artifacts", f"films {number}").run_id for number in range(3)]


def test_use_back_returns_to_the_run_of_before(call, three, tmp_path):
    code, out, err = call("use", "--back")
    assert (code, err) == (0, "")
    assert out == f"{three[1]} is the current run now: no features\n"
    assert current_run_id(tmp_path / "artifacts") == three[1]


@pytest.mark.parametrize("arguments", [[], ["--back", "RUN"]])
def test_use_wants_a_run_or_back(call, three, arguments):
    words = "cinematch: name a run (cinematch use RUN), or go back by one (cinematch use --back)\n"
    assert call("use", *arguments) == (1, "", words)


def test_old_runs_are_removed_and_named(call, three):
    assert call("runs", "--keep", 1) == (0, f"removed {three[0]}\nremoved {three[1]}\n", "")
    assert call("runs", "--keep", 1) == (0, "nothing to remove\n", "")


def test_runs_of_older_formats_are_listed_as_records(call, three, tmp_path):
    forge(folder_of(tmp_path / "artifacts"), format_version=OLDEST_RECORD_VERSION)
    code, out, _ = call("runs")
    assert code == 0
    (line,) = [line for line in out.splitlines() if three[2] in line]
    assert line.endswith("older format, to compare with only")

"""Folders that are replaced whole, by processes that may be killed and may meet."""

import subprocess
import sys
import threading
import time

import pytest

from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import check_replaceable, is_recovered, recover, replace_dir, staging_dir
from cinematch_lib.storage.locks import folder_lock


def fill(folder, text):
    folder.mkdir()
    (folder / "file").write_text(text)
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def build(folder, text):
    with staging_dir(folder) as new:
        replace_dir(fill(new / "whole", text), folder)


@pytest.mark.parametrize("before", [None, "old"])
def test_a_folder_is_put_in_place_and_nothing_stays_beside_it(tmp_path, before):
    if before:
        fill(tmp_path / "set", before)
    build(tmp_path / "set", "new")
    assert (tmp_path / "set/file").read_text() == "new"
    assert names(tmp_path) == ["set"]


def test_a_failure_while_it_grows_leaves_the_old_one(tmp_path):
    fill(tmp_path / "set", "old")
    with pytest.raises(ZeroDivisionError), staging_dir(tmp_path / "set") as new:
        fill(new / "whole", "half")
        _ = 1 / 0
    assert (tmp_path / "set/file").read_text() == "old"
    assert names(tmp_path) == ["set"]


def test_a_rename_that_fails_brings_the_old_one_back(tmp_path):
    fill(tmp_path / "set", "old")
    with pytest.raises(FileNotFoundError):
        replace_dir(tmp_path / "missing", tmp_path / "set")
    assert (tmp_path / "set/file").read_text() == "old"
    assert names(tmp_path) == ["set"]


def test_settle_after_a_kill_while_the_new_one_grew(tmp_path):
    fill(tmp_path / ".set.new", "half")
    assert is_recovered(tmp_path / "set")
    recover(tmp_path / "set")
    assert names(tmp_path) == []


def test_settle_after_a_kill_between_the_renames_brings_the_old_one_back(tmp_path):
    fill(tmp_path / ".set.old", "old")
    fill(tmp_path / ".set.new", "whole")
    assert not is_recovered(tmp_path / "set")
    recover(tmp_path / "set")
    assert (tmp_path / "set/file").read_text() == "old"
    assert names(tmp_path) == ["set"]


def test_settle_after_a_kill_before_the_old_one_was_removed_keeps_the_new_one(tmp_path):
    fill(tmp_path / ".set.old", "old")
    fill(tmp_path / "set", "new")
    recover(tmp_path / "set")
    assert (tmp_path / "set/file").read_text() == "new"
    assert names(tmp_path) == ["set"]


def test_links_and_files_are_not_replaced(tmp_path):
    fill(tmp_path / "real", "mine")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_text("mine")
    for name in ("link", "broken", "file"):
        with pytest.raises(CineMatchError, match=f"{name} is a link or a file and is not replaced; remove it"):
            check_replaceable(tmp_path / name)
    check_replaceable(tmp_path / "real")
    check_replaceable(tmp_path / "absent")


def test_another_process_waits_and_says_so(tmp_path):
    script = (
        "import sys; from pathlib import Path; from cinematch_lib.storage.locks import folder_lock\n"
        "with folder_lock(Path(sys.argv[1])): print('in', flush=True)"
    )
    with folder_lock(tmp_path):
        other = subprocess.Popen(
            [sys.executable, "-c", script, tmp_path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert other.stderr.readline() == f"waiting for another process that writes into {tmp_path}\n"
        assert other.poll() is None
    assert other.communicate(timeout=60)[0] == "in\n"
    assert names(tmp_path) == []


def test_threads_of_one_process_wait_for_each_other_too(tmp_path):
    seen = []

    def work():
        with folder_lock(tmp_path):
            seen.append("in")
            time.sleep(0.02)
            seen.append("out")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["in", "out"] * 4

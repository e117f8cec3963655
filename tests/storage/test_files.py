import hashlib
import json
import os
import stat
import subprocess
import sys
import threading

import pytest

from cinematch_lib.storage.files import atomic_write, sha256, to_json, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_place_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "folder" / "table.csv"
    with atomic_write(path) as part:
        part.write_bytes(b"first")
        assert part.parent == path.parent
        assert part.name.startswith(".")
        assert not path.exists()
    assert path.read_bytes() == b"first"
    assert names(path.parent) == ["table.csv"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, OSError])
def test_nothing_is_left_when_the_block_raises(tmp_path, failure):
    path = tmp_path / "table.csv"
    with pytest.raises(failure), atomic_write(path) as part:
        part.write_bytes(b"half")
        raise failure
    assert names(tmp_path) == []


def test_what_was_there_stays_when_the_block_raises(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="no more"), atomic_write(path) as part:
        part.write_bytes(b"half")
        raise ValueError("no more")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["table.csv"]


def test_nothing_is_left_when_the_place_is_taken_by_a_folder(tmp_path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(OSError, match=r"table\.csv"):
        write_text(tmp_path / "table.csv", "text")
    assert names(tmp_path) == ["table.csv"]


def test_a_reader_sees_the_old_file_or_the_new_one_and_nothing_between(tmp_path):
    path = tmp_path / "table.csv"
    versions = {letter * 300_000 for letter in "ab"}
    write_text(path, "a" * 300_000)
    done = threading.Event()
    seen = set()

    def read():
        while not done.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for letter in "ba" * 15:
        write_text(path, letter * 300_000)
    done.set()
    reader.join()
    assert seen
    assert seen <= versions


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_are_those_of_any_new_file(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        write_text(tmp_path / "text", "text")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "text").stat().st_mode) == mode


def test_text_is_utf8_with_plain_line_ends(tmp_path):
    write_text(tmp_path / "text", "é\nü\n")
    assert (tmp_path / "text").read_bytes() == "é\nü\n".encode()


def test_json_is_readable_and_keeps_letters():
    assert to_json({"title": "Amélie", "year": None}) == '{\n  "title": "Amélie",\n  "year": null\n}\n'
    assert to_json([1, "a"], indent=None) == '[1, "a"]\n'
    assert json.loads(to_json({"b": 1, "a": [2.5]})) == {"b": 1, "a": [2.5]}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_refuses_what_other_readers_cannot_read(number):
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json({"mean": number})


def test_sha256_is_the_standards():
    assert sha256(b"abc") == hashlib.sha256(b"abc").hexdigest()


def test_what_a_killed_process_left_goes_with_the_next_write_and_what_a_living_one_writes_stays(tmp_path):
    path = tmp_path / "table.csv"
    write_half = (
        "import sys, time; from pathlib import Path\n"
        "from cinematch_lib.storage.files import atomic_write\n"
        "with atomic_write(Path(sys.argv[1])) as part:\n"
        "    part.write_text('half'); print('begun', flush=True); sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", write_half, str(path)], text=True, **pipes) as other:
        assert other.stdout.readline() == "begun\n"
        write_text(path, "mine")
        assert len(names(tmp_path)) == 2
        other.kill()
    assert len(names(tmp_path)) == 2
    write_text(path, "mine")
    assert names(tmp_path) == ["table.csv"]

"""Fetches in processes that are killed or meet each other, and on disks that are full."""

import signal
import subprocess
import sys

import pytest
from support.commands import wait_for
from support.movielens_files import FILES, NAME, contents, names, publish, zipped
from support.small_disk import needs_small_disk, on_a_small_disk


def fetching(raw, *, refresh=False, **options):
    script = (
        "import sys\n"
        "from cinematch_lib.errors import CineMatchError\n"
        "from cinematch_lib.data import fetch\n"
        f"try: print(fetch({NAME!r}, sys.argv[1], refresh={refresh}))\n"
        "except CineMatchError as error: sys.exit(f'error: {error}')\n"
    )
    command = [sys.executable, "-c", script, str(raw)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_a_fetch_that_is_killed_is_resumed_by_the_next_process(server, raw):
    body = zipped(FILES, padding=400_000)
    served = publish(server, body, stalls_after=200_000)
    part = raw / f".{NAME}.zip.part"
    killed = fetching(raw)
    wait_for(lambda: part.exists() and part.stat().st_size == 200_000, "half of the zip")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert names(raw) == [f".{NAME}.zip.part", f".{NAME}.zip.part.json"]
    served.stalls_after = None
    second = fetching(raw)
    out, err = second.communicate(timeout=60)
    assert (second.returncode, out) == (0, f"{raw / NAME}\n"), err
    assert server.requests[-1].headers["Range"] == "bytes=200000-"
    assert server.requests[-1].status == 206
    assert {name: contents(raw / NAME)[name] for name in FILES} == FILES
    assert names(raw) == [NAME]


def test_two_processes_that_fetch_at_once_download_once(server, raw):
    served = publish(server, zipped(FILES, padding=100_000), stalls_after=50_000)
    first, second = fetching(raw), fetching(raw)
    asked = lambda: len(server.asked(f"/datasets/{NAME}.zip.md5")) == 2  # noqa: E731
    wait_for(lambda: asked() and (raw / f".{NAME}.zip.part").exists(), "both to begin")
    served.go_on.set()
    for process in (first, second):
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, f"{raw / NAME}\n"), err
    assert len(server.asked(f"/datasets/{NAME}.zip")) == 1
    assert names(raw) == [NAME]


FETCH_ON_SMALL_DISK = """
    import sys
    from pathlib import Path
    from cinematch_lib.data import fetch
    disk = Path(sys.argv[1])
    try:
        fetch("{name}", disk)
    except Exception as error:
        print(type(error).__name__, error, sorted(path.name for path in disk.iterdir()))
"""


@needs_small_disk
@pytest.mark.parametrize(
    ("kilobytes", "zip_behaviour", "padding", "text"),
    [
        (400, {}, 200_000, "not enough room in {disk}: ml-latest-small.zip needs 1.0 MB"),
        (100, {"length": False}, 200_000, "the disk that holds {disk} is full; free some room"),
        (400, {"length": False}, 250_000, "not enough room in {disk}: ml-latest-small.zip unpacked needs"),
    ],
)
def test_a_full_disk_is_one_clear_line_and_leaves_nothing(server, tmp_path, kilobytes, zip_behaviour, padding, text):
    publish(server, zipped(FILES, padding=padding), **zip_behaviour)
    done = on_a_small_disk(tmp_path, kilobytes, FETCH_ON_SMALL_DISK.format(name=NAME))
    assert done.stdout.startswith(f"CineMatchError {text.format(disk=tmp_path / 'small')}"), done.stderr
    assert done.stdout.endswith(" []\n")

"""A disk that is soon full."""

import os
import subprocess
import sys
import textwrap

import pytest


def on_a_small_disk(tmp_path, kilobytes, script):
    """Runs `script` in a process of its own that sees `tmp_path`/small as a disk of so many kilobytes."""
    disk = tmp_path / "small"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size={kilobytes}k tmpfs {disk} && exec {sys.executable} -c "$SCRIPT" {disk}'
    return subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", mount],
        env=os.environ | {"SCRIPT": textwrap.dedent(script)},
        capture_output=True,
        text=True,
        timeout=30,
    )


def can_mount_a_small_disk():
    probe = "mount -t tmpfs -o size=64k tmpfs /mnt"
    try:
        return not subprocess.run(
            ["unshare", "--mount", "--map-root-user", "sh", "-c", probe], capture_output=True
        ).returncode
    except FileNotFoundError:
        return False


needs_small_disk = pytest.mark.skipif(not can_mount_a_small_disk(), reason="a small disk cannot be mounted here")

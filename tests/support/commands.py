"""The command ``cinematch`` as a process of its own."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).with_name("cinematch")
# A module run as by `python -m`, without grammars of addresses that take jsonschema two seconds to compile.
MODULE = """
import runpy, sys
sys.modules["rfc3987_syntax"] = None
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Done:
    """A command that ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


def started(folder, *arguments, **options):
    """The command, started in `folder`."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([COMMAND, *map(str, arguments)], cwd=folder, **pipes | options)


def ended(process):
    """What a started command came to."""
    out, err = process.communicate(timeout=400)
    return Done(process.returncode, out, err)


def module(name, *arguments):
    """The words that run a module which reads notebooks."""
    return [sys.executable, "-c", MODULE, name, *map(str, arguments)]


def cinematch(folder, *arguments):
    """Run the command in `folder` to its end."""
    return ended(started(folder, *arguments))


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {seconds} seconds for {what}"
        time.sleep(0.02)
    return value

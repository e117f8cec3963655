"""Fixtures of the tests of cli."""

import signal

import pytest

from cinematch_lib.cli.main import main


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """The command in this process, in a folder of its own; returns its exit code and what it wrote."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def called(*arguments):
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    yield called
    signal.signal(signal.SIGTERM, before)

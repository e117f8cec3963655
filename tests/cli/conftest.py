"""Fixtures of the tests of cli."""

from dataclasses import astuple

import pytest


@pytest.fixture
def call(cinematch, tmp_path):
    """The command in this process, in a folder of its own; returns its exit code and what it wrote."""
    return lambda *arguments: astuple(cinematch(tmp_path, *arguments))

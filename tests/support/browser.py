"""The Chromium that tests of web pages start."""

import shutil

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--in-process-gpu",
]
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")


def launch(playwright):
    """A headless browser."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

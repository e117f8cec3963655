"""Fixtures of the tests of pipeline."""

import shutil

import pytest


@pytest.fixture
def project(sample_run, tmp_path):
    """A folder with the sample's current run, and a small data set of one's own: four films and no ratings."""
    shutil.copytree(sample_run.artifacts, tmp_path / "artifacts")
    (tmp_path / "raw/mine").mkdir(parents=True)
    for name in ("movies.csv", "links.csv"):
        lines = (sample_run.folder / "raw/sample" / name).read_text(encoding="utf-8").splitlines(keepends=True)
        wanted = ("movieId,", "1,", "2,", "6,", "10,")  # four films of 1995
        (tmp_path / "raw/mine" / name).write_text("".join(line for line in lines if line.startswith(wanted)))
    return tmp_path

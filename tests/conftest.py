"""Fixtures that several test files share; the pipeline's run on the embedded sample is made once for all."""

import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from support.commands import Done, ended, module, started
from support.movielens_files import movielens_server
from support.once import once_for_all
from support.run_files import published
from support.serving import publish
from support.slow import SLOW

import cinematch_lib.pipeline.notebook_libraries  # noqa: F401 - before a test imports nbformat, which is slower
from cinematch_lib.cli.main import main
from cinematch_lib.pipeline.notebooks import NOTEBOOKS

collect_ignore_glob = ["*/conftest.py", "conftest.py"]  # they hold no doctests, and as modules share one name

# The same examples each time: what passed does not fail by chance. HYPOTHESIS_PROFILE=default draws others.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

os.environ["TMDB_BEARER_TOKEN"] = ""  # no test asks the real TMDb, whatever the environment or .env says
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # nor sends anything to MLflow's makers

ELSEWHERE = {"raw": "Rohdaten", "data": "my data", "artifacts": "deep/er/artifacts"}  # other names of the folders
# In their default form the notebooks take two minutes, and run once, by nbval. Here they are the same with weights
# for fewer films, fewer models and users, and without choosing values.
LIGHT = {
    "regularization": 62.5,
    "dropout": 0.3,
    "session_weight": 0.7,
    "year_weight": 2.0,
    "content_weight": 0.35,
    "max_films": 1500,
    "models": "[popular, ease, hybrid]",
    "folds": 1,
    "test_users": 60,
    "tune": "false",
}
CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark slow tests, and put them last, the longest first, so that no process is left with a long one.

    Where several processes run tests, one of them begins with the first of `SLOW`, which takes as long as much of the
    rest.
    """
    place = {name: at for at, name in enumerate(SLOW, start=1)}
    for item in items:
        if item.path.name in place:
            item.add_marker(pytest.mark.slow)
    if "PYTEST_XDIST_WORKER" in os.environ:
        place[SLOW[0]] = -1
    items.sort(key=lambda item: place.get(item.path.name, 0))


@dataclass(frozen=True)
class SampleRun:
    """The folder of a run on the sample with default folders, and what the command wrote.

    `elsewhere` is the artifacts folder of a second run, made at the same time from the same sample in folders
    of other names, by a command in the folder `worked_in`. `appeared` are files that were new in the
    checkout afterwards.
    """

    folder: Path
    done: Done
    elsewhere: Path
    worked_in: Path
    done_elsewhere: Done
    appeared: set[Path]

    @property
    def artifacts(self):
        return self.folder / "artifacts"


@dataclass(frozen=True)
class DefaultRun:
    """A project's folder where nbval ran a copy of every notebook in its default form, and what it said."""

    folder: Path
    done: Done


@pytest.fixture
def cinematch(capsys, monkeypatch):
    """The command in this process, run in `folder`: what `support.commands.cinematch` is, without the time to start."""
    before = signal.getsignal(signal.SIGTERM)

    def called(folder, *arguments):
        monkeypatch.chdir(folder)
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:  # of argparse
            code = end.code
        return Done(code, *capsys.readouterr())

    yield called
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def server(monkeypatch):
    """A web server on loopback that stands in for GroupLens's."""
    with movielens_server(monkeypatch) as files:
        yield files


@pytest.fixture
def raw(tmp_path):
    """A folder for data sets, not there yet."""
    return tmp_path / "raw"


@pytest.fixture
def artifacts(tmp_path):
    """An artifacts folder with one small run, in use."""
    folder = tmp_path / "artifacts"
    published(folder)
    return folder


@pytest.fixture(scope="session")
def _served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "artifacts"
    publish(folder)
    return folder


@pytest.fixture
def served(_served, tmp_path):
    """An artifacts folder with one small run that can be served, in use; a copy, to do with as one likes."""
    return shutil.copytree(_served, tmp_path / "artifacts")


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory):
    """The whole pipeline on the sample, run by the command; tests must not change what it left."""
    made = once_for_all(tmp_path_factory, "sample-run", _run_twice)
    said = json.loads((made / "said.json").read_text())
    done, elsewhere = (Done(**one) for one in said["done"])
    folder, other, worked_in = (made / name for name in ("default", "other", "worked_in"))
    return SampleRun(
        folder, done, other / ELSEWHERE["artifacts"], worked_in, elsewhere, set(map(Path, said["appeared"]))
    )


@pytest.fixture(scope="session")
def default_run(tmp_path_factory):
    """Every notebook as it is, run by nbval; tests must not change what it left."""
    made = once_for_all(tmp_path_factory, "default-run", _run_nbval)
    return DefaultRun(made / "project", Done(**json.loads((made / "said.json").read_text())))


def _run_nbval(made):
    """Run copies of the notebooks in a project of their own, so that what they write lands there."""
    project = made / "project"
    (project / "cinematch_lib").mkdir(parents=True)  # with `notebooks`, this is what a project's root is known by
    shutil.copytree(NOTEBOOKS, project / "notebooks", ignore=shutil.ignore_patterns(".*"))
    done = [_run_one(project, notebook) for notebook in sorted((project / "notebooks").glob("*.ipynb"))]
    out, err = ("".join(getattr(one, name) for one in done) for name in ("stdout", "stderr"))
    (made / "said.json").write_text(json.dumps({"code": max(one.returncode for one in done), "out": out, "err": err}))


def _run_one(project, notebook):
    """Run one notebook; once more where its kernel did not start, because another process took one of its ports."""
    nbval = ["--nbval-lax", "--nbval-cell-timeout", "600", "-q", "-p", "no:cacheprovider"]
    command = module("pytest", *nbval, notebook)
    options = {"cwd": project, "capture_output": True, "text": True, "timeout": 900}
    done = subprocess.run(command, **options)
    if "Kernel died before replying to kernel_info" in done.stdout:
        done = subprocess.run(command, **options)
    return done


def _run_twice(made):
    """Run the pipeline on the sample in two forms at once, and keep what the commands said."""
    folder, other, worked_in = (made / name for name in ("default", "other", "worked_in"))
    folder.mkdir()
    worked_in.mkdir()
    elsewhere = [word for name, where in ELSEWHERE.items() for word in (f"--{name}-dir", other / where)]
    light = [word for name, value in LIGHT.items() for word in ("-p", name, value)]
    before = _in_checkout()
    both = started(folder, "run", *light), started(worked_in, "run", "--dataset", "sample", *elsewhere, *light)
    done = [vars(ended(one)) for one in both]
    said = {"done": done, "appeared": sorted(map(str, _in_checkout() - before))}
    (made / "said.json").write_text(json.dumps(said))


def _in_checkout():
    return {path for name in (*ELSEWHERE, "notebooks") for path in (CHECKOUT / name).rglob("*")}

"""The wheel in new environments: the base alone recommends, and with the pipeline's packages `cinematch run` works."""

import subprocess
import sys
import zipfile

import pytest
from support.installed import ROOT, Environment, base_requirements, build_wheel
from support.tables import write_movielens

from cinematch_lib.artifacts.runs import Run

CLIENT = ROOT / "tests/project/typed_client.py"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def base(tmp_path_factory, wheel):
    return Environment(tmp_path_factory.mktemp("base") / "env", wheel)


def test_the_wheel_holds_the_library_with_its_data_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {
        "cinematch_lib",
        f"{'-'.join(wheel.stem.split('-')[:2])}.dist-info",
    }
    library = {path.relative_to(ROOT).as_posix() for path in (ROOT / "cinematch_lib").rglob("*.*") if path.is_file()}
    library = {name for name in library if "__pycache__" not in name}
    notebooks = {f"cinematch_lib/pipeline/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {name for name in names if name.startswith("cinematch_lib/")} == library | notebooks
    assert "cinematch_lib/py.typed" in names


def test_the_base_is_at_most_ten_packages():
    assert len({"cinematch-lib", *base_requirements()}) <= 10


def test_with_the_base_alone_the_recommender_recommends(base, _served, tmp_path):
    done = base.run("bin/python", "-I", CLIENT, _served, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 6


def test_a_client_of_the_installed_library_passes_the_type_checker(base, tmp_path):
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", base.folder / "bin/python", CLIENT]
    done = subprocess.run([*command, "--cache-dir", tmp_path], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "Success: no issues found in 1 source file\n"


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["--help"],
        ["recommend", "--like", "Heat (1995)", "-k", "3"],
        ["recommend", "--like", "Heat (1995)", "--json"],
        ["search", "heat"],
        ["runs"],
    ],
    ids=" ".join,
)
def test_with_the_base_alone_these_commands_work(base, _served, words):
    done = base.run("bin/cinematch", *words, cwd=_served.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["run"], "pipeline"),
        (["setup", "--yes"], "pipeline"),
        (["serve"], "serve"),
    ],
)
def test_a_command_without_its_extra_names_it_in_one_line(base, _served, words, extra):
    done = base.run("bin/cinematch", *words, cwd=_served.parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cinematch: ")
    assert done.stderr.endswith(f' is not installed; run: pip install "cinematch-lib[{extra}]"\n')
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("catalog.cleaning", "pipeline"),
        ("evaluation", "pipeline"),
        ("explorer", "lab"),
        ("models", "pipeline"),
        ("pipeline.runner", "pipeline"),
        ("plots.catalog", "pipeline"),
        ("serving.app", "serve"),
    ],
)
def test_an_import_without_its_extra_names_it(base, module, extra):
    done = base.run("bin/python", "-I", "-c", f"import cinematch_lib.{module}")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("cinematch_lib.errors.MissingExtraError: ")
    assert last.endswith(f'pip install "cinematch-lib[{extra}]"')


def test_outside_the_clone_the_pipeline_runs_in_the_current_folder(wheel, tmp_path):
    environment = Environment(tmp_path / "env", wheel, all_packages=True)
    folder = tmp_path / "work"
    write_movielens(folder / "raw/mine", [(1, "Heat (1995)", "Crime"), (2, "Casino (1995)", "Drama")])
    done = environment.run("bin/cinematch", "run", "--dataset", "mine", "-p", "min_df", "1", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in folder.iterdir()} == {"artifacts", "data", "raw"}
    run = Run.current(folder / "artifacts")
    assert {"item_features.npz", "notebooks/01_fetch.ipynb", "notebooks/03_features.ipynb"} <= set(run.info.files)
    assert "evaluate: nothing to do" in done.stdout  # there are no ratings
    assert str(ROOT) not in run.read_bytes("notebooks/01_fetch.ipynb").decode()

    fetched = environment.run("bin/cinematch", "run", "--to", "fetch", cwd=folder)
    assert (fetched.returncode, fetched.stderr) == (0, "")
    assert (folder / "raw/sample/ratings.csv").is_file()

import subprocess
import sys

from cinematch_lib.storage.paths import project_path


def test_a_relative_folder_is_taken_from_the_projects_root(tmp_path, monkeypatch):
    for name in ("notebooks", "cinematch_lib/data/sample"):
        (tmp_path / name).mkdir(parents=True)
    for working in (".", "notebooks", "cinematch_lib/data/sample"):
        monkeypatch.chdir(tmp_path / working)
        assert project_path("data") == tmp_path.resolve() / "data"


def test_without_a_project_it_is_taken_from_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()  # alone it makes no project
    monkeypatch.chdir(tmp_path / "notebooks")
    assert project_path("raw/../data") == (tmp_path / "notebooks" / "data").resolve()


def test_an_absolute_folder_stays_and_none_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert project_path(str(tmp_path / "elsewhere")) == tmp_path.resolve() / "elsewhere"
    assert list(tmp_path.iterdir()) == []


def test_tables_are_read_without_loading_what_draws_or_learns():
    """Cleaning is used by scripts too: it should not wait for matplotlib or scikit-learn."""
    code = "import sys, cinematch_lib.catalog.cleaning; print({'matplotlib', 'sklearn'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"

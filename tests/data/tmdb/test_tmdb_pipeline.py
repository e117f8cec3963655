"""TMDb through the notebooks, as the pipeline runs them: from a token to a service that really has the film."""

import csv
import json
import os
import subprocess
import sys

import papermill
import pytest
from support.tmdb_server import TOKEN, film, running

from cinematch_lib.cli.main import main
from cinematch_lib.pipeline.notebooks import NOTEBOOKS, step_parameters

MOVIES = [(1, "Heat (1995)", "Action|Crime"), (2, "Ronin (1998)", "Action|Crime"), (3, "Old (1950)", "Drama")]
MOVIES += [(number, f"Film {number} (1999)", "(no genres listed)") for number in range(4, 9)]


def offers(**kinds):
    kinds = {kind: [{"provider_name": name} for name in names] for kind, names in kinds.items()}
    return {"watch/providers": {"results": {"US": kinds, "FR": {"flatrate": [{"provider_name": "Canal+"}]}}}}


@pytest.fixture
def server():
    with running() as tmdb:
        tmdb.films[1] = film(1, **offers(flatrate=["Netflix Standard with Ads", "Netflix"], rent=["Apple TV"]))
        tmdb.films[2] = film(2, **offers(flatrate=["Max Amazon Channel", "Disney Plus"]))
        tmdb.of_imdb["0000008"] = 80
        yield tmdb


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "raw" / "mine"
    folder.mkdir(parents=True)
    rows = {
        "movies.csv": [("movieId", "title", "genres"), *MOVIES],
        "links.csv": [("movieId", "imdbId", "tmdbId"), *((n, f"{n:07}", n if n < 8 else "") for n, *_ in MOVIES)],
        "ratings.csv": [("userId", "movieId", "rating"), *((user, film, 4.0) for user in (1, 2) for film in (1, 2, 4))],
    }
    for name, lines in rows.items():
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows(lines)
    return tmp_path


def cinematch(project, server, *words, token=TOKEN):
    env = os.environ | {"TMDB_API_URL": server.url, "TMDB_BEARER_TOKEN": token}
    command = [sys.executable, "-c", "import sys; from cinematch_lib.cli.main import main; sys.exit(main())", *words]
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False, timeout=120)


def written(project):
    return b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file())


def output(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    return "".join(
        "".join(one.get("text") or one.get("data", {}).get("text/plain", ""))
        for cell in cells
        for one in cell.get("outputs", [])
    )


def catalog(project):
    with (project / "data" / "movies_merged.csv").open(encoding="utf-8", newline="") as file:
        return {int(row["movieId"]): row for row in csv.DictReader(file)}


def test_from_a_token_to_a_film_on_netflix(server, project):
    done = cinematch(project, server, "run", "--dataset", "mine", "-p", "services", "tmdb", "-p", "min_df", "1")
    assert done.returncode == 0, done.stderr
    films = catalog(project)
    assert films[1]["services"] == "Netflix"
    assert films[2]["services"] == "Disney+|HBO Max"
    assert films[8]["services"] == "Netflix"  # known by its IMDb id alone
    assert (films[4]["genres"], films[4]["director"]) == ("action|sci-fi", "Michael Mann")
    [notebook] = project.glob("artifacts/runs/*/notebooks/01_fetch.ipynb")
    shown = output(notebook)
    assert "8 of 8 films have TMDb's metadata" in shown
    assert "requests sent" in shown
    assert "providers" in shown
    assert "This product uses the TMDB API but is not endorsed or certified by TMDB." in shown
    assert "JustWatch" in shown
    assert TOKEN.encode() not in written(project)
    assert TOKEN not in done.stdout + done.stderr

    found = cinematch(project, server, "recommend", "--service", "netflix", "-k", "3")
    assert found.returncode == 0, found.stderr
    assert "Netflix" in found.stdout
    assert "Ronin" not in found.stdout
    assert "JustWatch" in found.stdout


def test_a_refused_token_ends_the_step_with_one_message_and_is_not_in_it(server, project):
    done = cinematch(project, server, "run", "--dataset", "mine", "--to", "fetch", token="another-" + TOKEN)
    assert done.returncode == 1
    assert "TMDb does not accept the token in TMDB_BEARER_TOKEN (401 Unauthorized)" in done.stderr
    assert "Traceback" not in done.stderr
    assert (project / "artifacts" / "failed" / "01_fetch.ipynb").is_file()
    assert (project / "raw" / "tmdb" / "tmdb.sqlite").is_file()
    assert TOKEN.encode() not in written(project)
    assert TOKEN not in done.stdout + done.stderr


def test_without_a_token_the_notebook_says_so_and_goes_on(server, project, monkeypatch):
    monkeypatch.setenv("TMDB_BEARER_TOKEN", "")
    monkeypatch.setenv("TMDB_API_URL", server.url)
    notebook = project / "01_fetch.ipynb"
    values = {"dataset": "mine", "raw_dir": str(project / "raw")}
    papermill.execute_notebook(
        NOTEBOOKS / "01_fetch.ipynb", notebook, values, kernel_name="python3", progress_bar=False
    )
    assert "No TMDB_BEARER_TOKEN is set, so TMDb was not asked." in output(notebook)
    assert "There is no metadata table" in output(notebook)
    assert server.log == []


def test_no_refresh_belongs_to_the_step_fetch(capsys):
    assert main(["run", "--no-refresh", "--from", "clean"]) == 1
    assert "refresh_tmdb belongs to a step that is not run this time" in capsys.readouterr().err
    known = step_parameters(["fetch"])
    assert (known["refresh_tmdb"].default, known["max_age_days"].default, known["tmdb_limit"].default) == (
        True,
        180,
        None,
    )

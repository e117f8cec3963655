"""A refresh, week after week, by the command: what is due is done, and a worse run does not get out."""

import json
import os
import random
import shutil

import pytest
from support.commands import cinematch
from support.small_projects import DATASET, lay_raw

from cinematch_lib import Recommender
from cinematch_lib.artifacts.runs import Run, current_run_id
from cinematch_lib.serving.learning import set_learning
from cinematch_lib.serving.store import Store
from cinematch_lib.storage.locks import claim

LIGHT = {
    "regularization": 60, "dropout": 0.3, "session_weight": 0.7, "year_weight": 2, "feature_weight": 1,
    "content_weight": 0.35, "folds": 1, "test_users": 40, "models": "[popular, hybrid]", "tune": "false",
    "extra_analyses": "[]",
}  # fmt: skip
OFFERS = "offers.csv"
NEW_FILM = "9999999,Heat Again (1999),Crime|Drama\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with a run of the small data set, made by the pipeline."""
    folder = tmp_path_factory.mktemp("refresh")
    lay_raw(folder / "raw", users=150)
    (folder / OFFERS).write_text("movieId,service\n1,Netflix\n")
    light = [word for name, value in LIGHT.items() for word in ("-p", name, value)]
    services = ("-p", "services", "file", "-p", "services_file", OFFERS)
    assert cinematch(folder, "run", "--dataset", DATASET, *light, *services).code == 0
    return folder


def record(folder):
    return json.loads((folder / "artifacts" / "refresh.json").read_text())


def runs(folder):
    return {path.name for path in (folder / "artifacts" / "runs").iterdir()}


def test_week_after_week(made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "project")
    artifacts, raw = folder / "artifacts", folder / "raw" / DATASET
    first = current_run_id(artifacts)

    done = cinematch(folder, "refresh")
    assert (done.code, done.out, done.err) == (0, "Nothing is due; the current run stays.\n", "")
    assert record(folder)["result"] == "nothing due"

    with (raw / "movies.csv").open("a") as file:
        file.write(NEW_FILM)
    done = cinematch(folder, "refresh", "--dry-run")
    assert done.out.startswith("Due: movies.csv changed.\nSuch a run took ")
    assert runs(folder) == {first}
    says_what_it_likes(folder / "elsewhere", 6, 9999999)
    done = cinematch(folder, "refresh", "--keep", 2, "--state", "elsewhere")
    second = current_run_id(artifacts)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(f"\n{second} is the current run now.\n")
    assert second != first
    assert Recommender.load(artifacts).search("Heat Again", 1)[0].movie_id == 9999999
    assert "Feedback to learn from: 2 opinions of 1 user." in done.out
    assert record(folder)["due"] == ["feedback_ratings.csv is new", "movies.csv changed"]
    assert Run.current(artifacts).info.facts["train"]["feedback_users"] == 1
    assert runs(folder) == {first, second}

    good = (raw / "ratings.csv").read_bytes()
    (raw / "ratings.csv").write_text(poisoned(good.decode()))
    done = cinematch(folder, "refresh", "--keep", 2, "--state", "elsewhere")
    assert done.code == 3
    assert current_run_id(artifacts) == second
    (held,) = runs(folder) - {first, second}
    assert done.err.startswith(f"cinematch: {held} was held back, and {second} stays current: nDCG@10 fell by 0.")
    assert done.err.endswith(f"To use it all the same: cinematch use {held}\n")
    assert record(folder)["result"] == "held back"
    assert runs(folder) == {second, held}

    again = cinematch(folder, "refresh", "--keep", 2, "--state", "elsewhere")
    assert (again.code, again.err) == (3, done.err)
    assert runs(folder) == {second, held}

    (raw / "ratings.csv").write_bytes(good)
    assert cinematch(folder, "refresh", "--state", "elsewhere").code == 0
    assert record(folder)["result"] == "nothing due"

    offers = folder / OFFERS
    offers.write_text("movieId,service\n1,Netflix\n6,Hulu\n")
    done = cinematch(folder, "refresh", "--state", "elsewhere", "-p", "services_file", offers)
    third = current_run_id(artifacts)
    assert (done.code, done.err) == (0, "")
    for step in ("[4/5] train", "[5/5] evaluate"):
        assert f"{step}: as in {second}, which has the same films, ratings and tags\n" in done.out
    before, after = (artifacts / "runs" / run for run in (second, third))
    for name in ("item_weights.npz", "metrics.json", "notebooks/05_evaluate.ipynb"):
        assert (before / name).samefile(after / name)
    assert Recommender.load(artifacts).movie(6).services == ("Hulu",)
    assert cinematch(folder, "refresh", "--state", "elsewhere").out == "Nothing is due; the current run stays.\n"


def says_what_it_likes(state, *movie_ids):
    """A server that learns ran here, and somebody liked these films."""
    store = Store(state)
    set_learning(store, True)
    for movie_id in movie_ids:
        store.set_feedback("anna", movie_id, "Film", 1999, "like")
    store.close()


def poisoned(ratings):
    """The ratings with the films exchanged at random, so that nothing can be learned from them."""
    head, *rows = ratings.splitlines()
    cells = [row.split(",") for row in rows]
    films = [row[1] for row in cells]
    random.Random(0).shuffle(films)
    seen, kept = set(), []
    for (user, _, *rest), film in zip(cells, films, strict=True):
        if (user, film) not in seen:
            seen.add((user, film))
            kept.append(",".join([user, film, *rest]))
    return "\n".join([head, *kept]) + "\n"


def test_broken_input_leaves_the_run_and_tells_the_reason(made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "project")
    first = current_run_id(folder / "artifacts")
    (folder / "raw" / DATASET / "movies.csv").write_text("film,name\n1,Heat\n")
    done = cinematch(folder, "refresh")
    assert done.code == 1
    assert current_run_id(folder / "artifacts") == first
    told = record(folder)
    assert told["result"] == "failed"
    assert told["reasons"][0]
    assert runs(folder) == {first}


def test_one_at_a_time_and_a_killed_one_is_known(made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "project")
    artifacts = folder / "artifacts"
    (artifacts / "refresh.json").write_text(
        json.dumps({"result": "running", "started": "2026-01-01T00:00:00Z", "process": 1})
    )
    (artifacts / ".refresh.lock").touch()
    handle = claim(artifacts / ".refresh.lock")
    done = cinematch(folder, "refresh")
    assert done.code == 1
    assert done.err == (
        "cinematch: another refresh of artifacts is at work (process 1, since 2026-01-01T00:00:00Z); "
        "wait until it is done\n"
    )
    os.close(handle)
    done = cinematch(folder, "refresh")
    assert done.code == 0
    assert done.out.startswith("The refresh begun at 2026-01-01T00:00:00Z was stopped; this one starts anew.\n")


def test_without_a_run_there_is_nothing_to_refresh(tmp_path):
    done = cinematch(tmp_path, "refresh")
    assert (done.code, done.out) == (1, "")
    assert done.err == "cinematch: artifacts has no run to refresh yet; make one: cinematch run\n"
    assert list(tmp_path.iterdir()) == []

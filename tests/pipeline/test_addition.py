"""``cinematch add``: new films are found, filtered, recommended and explained at once, without training."""

import os
import shutil

import numpy as np
import pytest
from support.small_runs import rated_artifacts, sample_artifacts

from cinematch_lib import CineMatchError, Preferences, Recommender
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.film_map import FilmMap
from cinematch_lib.artifacts.item_weights import ITEM_WEIGHTS
from cinematch_lib.artifacts.runs import Run, current_run_id
from cinematch_lib.catalog.additions import OWN_IDS, read_additions, read_films_to_add
from cinematch_lib.errors import NothingToDoError
from cinematch_lib.pipeline.addition import add_films

HEAD = "movieId,tmdbId,title,year,genres,overview,keywords,director,cast_top,services\n"
NEW = (
    HEAD
    + ",777000,Heat on the Moon (2031),,Sci-Fi|Crime,Robbers rob a moon,heist,Michael Mann,Al Pacino,Lunaflix\n"
    + "3,777001,Dead Again and Again,2030,crime|horror,,,Nobody,,\n"
)


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A run of the sample with estimators, weights and embeddings."""
    folder = tmp_path_factory.mktemp("before")
    draft = Draft.create(folder)
    for artifacts in (sample_artifacts(tmp_path_factory), rated_artifacts(tmp_path_factory)):
        run = Run.current(artifacts)
        for name in run.info.files:
            if not (draft.folder / name).exists():
                draft.share(run, name)
    ids = run.read_movies_meta().columns.movie_ids
    draft.write_film_map(FilmMap(ids, np.full((len(ids), 2), 0.5, np.float32)))
    draft.publish()
    return folder


@pytest.fixture
def artifacts(before, tmp_path):
    return shutil.copytree(before, tmp_path / "artifacts", copy_function=os.link)


def films(tmp_path, text=NEW):
    (tmp_path / "new.csv").write_text(text)
    return read_films_to_add(tmp_path / "new.csv")


@pytest.fixture
def added(artifacts, tmp_path, before):
    table = films(tmp_path, NEW.replace("\n3,", f"\n{free_id(before)},"))
    info, new = add_films(table, artifacts, tmp_path / "data")
    assert info.run_id == current_run_id(artifacts)
    assert len(new) == 2
    return Recommender.load(artifacts)


def test_added_films_have_places_on_the_map(added, artifacts):
    film_map = Run.current(artifacts).read_film_map()
    assert np.array_equal(film_map.movie_ids, added.movie_ids)
    assert np.allclose(film_map.places, 0.5)  # where all films like them are


def free_id(before):
    """An id between two of the sample's."""
    ids = Run.current(before).read_movies_meta().columns.movie_ids
    gap = (ids[1:] - ids[:-1] > 1).nonzero()[0][0]
    return int(ids[gap]) + 1


def test_a_new_film_is_found_filtered_recommended_and_explained(added):
    (found,) = added.search("Heat on the Moon", 1)
    assert (found.movie_id, found.year) == (OWN_IDS + 777000, 2031)
    (listed,) = added.recommend(Preferences(liked_movie_ids=[6], year_min=2031), 1)
    assert listed.movie_id == found.movie_id
    assert "Heat" in listed.explanation
    (on_service,) = added.recommend(Preferences(services=["Lunaflix"]), 1)
    assert on_service.movie_id == found.movie_id
    liked = added.recommend(Preferences(liked_movie_ids=[found.movie_id]), 10)
    assert all(one.explanation for one in liked)


def test_lists_of_the_films_that_were_there_stay_the_same(added, before):
    likes = Preferences(liked_movie_ids=[1, 6, 260], year_max=2029)
    then, now = Recommender.load(before).recommend(likes, 50), added.recommend(likes, 50)
    assert [one.movie_id for one in now] == [one.movie_id for one in then]
    assert [one.score for one in now] == pytest.approx([one.score for one in then])


def test_big_files_are_shared_and_verified(added, artifacts, before):
    run = Run.current(artifacts)
    shared = run.folder / ITEM_WEIGHTS
    assert shared.samefile(before / "runs" / run.info.facts["add"]["from"] / ITEM_WEIGHTS)
    copy = shared.read_bytes()
    shared.unlink()
    shared.write_bytes(copy[:-1] + b"x")
    with pytest.raises(CineMatchError, match=r"item_weights\.npz was altered"):
        Run.current(artifacts)


def test_films_are_kept_for_later_runs_and_added_once(added, artifacts, tmp_path):
    assert read_additions(tmp_path / "data")["title"].tolist() == ["Dead Again and Again", "Heat on the Moon"]
    with pytest.raises(NothingToDoError, match="has all 1 films already"):
        add_films(films(tmp_path, NEW.rpartition("3,")[0]), artifacts, tmp_path / "data")
    more = HEAD + ",777002,A third one,2031,drama,,,,,\n"
    info, _ = add_films(films(tmp_path, more), artifacts, tmp_path / "data")
    assert info.facts["add"]["films"] == 3
    assert Recommender.load(artifacts).search("A third one", 1)[0].movie_id == OWN_IDS + 777002
    assert len(read_additions(tmp_path / "data")) == 3


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",,No id,2000,drama,,,,,", "film 1, 'No id', has no movieId and no tmdbId"),
        (",5,No year,,drama,,,,,", "film 1, 'No year', has no year from 18"),
        (",5,No genre,2000,,,,,,", "film 1, 'No genre', has no genre"),
        (",5,One,2000,drama,,,,,\n,5,Two,2000,drama,,,,,", "film 2, 'Two', has the movieId of an earlier row"),
    ],
)
def test_a_film_that_cannot_be_added_is_named(tmp_path, row, problem):
    with pytest.raises(CineMatchError, match=problem):
        films(tmp_path, f"{HEAD}{row}\n")

"""Lists for all users of a file, in parts, after an interruption too."""

import contextlib
import itertools

import pandas as pd
import psutil
import pytest
from support.small_runs import filtered_artifacts, genre_films, recommender_of

from cinematch_lib import Preferences, Recommender
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.batch import recommend_to_file
from cinematch_lib.storage.locks import folder_lock

FILMS = 8


@pytest.fixture(scope="module")
def recommender():
    weights = [[0 if i == j else 1 / (1 + (i * j) % 5) for i in range(FILMS)] for j in range(FILMS)]
    genres = ["crime" if film % 2 else "drama" for film in range(FILMS)]
    return recommender_of(*genre_films(*genres), said=(weights, 0.1, 5))


@pytest.fixture
def ratings(tmp_path):
    """Users 90, 80, … 10 in that order, each with two or three of the films and one that is not here."""
    rows = [
        (user, film, 3.0 + (user + film) % 3)
        for user in range(90, 0, -10)
        for film in (user // 10 % FILMS + 1, (user // 10 + 3) % FILMS + 1, 77)
    ]
    file = tmp_path / "histories.csv"
    pd.DataFrame(rows, columns=["user", "item", "stars"]).to_csv(file, sep=";", index=False)
    return file


@pytest.fixture
def many_ratings(tmp_path):
    """600 users with four films each."""
    rows = list(itertools.product(range(1, 601), range(1, 5)))
    file = tmp_path / "many.parquet"
    pd.DataFrame(rows, columns=["userId", "movieId"]).assign(rating=5.0).to_parquet(file)
    return file


def test_users_keep_their_names(recommender, tmp_path):
    rows = [("eve", 1, 5), ("ann", 2, 4), ("eve", 3, 4), (" bob", 1, 2)]
    for number, names in enumerate(({}, {"eve": "1", "ann": "2", " bob": "3"})):
        table = pd.DataFrame(rows, columns=["user", "item", "rating"]).replace({"user": names})
        file, out = tmp_path / "named.csv", tmp_path / f"{number}.parquet"
        table.to_csv(file, index=False)
        done = recommend_to_file(recommender, file, out, 3, users_at_once=2)
        assert (done.users, done.repairs) == (3, {})
    named, numbered = (pd.read_parquet(tmp_path / f"{number}.parquet") for number in (0, 1))
    assert named.userId.unique().tolist() == ["eve", "ann", "bob"]
    pd.testing.assert_frame_equal(named.assign(userId=named.userId.map({"eve": 1, "ann": 2, "bob": 3})), numbered)


def test_each_user_gets_the_list_of_one_call(recommender, ratings, tmp_path):
    filters = Preferences(preferred_genres=["crime"])
    done = recommend_to_file(recommender, ratings, tmp_path / "out.parquet", 3, filters, users_at_once=4)
    lists = pd.read_parquet(tmp_path / "out.parquet")
    assert lists.userId.unique().tolist() == list(range(10, 91, 10))
    assert (done.users, done.rows) == (9, len(lists))
    of_file = pd.read_csv(ratings, sep=";")
    for user, rows in lists.groupby("userId"):
        known = of_file[(of_file.user == user) & (of_file.item <= FILMS)]
        stars = dict(zip(known.item.tolist(), known.stars.tolist(), strict=True))
        alone = recommender.recommend(Preferences(ratings=stars, preferred_genres=["crime"]), 3)
        assert rows.movieId.tolist() == [one.movie_id for one in alone]
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out.parquet"]


def test_it_goes_on_where_it_was_interrupted(recommender, ratings, tmp_path):
    out, told = tmp_path / "out.parquet", []

    def interrupt(line):
        told.append(line)
        if line == "4 users":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recommend_to_file(recommender, ratings, out, 3, message=interrupt, users_at_once=2)
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "out.parquet.parts").glob("*.parquet")}
    assert len(parts) == 2 and not out.exists()
    with pytest.raises(KeyboardInterrupt):
        recommend_to_file(recommender, ratings, out, 3, message=interrupt, users_at_once=2)
    assert {path: path.stat().st_mtime_ns for path in parts} == parts
    assert sum("continuing" in line for line in told) == 1
    recommend_to_file(recommender, ratings, out, 3, message=told.append, users_at_once=2)
    whole = tmp_path / "whole.parquet"
    recommend_to_file(recommender, ratings, whole, 3, message=told.append)
    pd.testing.assert_frame_equal(pd.read_parquet(out), pd.read_parquet(whole))


def test_processes_make_the_same_file(recommender, ratings, tmp_path):
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    done = recommend_to_file(recommender, ratings, one, 3, users_at_once=2)
    told = []
    filters = Preferences()
    assert recommend_to_file(recommender, ratings, two, 3, filters, told.append, users_at_once=2, jobs=2) == done
    assert told == ["2 users", "4 users", "6 users", "8 users", "9 users"]
    assert two.read_bytes() == one.read_bytes()
    assert not _processes()


def test_processes_make_lists_of_a_run_on_the_disk_that_left_films_out(ratings, tmp_path, tmp_path_factory):
    loaded, lists = Recommender.load(filtered_artifacts(tmp_path_factory)), []
    for jobs in (1, 2):
        out = tmp_path / f"{jobs}.parquet"
        recommend_to_file(loaded, ratings, out, 3, users_at_once=2, jobs=jobs)
        lists.append(pd.read_parquet(out))
    pd.testing.assert_frame_equal(*lists)
    assert len(lists[0])


def test_a_killed_process_is_told_and_its_part_is_made_by_the_next_call(recommender, many_ratings, tmp_path):
    out = tmp_path / "out.parquet"

    def kill(line):
        for process in _processes():
            process.kill()

    with pytest.raises(CineMatchError, match=r"a process that makes lists was killed.*repeat the same command"):
        recommend_to_file(recommender, many_ratings, out, 3, message=kill, users_at_once=2, jobs=2)
    told = []
    assert recommend_to_file(recommender, many_ratings, out, 3, message=told.append, users_at_once=2).users == 600
    assert "continuing with the parts" in told[0]


def _processes():
    """Those that make parts for this one."""
    found = []
    for one in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended just now
            if "spawn_main" in " ".join(one.cmdline()):
                found.append(one)
    return found


def test_parts_of_another_choice_are_not_mixed_in(recommender, ratings, tmp_path):
    out, told = tmp_path / "out.parquet", []

    def interrupt(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recommend_to_file(recommender, ratings, out, 3, message=interrupt, users_at_once=2)
    recommend_to_file(recommender, ratings, out, 5, message=told.append, users_at_once=2)
    assert "of another run, file or choice; they are made anew" in told[0]
    assert pd.read_parquet(out).groupby("userId").size().min() == 5


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("histories.csv", "out.csv"), r"--out must end with .parquet, got .*out.csv"),
        (("none.csv", "out.parquet"), r"--users must be a file of userId, movieId, rating, and there is none at"),
    ],
)
def test_what_is_wrong_is_told(recommender, ratings, tmp_path, names, message):
    with pytest.raises(CineMatchError, match=message):
        recommend_to_file(recommender, *(tmp_path / name for name in names), 3)


def test_a_file_that_cannot_be_read_leaves_nothing_behind(recommender, tmp_path):
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating\n1,6\n", encoding="utf-8")
    with pytest.raises(CineMatchError, match="line 2 has 2 fields instead of 3"):
        recommend_to_file(recommender, tmp_path / "ratings.csv", tmp_path / "out.parquet", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["ratings.csv"]


def test_parquet_is_read_and_parts_are_told(recommender, many_ratings, tmp_path):
    told = []
    done = recommend_to_file(
        recommender, many_ratings, tmp_path / "out.parquet", 2, message=told.append, users_at_once=200
    )
    assert told == ["200 users", "400 users", "600 users"]
    assert done.rows == 1200


def test_one_process_writes_a_file_at_a_time(recommender, ratings, tmp_path):
    out, parts = tmp_path / "out.parquet", tmp_path / "out.parquet.parts"
    parts.mkdir()
    with folder_lock(parts), pytest.raises(CineMatchError, match="another process writes"):
        recommend_to_file(recommender, ratings, out, 3)
    assert recommend_to_file(recommender, ratings, out, 3).users == 9


def test_the_number_of_processes_is_checked(recommender, ratings, tmp_path):
    with pytest.raises(CineMatchError, match="jobs must be 1 or more, got 0"):
        recommend_to_file(recommender, ratings, tmp_path / "out.parquet", 3, jobs=0)

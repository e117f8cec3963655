"""Values of ratings judged when they are read: users, films, the scale, the times, and repeated ratings."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.data.movielens import read_ratings
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.errors import CineMatchError

SECONDS = 964982703


def read(folder, *rows, columns="userId,movieId,rating,timestamp"):
    """The ratings, and the account of what was repaired or left out."""
    (folder / "ratings.csv").write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    log = RejectLog()
    return read_ratings(folder, log), log


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ([SECONDS] * 4, {}),
        ([f"{SECONDS}.0"] * 4, {}),
        ([f"{SECONDS}000"] * 4, {"times in milliseconds, read as such": 4}),
        ([f"{SECONDS}000000"] * 4, {"times in microseconds, read as such": 4}),
        ([f"{SECONDS}000000000"] * 4, {"times in nanoseconds, read as such": 4}),
        ([SECONDS, SECONDS, SECONDS, f"{SECONDS}000"], {"times in milliseconds, read as such": 1}),
        (["2000-07-30 18:45:03"] * 4, {"times in words (ISO 8601), read as such": 4}),
        (["30.07.2000 18:45:03"] * 4, {"times in words (day, month, year), read as such": 4}),
        (["30/7/2000 18:45:03"] * 4, {"times in words (day, month, year), read as such": 4}),
        (["7/30/2000 18:45:03"] * 4, {"times in words (month/day/year), read as such": 4}),
        (["2000-07-30T18:45:03Z"] * 4, {"times in words (ISO 8601), read as such": 4}),
        (["2000-07-30T20:45:03+02:00", *[SECONDS] * 3], {"times in words (ISO 8601), read as such": 1}),
    ],
)
def test_times_in_any_usual_form_are_seconds(tmp_path, times, told):
    ratings, log = read(tmp_path, *(f"1,{film},4,{one}" for film, one in enumerate(times, start=1)))
    assert ratings["timestamp"].tolist() == [SECONDS] * 4
    assert log.repairs.get("ratings.csv", {}) == told


@pytest.mark.parametrize("wrong", [0, -5, 10**17 * 5, 2**31 + 10**6, "", "soon"])
def test_a_rating_of_an_impossible_time_is_left_out_with_its_line(tmp_path, wrong):
    rows = [f"1,{film},4,{SECONDS}" for film in range(1, 21)]
    ratings, log = read(tmp_path, *rows[:5], f"1,99,4,{wrong}", *rows[5:])
    assert len(ratings) == 20
    assert log.table()[["file", "line", "reason"]].values.tolist() == [["ratings.csv", 7, "time outside 1990 to today"]]


def test_where_many_times_are_unknown_none_is_used(tmp_path):
    ratings, log = read(tmp_path, f"1,1,4,{SECONDS}", "1,2,4,0", "1,3,4,0")
    assert ratings.columns.tolist() == ["userId", "movieId", "rating"]
    assert log.notes() == ["ratings.csv: 2 times outside 1990 to today, so that no times are used"]


def test_ratings_from_one_to_ten_are_halved_and_told(tmp_path):
    ratings, log = read(tmp_path, "1,1,10,1e9", "1,2,7,1e9", "1,3,1,1e9")
    assert ratings["rating"].tolist() == [5, 3.5, 0.5]
    assert log.repairs["ratings.csv"]["ratings from 1 to 10, halved"] == 3


@pytest.mark.parametrize("stars", [(80, 100, 60), (0, 10, 7), (5.5, 4, 3), (1, 2, 3, 4, 5, 4, 3, 4, 5, 4, 3, 10)])
def test_other_scales_are_refused_with_what_was_seen(tmp_path, stars):
    with pytest.raises(CineMatchError, match=f"they go from {min(stars):g} to {max(stars):g}; correct or remove"):
        read(tmp_path, *(f"1,{film},{one},1e9" for film, one in enumerate(stars, start=1)))


@pytest.mark.parametrize("stars", [[1, 1, 1], [3, 3], [1, 2, 3], [0.5, 3.5]])
def test_ratings_of_which_none_is_a_like_are_refused_with_what_to_do(tmp_path, stars):
    rows = [f"1,{film},{one},1e9" for film, one in enumerate(stars, start=1)]
    said = (
        rf"none of {len(stars)} ratings reaches 4 stars, .* go from {min(stars):g} to {max(stars):g}\. If 1 means liked"
    )
    with pytest.raises(CineMatchError, match=said):
        read(tmp_path, *rows)


@pytest.mark.parametrize("columns", ["Date,Name,Year,Letterboxd URI,Rating", "Const,Your Rating,Date Rated,Title,Year"])
def test_one_persons_export_in_place_of_ratings_is_told(tmp_path, columns):
    with pytest.raises(
        CineMatchError, match=r"holds one person's ratings, .*: cinematch recommend --ratings ratings\.csv"
    ):
        read(tmp_path, "x,8,z,1995,4", columns=columns)


@pytest.mark.parametrize("users", [["1f0e-a", "1f0e-b"], ["anna", "ben"], ["99999999999", "5"], ["-1", "1.5"]])
def test_users_of_any_text_or_size_are_numbered_in_their_order(tmp_path, users):
    ratings, log = read(tmp_path, *(f"{user},1,4,1e9" for user in [*users, users[0]]))
    assert ratings["userId"].tolist() == [2, 1]
    assert log.repairs["ratings.csv"]["users without a number below 2^31, numbered in their order"] == 2


def test_ids_with_decimals_are_numbers(tmp_path):
    ratings, _ = read(tmp_path, "1.0,6.0,4,1e9", "2.0,7.0,3,1e9")
    assert ratings[["userId", "movieId"]].values.tolist() == [[1, 6], [2, 7]]


@pytest.mark.parametrize("film", ["tt0113277", "6.5", "-1", "99999999999"])
def test_a_film_that_is_no_number_is_refused_with_its_line(tmp_path, film):
    with pytest.raises(CineMatchError, match=f"has movieId '{film}' on line 3, which is not a film's number; 1 of 2"):
        read(tmp_path, "1,6,4,1e9", f"1,{film},4,1e9")


@pytest.mark.parametrize(("row", "name"), [("1,,4,1e9", "movieId"), ("1,6,,1e9", "rating"), (",6,4,1e9", "userId")])
def test_a_rating_without_a_film_or_stars_is_refused_with_its_line(tmp_path, row, name):
    with pytest.raises(CineMatchError, match=f"has no {name} on line 3; every row needs one"):
        read(tmp_path, "1,6,4,1e9", row)


@given(rows=st.lists(st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 5), st.integers(0, 9)), max_size=9))
def test_of_several_ratings_of_a_film_by_a_user_the_newest_counts(tmp_path_factory, rows):
    rows = [*rows, (9, 9, 5, 0)]  # somebody likes something
    ratings, log = read(tmp_path_factory.mktemp("r"), *(f"{u},{m},{r},{SECONDS + t}" for u, m, r, t in rows))
    newest = {}
    for user, film, stars, when in sorted(rows, key=lambda row: row[3]):
        newest[user, film] = (stars, SECONDS + when)
    found = {(u, m): (r, t) for u, m, r, t in ratings.itertuples(index=False, name=None)}
    assert found == newest
    assert len(ratings) == len(newest)
    assert sum(log.repairs.get("ratings.csv", {}).values()) == len(rows) - len(newest)


def test_without_times_the_last_of_the_file_counts(tmp_path):
    ratings, _ = read(tmp_path, "1,6,2", "1,6,5", columns="userId,movieId,rating")
    assert ratings["rating"].tolist() == [5]


def test_a_table_of_ratings_without_rows_is_refused(tmp_path):
    with pytest.raises(
        CineMatchError, match=r"ratings\.csv holds no ratings, at most a first line; put .*, or remove it"
    ):
        read(tmp_path)


@pytest.mark.parametrize(
    "times", [["01/02/2000", "03/04/2001"], ["31/12/2000", "12/31/2000"], ["last week", "long ago"], ["1/2/2000", "x"]]
)
def test_days_in_an_order_that_is_not_clear_are_told_and_not_used(tmp_path, times):
    ratings, log = read(tmp_path, *(f"1,{film},4,{when}" for film, when in enumerate(times, start=1)))
    assert "timestamp" not in ratings
    assert f"2 times in words that are no dates, such as '{times[0]}'" in log.notes()[0]


@pytest.mark.parametrize("name", ["ratings.xlsx", "Ratings.csv.bak", "rating.json"])
def test_a_file_of_ratings_in_no_form_that_is_read_is_told(tmp_path, name):
    (tmp_path / name).write_text("x")
    log = RejectLog()
    assert read_ratings(tmp_path, log) is None
    assert log.notes() == [f"ratings.csv: 1 files that are no table of ratings here ({name})"]


def test_a_folder_in_the_place_of_the_ratings_is_told(tmp_path):
    (tmp_path / "ratings.csv").mkdir()
    log = RejectLog()
    assert read_ratings(tmp_path, log) is None
    assert log.notes() == ["ratings.csv: 1 files that are no table of ratings here (ratings.csv)"]


def test_ratings_of_films_that_are_not_there_are_counted(tmp_path):
    read(tmp_path, "1,6,4,964982703", "1,7,4,964982703", "2,8,4,964982703")
    log = RejectLog()
    assert len(read_ratings(tmp_path, log, pd.DataFrame({"movieId": ["6", "x"]}))) == 3
    assert log.notes() == ["ratings.csv: 2 ratings of films that movies.csv lacks, not used"]

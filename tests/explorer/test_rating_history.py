"""Ratings by film: their years, and what people who like a film also like, by hand arithmetic."""

import pandas as pd
import pytest

from cinematch_lib.explorer.rating_history import AlsoLiked, RatingHistory, YearOfRatings

Y2000, Y2002 = 946_684_800, 1_009_843_200  # seconds; the first of January of each
# Five people; film 10 is liked by four of them, 20 by three of those and one more, 30 by all five.
LIKES = {10: (1, 2, 3, 4), 20: (1, 2, 3, 5), 30: (1, 2, 3, 4, 5), 40: (1, 2)}


def table(with_times=True):
    rows = [(user, film, 4.0, Y2000) for film, users in LIKES.items() for user in users]
    rows += [(5, 10, 1.0, Y2002), (5, 40, 3.5, Y2002)]
    made = pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])
    return made if with_times else made.drop(columns="timestamp")


def test_ratings_by_year_are_counted_and_averaged_and_a_year_without_any_is_empty():
    history = RatingHistory.of(table())
    assert history.by_year(10) == [
        YearOfRatings(2000, 4, 4.0),
        YearOfRatings(2001, 0, 0.0),
        YearOfRatings(2002, 1, 1.0),
    ]
    assert history.by_year(99) == []


def test_without_times_there_are_no_years_and_likes_all_the_same():
    history = RatingHistory.of(table(with_times=False))
    assert history.by_year(10) == []
    assert history.likers_of(10) == 4


def test_films_liked_together_come_by_cosine_and_only_from_three_people_on():
    # 3 / √(4 · 4) = 0.75 for film 20, 4 / √(4 · 5) = 0.89 for film 30; film 40 shares two people
    found = RatingHistory.of(table()).also_liked(10, 5)
    assert found == [AlsoLiked(30, 1.0, 1.0), AlsoLiked(20, pytest.approx(0.75), pytest.approx(0.8))]
    assert RatingHistory.of(table()).also_liked(10, 1) == found[:1]
    assert RatingHistory.of(table()).also_liked(99, 5) == []


def test_a_data_set_without_ratings_has_no_history(tmp_path):
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,Heat (1995),Crime\n")
    (tmp_path / "links.csv").write_text("movieId,imdbId,tmdbId\n1,0113277,949\n")
    assert RatingHistory.read(tmp_path) is None

"""The protocol of published results: its split and its peer, on data small enough to compute by hand."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.published import sar, split_by_item

DAY = 86_400


def test_three_quarters_of_the_ratings_of_each_film_are_training_ratings():
    rng = np.random.default_rng(0)
    ratings = pd.DataFrame({"userId": np.arange(90), "movieId": np.repeat([1, 2, 3], [40, 42, 8])})
    ratings = ratings.iloc[rng.permutation(90)].reset_index(drop=True)
    train, held_out = split_by_item(ratings, 0.75, seed=1)
    assert train["movieId"].value_counts().to_dict() == {1: 30, 2: 32, 3: 6}
    assert pd.concat([train, held_out]).sort_index().equals(ratings)
    again, _ = split_by_item(ratings, 0.75, seed=1)
    assert again.equals(train)
    other, _ = split_by_item(ratings, 0.75, seed=2)
    assert not other.equals(train)


def test_sar_multiplies_affinity_with_the_jaccard_index():
    """Users 1 and 2 rated films 10 and 20; user 3 rated 20 and 30, the latter 30 days ago; user 4 rated 10."""
    rows = [(1, 10, 4.0, 0), (1, 20, 4.0, 0), (2, 10, 5.0, 0), (2, 20, 5.0, 0)]
    rows += [(3, 20, 2.0, 0), (3, 30, 5.0, 30), (4, 10, 3.0, 0)]
    train = pd.DataFrame(rows, columns=["userId", "movieId", "rating", "age"])
    train = train.assign(timestamp=100 * DAY - train["age"] * DAY)
    lists = sar(train, pd.DataFrame())
    # The Jaccard index of 10 and 20 is 2 / (3 + 3 − 2), of 20 and 30 it is 1 / 3, of 10 and 30 it is 0.
    best = {user: of["movieId"].tolist() for user, of in lists[lists["rank"] == 1].groupby("userId")}
    assert best == {1: [30], 2: [30], 3: [10], 4: [20]}
    of_four = lists[lists["userId"] == 4]["movieId"].tolist()
    assert of_four[:2] == [20, 30]


def test_the_benchmark_names_the_folder_that_it_needs(monkeypatch):
    from benchmarks import published

    monkeypatch.setattr("sys.argv", ["published"])
    with pytest.raises(SystemExit, match="give the folder that holds ml-100k"):
        published.main()

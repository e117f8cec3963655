"""The protocol of published results: its split and its peer, on data small enough to compute by hand."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.published import last_out, liang2018, sar, split_by_item

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


def chains(users, films, length):
    """Everybody goes along a circle of films, from a place of their own: who knows the last film knows the next."""
    rows = [
        (user, 1 + (7 * user + step) % films, 4.0, 10**9 + step * DAY)
        for user in range(users)
        for step in range(length)
    ]
    table = pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])
    return table, pd.DataFrame({"movieId": np.arange(1, films + 1)})


def test_where_order_matters_the_last_films_find_the_next_one():
    values = {name: one.item() for name, one in last_out(*chains(60, 40, 12)).items()}
    assert list(values) == ["popular", "EASE", "EASE, the last films count more"]
    assert values["EASE, the last films count more"] > values["EASE"] > values["popular"]


def test_strong_generalization_tests_users_who_were_not_trained_on():
    values = liang2018(*chains(150, 150, 12), test_users=10)
    assert 0 < values["popular"].item() < values["EASE"].item() <= 1


def test_each_data_set_that_is_there_is_measured(tmp_path, capsys, monkeypatch):
    from benchmarks import published

    ratings, _ = chains(60, 40, 12)
    (tmp_path / "ml-1m").mkdir()
    lines = ("::".join(f"{value:g}" if value < 10**8 else str(int(value)) for value in row) for row in ratings.values)
    (tmp_path / "ml-1m/ratings.dat").write_text("\n".join(lines) + "\n")
    (tmp_path / "ml-1m/movies.dat").write_text("".join(f"{film}::Film {film} (1999)::Drama\n" for film in range(1, 41)))
    monkeypatch.setattr("sys.argv", ["published", str(tmp_path)])
    published.main()
    told = capsys.readouterr().out
    assert "ml-1m: 720 ratings of 40 films by 60 users" in told
    assert "| BERT4Rec | 0.152 |  |" in told and "| EASE, the last films count more |  | 1.000 |" in told


@pytest.mark.parametrize(("words", "problem"), [([], "give the folder that holds"), (["."], "holds none of ml-100k")])
def test_the_benchmark_names_the_folders_that_it_needs(monkeypatch, tmp_path, words, problem):
    from benchmarks import published

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["published", *words])
    with pytest.raises(SystemExit, match=problem):
        published.main()

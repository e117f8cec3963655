"""Users with few known likes, and the popularity prior that serves them best."""

import pandas as pd
import pytest
from support.tastes import films_by_taste, ratings_by_taste

from cinematch_lib.evaluation.cold_start import PRIORS, KnownLikes, best_priors, ndcg_by_known_likes, rank_with
from cinematch_lib.evaluation.splits import split_by_users
from cinematch_lib.models import make

NUMBERS = (1, 3, 5)


def test_the_prior_of_each_number_of_known_likes_is_the_one_with_the_best_lists():
    split = split_by_users(ratings_by_taste(users=120))
    model = make("ease", regularization=1.0).fit(split.train, films_by_taste())
    best, known = best_priors(model, split, 10, [*NUMBERS, 99]), KnownLikes.choose(split, NUMBERS)
    means = pd.DataFrame(
        {
            prior: ndcg_by_known_likes(known.lists(rank_with(model, prior), 10), split.held_out, 10).mean()
            for prior in PRIORS
        }
    )
    for number in NUMBERS:
        assert means.loc[number, best[number]] == means.loc[number].max() > means.loc[number].min()
    assert best[99] == 0  # nobody has so many likes
    assert best[1] == pytest.approx(means.loc[1].idxmax())

"""Lists out of all films with a share for unrated ones: what is found in them, and what the other films lose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cinematch_lib.evaluation.intervals import Interval, difference
from cinematch_lib.evaluation.metrics import accuracy
from cinematch_lib.models.base import Model
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.places import places_terms, unrated_places

_K = 10


@dataclass(frozen=True)
class MixedLists:
    """The effect of an `unrated_share` on lists of ten.

    Hidden films have `listed_share` of the places. `difference` is the nDCG@10 of these lists minus that of the lists
    without a share, among all likes of the test users; `other_difference` is that among the likes of other films.
    """

    unrated_share: float
    listed_share: float
    difference: Interval
    other_difference: Interval

    def description(self) -> str:
        """The effect, in a sentence."""
        return (
            f"With an unrated_share of {self.unrated_share:.0%} they have {self.listed_share:.0%} of the places, and "
            f"nDCG@{_K} changes by {self.difference.signed()}, on all other films by {self.other_difference.signed()}."
        )


def measure_mixed_lists(
    model: Model,
    histories: pd.DataFrame,
    likes: Sequence[pd.DataFrame],
    is_unrated: np.ndarray,
    hidden: np.ndarray,
    share: float,
) -> MixedLists:
    """Measure the lists of a model with and without a share for unrated films.

    `likes` are those that users have of hidden and of other films, `userId, movieId`; `is_unrated`, bool (films,),
    marks the films that nobody in training rated, among them the `hidden` ones, ids.
    """
    users = likes[1]["userId"].unique()
    of_user = dict(iter(histories.groupby("userId")))
    shares: dict[float, list[pd.DataFrame]] = {0.0: [], share: []}
    rows, all_films = np.arange(1, _K + 1), Selection.everything(len(model.films))
    for user, scores in zip(users, model.scores_of_each(histories, users), strict=True):
        if user in of_user:
            scores[np.isin(model.films, of_user[user]["movieId"])] = -np.inf
        for one, lists in shares.items():
            terms = places_terms([unrated_places(is_unrated, one, _K)], all_films, scores)
            best = top_k(sum([term.scores(all_films) for term in terms], start=scores), _K)
            lists.append(pd.DataFrame({"userId": user, "movieId": model.films[best], "rank": rows[: len(best)]}))
    without, with_share = (pd.concat(lists, ignore_index=True) for lists in shares.values())
    everything, others = pd.concat(likes), likes[1]
    (all_with, all_without), (others_with, others_without) = (
        [accuracy(lists, relevant, [_K])[f"ndcg@{_K}"] for lists in (with_share, without)]
        for relevant in (everything[everything["userId"].isin(users)], others)
    )
    return MixedLists(
        share,
        float(with_share["movieId"].isin(hidden).mean()),
        difference(all_with, all_without),
        difference(others_with, others_without),
    )

"""What a recommender serves to users of an evaluation, so that what is evaluated is what is served."""

import pandas as pd

from cinematch_lib.models.interactions import LIKED
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

DISLIKED = 3.0  # a rating below this is a dislike


def served(recommender: Recommender, histories: pd.DataFrame, k: int = 20) -> pd.DataFrame:
    """The `k` films that `recommender` would show each user: `userId, movieId, rank, score`.

    `histories` has `userId, movieId, rating`: a rating of 4 or more is told as a like, one below 3 as a dislike,
    and films between are named as of no interest, so that no rated film comes back. Films that the recommender
    does not have are passed over. Raises as `Recommender.recommend` does.
    """
    lists = []
    here = histories[histories["movieId"].isin(recommender.movie_ids)]
    here = here.drop_duplicates(["userId", "movieId"], keep="last")
    of_user = dict(iter(here.groupby("userId")))
    for user in sorted(histories["userId"].unique().tolist()):
        of = of_user.get(user, here[:0])
        liked, disliked = of["rating"] >= LIKED, of["rating"] < DISLIKED
        wanted = Preferences(
            liked_movie_ids=of.loc[liked, "movieId"].tolist(),
            disliked_movie_ids=of.loc[disliked, "movieId"].tolist(),
            not_interested_ids=of.loc[~liked & ~disliked, "movieId"].tolist(),
        )
        lists += [(user, one.movie_id, one.rank, one.score) for one in recommender.recommend(wanted, k)]
    made = pd.DataFrame(lists, columns=["userId", "movieId", "rank", "score"])
    return made.astype({"userId": "int64", "movieId": "int64", "rank": "int64", "score": "float64"})

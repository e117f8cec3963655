"""Scores by ratings alone."""

from cinematch_lib.recommender.score_weights import ScoreWeights

RATINGS_ONLY = ScoreWeights(content_share=0.0, early_content_share=0.0, discovery=0.0, enough_likes=0)


def scores(found):
    return {one.title: round(one.score, 6) for one in found}

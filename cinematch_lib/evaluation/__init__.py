"""Splits, metrics and comparisons: how good models are at finding the films that people turn out to like.

Films are ranked among all films but those that the user has rated at all, never among a sample of them.
"""

from cinematch_lib.evaluation.intervals import Interval, by_activity, difference, interval
from cinematch_lib.evaluation.metrics import accuracy, coverage, found_by_popularity, kinds, most_popular
from cinematch_lib.evaluation.splits import Split, folds_by_users, split_by_time, split_by_users, split_liang2018

__all__ = [
    "Interval",
    "Split",
    "accuracy",
    "by_activity",
    "coverage",
    "difference",
    "folds_by_users",
    "found_by_popularity",
    "interval",
    "kinds",
    "most_popular",
    "split_by_time",
    "split_by_users",
    "split_liang2018",
]

"""Team-draft interleaving: two arms' lists in one, and the credit for each film goes to the arm that picked it.

Radlinski, Kurup and Joachims 2008, doi 10.1145/1458082.1458092.
"""

from collections.abc import Sequence

import numpy as np


def team_draft(first: Sequence[int], second: Sequence[int], k: int, seed: int) -> tuple[list[int], list[int]]:
    """Up to `k` films of two rankings, and the team of each: 0 for `first`, 1 for `second`.

    In each round both arms pick their best film that is not in the list yet, and a coin, drawn from `seed`, decides who
    picks first.
    """
    coins = np.random.default_rng(seed).integers(0, 2, k)
    rankings = (list(first), list(second))
    films: list[int] = []
    teams: list[int] = []
    taken: set[int] = set()
    at = [0, 0]
    for coin in coins.tolist():
        for team in (coin, 1 - coin):
            ranking = rankings[team]
            while at[team] < len(ranking) and ranking[at[team]] in taken:
                at[team] += 1
            if at[team] < len(ranking) and len(films) < k:
                taken.add(ranking[at[team]])
                films.append(ranking[at[team]])
                teams.append(team)
    return films, teams

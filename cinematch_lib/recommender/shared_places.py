"""The first places of a list for what a few liked films share: a series, a director, a genre."""

from collections.abc import Sequence
from functools import cached_property
from itertools import chain

import numpy as np

from cinematch_lib.artifacts.search_index import SearchIndex
from cinematch_lib.recommender.film_series import FilmSeries
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.shared_traits import SharedTraits
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.places import Places

_MAX_LIKES = 20  # of more likes, the weights learned from ratings tell enough


class SharedPlaces:
    """Finds the places for what liked films share.

    Parameters
    ----------
    films, similarity : the films and their features, with names.
    like_counts : int64 (films,), how many people like each film.
    index : the search index of the films; None to build what is needed of their titles.

    """

    def __init__(
        self, films: FilmTable, similarity: ContentSimilarity, like_counts: np.ndarray, index: SearchIndex | None
    ) -> None:
        self._series = FilmSeries(films, similarity, like_counts, index)
        self._similarity, self._like_counts = similarity, like_counts

    def of(self, liked: Sequence[int], disliked: Sequence[int]) -> list[Places]:
        """The places for some liked and disliked films, given by rows; those for the least likely likes come last."""
        n = len(liked)
        if not 1 <= n <= _MAX_LIKES:
            return []
        found = chain(self._series.places(liked, disliked), self._traits.places(liked, disliked) if n > 1 else ())
        return [places for _, places in sorted(found, key=lambda one: -one[0])]

    @cached_property
    def _traits(self) -> SharedTraits:
        return SharedTraits(self._similarity, self._like_counts)

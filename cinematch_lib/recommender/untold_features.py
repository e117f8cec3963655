"""The features that explanations do not name, because they tell people little: common words and personal tags.

They count in scores and in the features of a reason like any other. A word of the title or the story is common if more
than 1 in 200 films have it (and more than ten, in small catalogs): people do not take a film for similar because of
“man” or “story”. A tag is personal unless several people gave it to a fifth of the films that have it: “on dvr” is a
note of one person, of whatever film, while “twist ending” is what many find.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from cinematch_lib.recommender.reasons import Label

_WORDS = ("title", "overview")
_RARE, _FEW = 1 / 200, 10  # part and number of films up to which a word is rare
_AGREED = 1 / 5  # part of a tag's films to which several people gave it, from which on it describes films
_SEVERAL = 1.4  # times the weight of a tag given once: between 1 and 1 + log 2, that of one given twice


def untold_features(matrix: sparse.csr_matrix, labels: Sequence[Label], sizes: np.ndarray) -> frozenset[Label]:
    """The labels of the features that are not named.

    Parameters
    ----------
    matrix : CSR float32 (films, features), features as `FilmFeatures` makes them.
    labels : those of the features.
    sizes : int64 (features,), the number of films that have each.

    """
    fields = np.array([one.field for one in labels], dtype=object)
    untold = np.isin(fields, _WORDS) & (sizes > max(_FEW, _RARE * matrix.shape[0]))
    is_tag = fields == "tags"
    if is_tag.any():
        untold |= is_tag & (_given_by_several(matrix, is_tag, sizes) < _AGREED * sizes)
    return frozenset([labels[column] for column in np.flatnonzero(untold).tolist()])


def _given_by_several(matrix: sparse.csr_matrix, is_tag: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The number of films to which several people gave each tag: int64 (features,).

    The weight of a tag that c people gave to a film is (1 + log c) · idf, times a factor of the film. So the least of
    weight / idf over the tags of a film is, but for the factor, that of a tag given once.
    """
    (entries,) = is_tag.take(matrix.indices).nonzero()
    film = matrix.indptr.searchsorted(entries, side="right") - 1
    tag = matrix.indices.take(entries)
    idf = np.log((1 + matrix.shape[0]) / (1 + sizes.take(tag))) + 1  # as scikit-learn smooths it
    weights = matrix.data.take(entries) / idf
    once = np.full(matrix.shape[0], np.inf)
    np.minimum.at(once, film, weights)
    return np.bincount(tag[weights > _SEVERAL * once.take(film)], minlength=matrix.shape[1])

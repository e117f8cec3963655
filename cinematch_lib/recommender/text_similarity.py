"""How similar texts are to names: in whole, at their beginning, and word by word."""

from collections.abc import Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

_ONE_EDIT = 0.87  # least similarity of a name that differs in one edit, which is most of a short one


def similarities(texts: Sequence[str], others: Sequence[str]) -> np.ndarray:
    """The normalized optimal string alignment similarity of each pair: float32 (texts, others)."""
    result: np.ndarray = process.cdist(texts, others, scorer=OSA.normalized_similarity, dtype=np.float32)
    return result


def whole_similarities(texts: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """The highest similarity of each name to one of the texts, at least `_ONE_EDIT` where they differ in one edit."""
    edits = process.cdist(texts, names, scorer=OSA.distance, dtype=np.int32)
    longest = np.maximum.outer([len(text) for text in texts], [len(name) for name in names])
    similarity = np.where((edits == 1) & (longest > 1), np.maximum(1 - edits / longest, _ONE_EDIT), 1 - edits / longest)
    best: np.ndarray = similarity.max(axis=0)
    return best


def beginnings(text: str, names: Sequence[str]) -> np.ndarray:
    """The similarity of a text to the beginning of each longer name, of its length or a letter more or less."""
    n = len(text)
    lengths = [one for one in (n - 1, n, n + 1) if one > 0]
    similar = [similarities([text], [name[:length] for name in names])[0] for length in lengths]
    best: np.ndarray = np.max(similar, axis=0)
    return best


def matched_words(words: Sequence[str], names: Sequence[Sequence[str]]) -> np.ndarray:
    """The share of the letters of `words` that the words of each name match, by their similarity."""
    flat = [word for name in names for word in name]
    starts = np.cumsum([0, *[len(name) for name in names[:-1]]])
    best = np.maximum.reduceat(similarities(words, flat), starts, axis=1)
    weights = np.array([len(word) for word in words]) / sum(map(len, words))
    shares: np.ndarray = weights @ best
    return shares

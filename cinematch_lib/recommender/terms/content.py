"""The content term: weight · c_i · cos(x_i, p), with the features x_i of a film and the user's profile p."""

from collections.abc import Sequence
from functools import cached_property, partial, reduce

import numpy as np

from cinematch_lib.artifacts.sparse_rows import one_array
from cinematch_lib.recommender.films import FilmTable, Movie
from cinematch_lib.recommender.reasons import Contributions, Feature, Label
from cinematch_lib.recommender.selection import Block, Selection
from cinematch_lib.recommender.similarity import ContentSimilarity, UserProfile
from cinematch_lib.recommender.terms.base import Term, combined, scaled_bounds


class ContentTerm(Term):
    """How similar the features of a film are to those of the liked films, less those of the disliked films.

    Parameters
    ----------
    films : the films; only explanations need them.
    similarity : the features of the films.
    profile : the liked and disliked films as one vector.
    weight : what all similarities are multiplied by.
    share : float32 (films,), >= 0, and
    least : >= 0, and
    scale : >= 0: the similarity to each film counts by c_i = least + scale · share_i. None for c_i = 1.
    full : bool (seed items,), the seed items whose similarity counts by 1 at least, whatever the share: those that
        ratings say too little about. None for none of them.

    """

    def __init__(
        self,
        films: FilmTable | None,
        similarity: ContentSimilarity,
        profile: UserProfile,
        weight: float = 1.0,
        share: np.ndarray | None = None,
        least: float = 0.0,
        scale: float = 1.0,
        full: np.ndarray | None = None,
    ) -> None:
        self._films, self._similarity, self._profile = films, similarity, profile
        self._weight, self._share, self._full = weight, share, full
        self._least, self._scale = np.float32(least), np.float32(scale)

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return self.scores_of_people([self], [selection])[0]

    @classmethod
    def scores_of_people(cls, terms: Sequence["ContentTerm"], selections: Sequence[Selection]) -> list[np.ndarray]:
        """The same for several people's terms, each for its own selection."""
        similarity, vectors = terms[0]._similarity, [one._vectors[0] for one in terms]
        found = zip(terms, similarity.scores_of_people(vectors, selections), selections, strict=True)
        return [one._of(total, selection) for one, total, selection in found]

    def bounds(self, block: Block, *, roughly: bool = False) -> np.ndarray:
        """Numbers that are at least the `scores` of films in groups; see `Term.bounds`."""
        # No factor is below 0, so that bounds of the similarities bound the term.
        of_products = self._similarity.product_bounds
        bounds = of_products.highest if roughly else of_products.of
        if self._share is None:
            total = bounds(self._vectors[0], block)
        else:
            share = self._scale * block.take(self._share) + self._least
            factors = share, np.maximum(1 - share, 0)
            parts = zip(self._vectors, factors, strict=False)  # there may be no second vector
            total = reduce(partial(combined, np.add), [scaled_bounds(bounds, *one, block) for one in parts])
        return total * np.float32(self._weight) if self._weight != 1 else total

    def is_bounded(self, selection: Selection) -> bool:
        """Whether `bounds` take less time than `scores`."""
        # Of disliked films alone, common features lower scores, not their bounds.
        if self._weight < 0 or max(self._profile.weights, default=0) <= 0:
            return False
        return all(self._similarity.is_bounded(vector, selection) for vector in self._vectors)

    def _of(self, total: np.ndarray, selection: Selection) -> np.ndarray:
        """The term of the selected films by their similarities, `total`, to the whole profile."""
        if self._share is not None:
            share = self._scale * selection.take(self._share)
            share += self._least
            total *= share
            for vector in self._vectors[1:]:
                total += np.maximum(1 - share, 0) * self._similarity.scores(vector, selection)
        if self._weight != 1:
            total *= np.float32(self._weight)
        return total

    @cached_property
    def _vectors(self) -> list[np.ndarray]:
        """The profile, and what the seed items that count in full make up of it, if there are such."""
        vectors = [self._profile.vector]
        if self._full is not None and self._full.any():
            vectors.append(self._similarity.partial_profile(self._profile, self._full))
        return vectors

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What the similarity to each liked and each disliked film adds to the films in `rows`."""
        return self.contributions_of_people([self], [rows])

    @classmethod
    def contributions_of_people(cls, terms: Sequence["ContentTerm"], rows: Sequence[np.ndarray]) -> list[Contributions]:
        """The same for several people's terms and lists, one list after another."""
        n_liked = [one._n_liked for one in terms]
        counts = [(n, len(one._profile.weights) - n) for one, n in zip(terms, n_liked, strict=True)]
        most = [max(of_kind) for of_kind in zip(*counts, strict=True)]
        # The liked films of each person are the first parts, and the disliked ones follow after those of all people.
        parts = [(*range(liked), *range(most[0], most[0] + disliked)) for liked, disliked in counts]
        profiles, films = [one._profile for one in terms], one_array(rows)
        common = terms[0]._similarity.common_features_of_people(profiles, rows, parts)
        values, factors = common.products(), [one._factors(of_list) for one, of_list in zip(terms, rows, strict=True)]
        places: list[tuple[int, int]] = []  # of each film: whose it is, and its number in the list
        for person, (of_one, of_person) in enumerate(zip(parts, factors, strict=True)):
            columns = slice(0, len(of_one)) if of_one[-1] == len(of_one) - 1 else np.array(of_one)
            here = slice(len(places), len(places) + len(of_person))
            values[here, columns] = values[here, columns] * profiles[person].weights * of_person
            places += [(person, at) for at in range(len(of_person))]

        def of_kind(kind: str, first: int, end: int) -> Contributions:
            starts = [0] * len(terms) if kind == "liked" else n_liked  # of each person's seed items of this kind

            def movie(film: int, part: int) -> Movie | None:
                person, _ = places[film]
                known = terms[person]._films
                return None if known is None else known.movie(profiles[person].seed_items[starts[person] + part])

            def features(film: int, part: int) -> tuple[Feature, ...]:
                person, at = places[film]
                seed, profile = starts[person] + part, profiles[person]
                scale = float(factors[person][at, seed]) * profile.weights[seed]
                return terms[0]._similarity.shared_features(int(films[film]), profile.seed_items[seed], scale)

            def largest(films_at: Sequence[int], parts: Sequence[int], least: float) -> list[list[Label]]:
                found = common.largest(films_at, [first + part for part in parts], least)
                return [terms[0]._similarity.labels(columns) for columns in found]

            untold = terms[0]._similarity.untold
            return Contributions(kind, values[:, first:end], movie, features, largest=largest, untold=untold)

        ends = ("liked", 0, most[0]), ("disliked", most[0], sum(most))
        return [of_kind(kind, first, end) for kind, first, end in ends if first < end]

    @property
    def _n_liked(self) -> int:
        return sum([weight > 0 for weight in self._profile.weights])

    def _factors(self, rows: np.ndarray) -> np.ndarray:
        """Weight · share of each film for each seed item: float64 (rows, seed items)."""
        share = np.ones((len(rows), 1))
        if self._share is not None:
            share = (self._scale * self._share.take(rows) + self._least).astype(np.float64)[:, None]
        if self._full is None:
            return np.repeat(self._weight * share, len(self._profile.seed_items), axis=1)
        factors: np.ndarray = self._weight * np.where(self._full, np.maximum(share, 1), share)
        return factors

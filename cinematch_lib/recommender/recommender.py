"""Recommends the films of a run: filter, score, rank, explain. Loads numpy and scipy, no more."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.embeddings import Embeddings
from cinematch_lib.artifacts.films_table import MoviesMeta
from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.manifest import ADDED, RunInfo
from cinematch_lib.artifacts.runs import FEATURES, META, Run
from cinematch_lib.artifacts.search_index import SearchIndex
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.batch import BatchScorer
from cinematch_lib.recommender.best_films import BestFilms, Ranked, Request
from cinematch_lib.recommender.explained_lists import explained, explained_together
from cinematch_lib.recommender.film_catalog import FilmCatalog
from cinematch_lib.recommender.film_tiles import BLOCK
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.preferences import Preferences, check_preferences
from cinematch_lib.recommender.ranking import check_k, top_k
from cinematch_lib.recommender.rated_lists import RatedLists, rated_lists, rating_columns, thread_pool
from cinematch_lib.recommender.reasons import Feature
from cinematch_lib.recommender.recommendations import Recommendations
from cinematch_lib.recommender.rejected import RejectedFilms
from cinematch_lib.recommender.score_weights import ScoreWeights
from cinematch_lib.recommender.scoring import ScoreModel
from cinematch_lib.recommender.shared_places import SharedPlaces
from cinematch_lib.recommender.similarity import ContentSimilarity

LARGE = 1 << 18  # films, from which on what requests share takes a noticeable time
_TASTES = ("genres", "quality_prior", "early_content_share", "towers", "genres_with_ratings")
_OTHERS = (*_TASTES, "popularity_penalty", "discovery", "first_diversity")
_SIMILAR = ScoreWeights(ratings=0.5, content_share=1.0, enough_likes=0, **dict.fromkeys(_OTHERS, 0.0))


class Recommender(FilmCatalog):
    """Recommends the films of one run. Threads may share it, and it can be pickled.

    Examples
    --------
    >>> recommender = Recommender.load("artifacts")                                      # doctest: +SKIP
    >>> recommender.recommend(Preferences(liked_movie_ids=[6], services=["Netflix"]))    # doctest: +SKIP

    """

    def __init__(
        self,
        matrix: sparse.csr_matrix,
        meta: MoviesMeta,
        weights: ScoreWeights | None = None,
        item_weights: ItemWeights | None = None,
        rejected: RejectedFilms | None = None,
        search_index: SearchIndex | None = None,
        embeddings: Embeddings | None = None,
    ) -> None:
        """Build from the parts of a run.

        Parameters
        ----------
        matrix : CSR float32 (films, features), the features of the films, rows of length one.
        meta : the films, as `artifacts.movies_meta` makes them of a catalog.
        weights : the weights of the score's terms; None for the defaults.
        item_weights : weights learned from ratings; None where the run has no ratings.
        rejected : the films that cleaning left out, so that errors can say why one is missing.
        search_index : the index of these films; None to build it when it is first needed.
        embeddings : of films and histories, learned from ratings; None where the run has none.

        Raises CineMatchError where these are not of the same films.

        """
        films = FilmTable(meta)
        super().__init__(films, rejected or RejectedFilms(), search_index, item_weights)
        if matrix.shape != (len(self._films), len(meta.features)):
            raise CineMatchError(
                f"{FEATURES} has the shape {matrix.shape}, {META} says {(len(self._films), len(meta.features))}; "
                "they are not of one run: make it anew (cinematch run)"
            )
        if item_weights is not None:
            item_weights.check(films.ids)
        if embeddings is not None:
            embeddings.check(films.ids, matrix.shape[1])
        self._embeddings = embeddings
        self._similarity = ContentSimilarity(matrix, meta.features)
        parts = (self._films, self._similarity, item_weights)
        shared = None
        if item_weights is not None:
            shared = SharedPlaces(films, self._similarity, item_weights.like_counts, search_index)
        self._model = ScoreModel(*parts, weights or ScoreWeights(), embeddings, shared)
        self._similar_model = ScoreModel(*parts, _SIMILAR)
        self._similar_model.groups = self._model.groups  # what takes time to make is the same
        self._best_films = BestFilms(films, self._similarity)
        self._batch: BatchScorer | None = None
        if item_weights is not None:
            self._batch = BatchScorer(films, self._model, self._similarity, item_weights, embeddings)
        self.attributions: tuple[str, ...] = tuple(meta.attributions)
        self.info: RunInfo | None = None

    @classmethod
    def load(cls, artifacts_dir: str | Path = "artifacts") -> "Recommender":
        """The recommender of the current run under `artifacts_dir`. Raises CineMatchError."""
        return cls.from_run(Run.current(Path(artifacts_dir)))

    @classmethod
    def from_run(cls, run: Run, *, with_embeddings: bool = True) -> "Recommender":
        """The recommender of a run, if need be without its embeddings. Raises CineMatchError."""
        matrix, meta, weights = run.read_matrix(FEATURES), run.read_movies_meta(), run.read_item_weights()
        if weights is not None and ADDED in run.info.facts:
            weights = weights.extended(meta.columns.movie_ids)
        embeddings = run.read_embeddings() if with_embeddings else None
        recommender = cls(matrix, meta, None, weights, RejectedFilms(run), run.read_search_index(), embeddings)
        recommender.info = run.info
        if len(recommender) >= LARGE:
            recommender._prepare()
        return recommender

    def _prepare(self) -> None:
        """Make a short and a long list, which works out what requests share, so that the first takes no longer."""
        most_liked = self._films.ids[top_k(self._votes, 2)].tolist()
        for liked, k in ((most_liked[:1], 1), (most_liked, 100)):
            self._rank(self._model, Preferences(liked_movie_ids=liked), k)

    def __repr__(self) -> str:
        run = f" of {self.info.run_id}" if self.info else ""
        return f"Recommender({len(self):,} films{run})"

    def recommend(
        self,
        preferences: Preferences | None = None,
        k: int | None = None,
        *,
        among: Collection[int] | np.ndarray | None = None,
        capped: bool = False,
    ) -> Recommendations:
        """The `k` best films that pass the filters, the best first; all of them, where fewer pass.

        Parameters
        ----------
        preferences : what the person likes and allows; None for nothing.
        k : the number of films, 1 to the number of all films; None for 20, or as many as there are.
        among : ids of the only films that may be returned, a further exact filter. Unknown ids are ignored.
        capped : whether at most half of the list, but always three films, may share a genre other than the only
            preferred one, and three films a series, as their titles tell it; more only where no other films pass.

        Films of equal score are ordered by id. Somebody who likes nothing yet gets popular films that differ from
        each other. A list of more than 100 films is ordered by the score alone, without diversity. Raises
        CineMatchError for a k out of range, and UnknownNameError for unknown films, genres and services.

        """
        wanted, k = check_preferences(preferences), self._check_k(k, 20)
        scorer, rows, values = self._rank(self._model, wanted, k, among, capped)
        return explained(self._films, lambda: scorer, rows, values)

    def recommend_together(self, requests: Iterable[Request]) -> list[Recommendations]:
        """`recommend` for several people who wait at the same time: the same lists, which are explained together.

        Raises as `recommend` does, for the first request that is wrong.
        """
        wanted = [one._replace(k=self._check_k(one.k, 20)) for one in requests]
        with self._reasons_for_missing([check_preferences(one.preferences) for one in wanted]):
            ranked = self._best_films.ranked(self._model, wanted)
        return explained_together(self._films, ranked)

    def ranking(self, preferences: Preferences | None = None, *, among: np.ndarray | None = None) -> np.ndarray:
        """The ids of all films that `recommend` may return, int64 (films,), by falling score, without diversity."""
        wanted = replace(check_preferences(preferences), diversity=0.0)
        _, rows, _ = self._rank(self._model, wanted, len(self), among)
        ids: np.ndarray = self._films.ids[rows]
        return ids

    def recommend_many(
        self, preferences: Iterable[Preferences], k: int | None = None, *, threads: int | None = None
    ) -> list[Recommendations]:
        """`recommend` for many people at once, on several threads: one list each, in the same order.

        `threads` is the number of threads; None for one a processor. Raises as `recommend` does, for the first
        preferences that are wrong.
        """
        k = self._check_k(k, 20)
        if isinstance(preferences, Preferences | Mapping | str) or not isinstance(preferences, Iterable):
            raise CineMatchError(f"preferences must be a list of Preferences, got a {type(preferences).__name__}")
        wanted = [check_preferences(one) for one in preferences]
        blocks = [wanted[first : first + BLOCK] for first in range(0, len(wanted), BLOCK)]
        with thread_pool(threads) as pool:
            found = pool.map(lambda block: self._best_of_block(block, k), blocks)
            pairs = zip(wanted, (one for of_block in found for one in of_block), strict=True)
            return [self._explained_later(one, k, *best) for one, best in pairs]

    def recommend_ratings(
        self,
        users: np.ndarray,
        movie_ids: np.ndarray,
        ratings: np.ndarray,
        k: int | None = None,
        *,
        filters: Preferences | None = None,
        threads: int | None = None,
    ) -> RatedLists:
        """`recommend` for each user of a table of ratings, as columns, without explanations.

        `users`, `movie_ids` (int) and `ratings` (stars) are columns of one length. Films that this run lacks are
        ignored; of several ratings of a film by a user the last counts. `filters` are what all lists must fit.
        Raises as `recommend` does, and CineMatchError for columns of other kinds.
        """
        table, wanted = rating_columns(users, movie_ids, ratings), check_preferences(filters)
        k, rank = self._check_k(k, 20), self._rank
        return rated_lists(self._films, self._batch, lambda x: rank(self._model, x, k)[1:], table, k, wanted, threads)

    def _best_of_block(self, preferences: Sequence[Preferences], k: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """The rows and scores of the best films of each of some people."""
        with self._reasons_for_missing(preferences):
            found = {} if self._batch is None else self._batch.lists(preferences, k)
        return [found.get(at) or self._rank(self._model, one, k)[1:] for at, one in enumerate(preferences)]

    def similar(self, movie_id: int, k: int | None = None, *, without: Iterable[int] = ()) -> Recommendations:
        """The `k` films most similar to one film; without `k`, ten. Raises as `recommend` does.

        `without` are ids of films to leave out.

        The similarity is the cosine of their features, plus item weights learned from ratings, scaled to at most 0.5.
        """
        self._row(movie_id)
        wanted = Preferences(liked_movie_ids=[movie_id], not_interested_ids=list(without))
        scorer, rows, values = self._rank(self._similar_model, wanted, self._check_k(k, 10))
        return explained(self._films, lambda: scorer, rows, values)

    def features(self, movie_id: int, k: int = 10) -> tuple[Feature, ...]:
        """The `k` strongest features of a film, with the part of its squared length that each makes up.

        Raises UnknownNameError for an unknown film, CineMatchError where k is below 1.
        """
        check_k(k)
        return self._similarity.strongest_features(self._row(movie_id), k)

    def item_embedding(self, movie_id: int) -> np.ndarray:
        """The embedding of a film: float32 (d,); its product with a `user_embedding` estimates a like by features.

        Raises UnknownNameError for an unknown film, CineMatchError where the run has no embeddings.
        """
        embedding: np.ndarray = self._run_embeddings().item_embeddings[self._row(movie_id)].copy()
        return embedding

    def user_embedding(self, preferences: Preferences) -> np.ndarray:
        """The embedding of what somebody likes and dislikes: float32 (d,), 0 where that is nothing.

        Raises UnknownNameError for an unknown film, CineMatchError where the run has no embeddings.
        """
        embeddings, wanted = self._run_embeddings(), check_preferences(preferences)
        liked, disliked = self._films.rows(wanted.liked), self._films.rows(wanted.disliked)
        return embeddings.user_vector(liked, disliked)

    def _run_embeddings(self) -> Embeddings:
        if self._embeddings is None:
            raise CineMatchError(
                "this run has no embeddings, because it has learned nothing from ratings; make one of a data set with "
                "ratings (cinematch run)"
            )
        return self._embeddings

    def _check_k(self, k: int | None, default: int) -> int:
        return min(default, len(self)) if k is None else check_k(k, len(self))

    def _explained_later(self, wanted: Preferences, k: int, rows: np.ndarray, values: np.ndarray) -> Recommendations:
        """A list that keeps no terms: they are computed anew, once, when the first explanation is asked for."""
        return explained(self._films, cache(lambda: self._rank(self._model, wanted, k).scorer), rows, values)

    def _rank(
        self,
        model: ScoreModel,
        preferences: Preferences,
        k: int,
        among: Collection[int] | np.ndarray | None = None,
        capped: bool = False,
    ) -> Ranked:
        with self._reasons_for_missing([preferences]):
            return self._best_films.ranked(model, [Request(preferences, k, among, capped)])[0]

    @contextmanager
    def _reasons_for_missing(self, preferences: Sequence[Preferences]) -> Iterator[None]:
        """Say why a film is missing, where an UnknownNameError is about one."""
        try:
            yield
        except UnknownNameError:
            for movie_id in chain.from_iterable(one.excluded for one in preferences):
                self._row(movie_id)
            raise

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from support.run_files import REMEDY, folder_of, forge, published

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.item_weights import ITEM_WEIGHTS, ItemWeights
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.errors import CineMatchError
from cinematch_lib.models import make, training

IDS = np.array([1, 5, 9])
MATRIX = sparse.csr_matrix(np.array([[0, 0.5, -0.25], [0.125, 0, 0], [0, 0, 0]], dtype=np.float32))
COLD = np.array([0.1, 0.2, 0.3], dtype=np.float32)
WEIGHTS = ItemWeights(IDS, (MATRIX,), np.ones(1), np.array([True, True, False]), COLD, np.array([9, 99, 0]))


def written(weights):
    file = io.BytesIO()
    weights.write(file)
    return file.getvalue()


def arrays(**changes):
    file = io.BytesIO()
    with np.load(io.BytesIO(written(WEIGHTS))) as made:
        np.savez(
            file, **{name: changes.get(name, made[name]) for name in made.files if changes.get(name, 0) is not None}
        )
    return file.getvalue()


def test_what_is_written_is_read_and_its_bytes_depend_on_nothing_else():
    read = ItemWeights.read(written(WEIGHTS))
    assert read.movie_ids.tolist() == [1, 5, 9]
    assert (read.matrix != MATRIX).nnz == 0 and read.matrix.dtype == np.float32
    assert read.well_rated.tolist() == [True, True, False]
    assert read.content_weight.tolist() == WEIGHTS.content_weight.tolist()
    assert read.like_counts.tolist() == [9, 99, 0]
    assert written(read) == written(WEIGHTS)


def test_a_run_that_was_made_before_there_was_a_lasting_prior_has_none():
    assert ItemWeights.read(arrays(lasting_prior_weight=None)).lasting_prior_weight == 0
    assert ItemWeights.read(written(replace(WEIGHTS, lasting_prior_weight=0.5))).lasting_prior_weight == 0.5


def test_popularity_is_the_logarithm_of_likes_as_a_part_of_the_highest():
    assert WEIGHTS.popularity.tolist() == [0.5, 1.0, 0.0]  # of 9, 99 and no likes
    assert WEIGHTS.popularity_gap.tolist() == [0.5, 0.0, 1.0]
    unliked = replace(WEIGHTS, like_counts=np.zeros(3, dtype=np.int64))
    assert unliked.popularity.tolist() == unliked.popularity_gap.tolist() == [0.0, 0.0, 0.0]


def test_what_a_film_says_is_its_row():
    said = WEIGHTS.rows([2, 0])
    assert [part.tolist() for part in said] == [[0, 2], [1, 2], [0.5, -0.25]]  # the last film says nothing
    assert said.row_numbers.tolist() == [1, 1]
    assert (WEIGHTS.target_index.tolist(), WEIGHTS.n_targets) == ([0, 1, 2], 3)


def test_neighbours_are_named_by_the_films_that_are_spoken_of():
    matrix = sparse.csr_matrix(np.array([[0, 0, 0.5], [0.25, 0, -1], [0, 0, 0]], dtype=np.float32))
    films = pd.DataFrame({"movieId": IDS, "title": ["A", "B", "C"], "year": [2001, 2002, 2003]})
    assert training.neighbours(replace(WEIGHTS, matrices=(matrix,)), films, [1, 5, 9]) == {
        "A (2001)": [("C (2003)", 0.5)],
        "B (2002)": [("A (2001)", 0.25), ("C (2003)", -1.0)],
        "C (2003)": [],
    }


def test_what_films_say_together_is_as_long_as_the_films_that_are_spoken_of():
    matrix = sparse.csr_matrix(np.array([[0, 0, 0.5], [0.25, 0, -1], [0, 0, 0]], dtype=np.float32))
    weights = replace(WEIGHTS, matrices=(matrix,))
    assert (weights.target_index.tolist(), weights.n_targets) == ([0, 2, 1], 2)  # nobody speaks of the second film
    assert weights.rows([0, 1]).columns.tolist() == [2, 0, 2]
    both = weights.compact_rows([0, 1])
    assert [part.tolist() for part in both] == [[1, 2], [1, 0, 1], [0.5, 0.25, -1.0]]
    assert weights.accumulate(both).tolist() == [0.25, -0.5, 0.0]
    assert weights.accumulate(weights.compact_rows([])).tolist() == [0.0, 0.0, 0.0]


def test_a_run_keeps_them_and_one_without_has_none(artifacts, tmp_path):
    assert Run.current(artifacts).read_item_weights() is None
    draft = Draft.create(tmp_path / "other")
    draft.write_item_weights(WEIGHTS)
    info = draft.publish()
    run = Run(tmp_path / "other" / "runs" / info.run_id)
    assert (run.folder / ITEM_WEIGHTS).read_bytes() == written(WEIGHTS)
    assert (run.read_item_weights().matrix != MATRIX).nnz == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"content_weight": None}, "content_weight"),
        ({"well_rated": np.array([object()] * 3)}, "holds a pickle"),
        ({"well_rated": np.array([1, 1, 0])}, "well_rated is int64 with 1 dimensions"),
        ({"content_weight": np.zeros((3, 1))}, "content_weight is float64 with 2 dimensions"),
        ({"content_weight": np.zeros(2)}, r"content_weight must have the shape \(3,\) for 3 films, got \(2,\)"),
        ({"content_weight": np.array([0, -1.0, 0])}, "content_weight must be 0 or more"),
        ({"like_counts": np.array([1, -1, 0])}, "like_counts must be 0 or more"),
        ({"like_counts": np.zeros(3)}, "like_counts is float64"),
        ({"prior_weight": np.array([-1.0])}, "prior_weight must be 0 or more, got -1"),
        ({"lasting_prior_weight": np.array([np.inf])}, "lasting_prior_weight must be 0 or more, got inf"),
        ({"prior_weight": np.array([1.0, 2.0])}, "size 1"),
        ({"prior_weight": None}, "prior_weight"),
        ({"typical_sum": np.array([0.0])}, "typical_sum must be above 0, got 0"),
        ({"data_0": np.array([0.5, np.nan, 0.1], dtype=np.float32)}, "must be finite"),
        ({"indices_0": np.array([1, 7, 0], dtype=np.int32)}, "indices"),
        ({"indices_0": np.array([2, 1, 0], dtype=np.int32)}, "not sorted"),
        ({"indptr_0": np.array([0, 2, 3], dtype=np.int32)}, "index pointer"),
        ({"movie_ids": np.array([1, 9, 5])}, "ascending"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(tmp_path, changes, said):
    published(tmp_path)
    forge(folder_of(tmp_path), ITEM_WEIGHTS, arrays(**changes))
    with pytest.raises(CineMatchError, match=said) as refused:
        Run.current(tmp_path).read_item_weights()
    assert str(folder_of(tmp_path) / ITEM_WEIGHTS) in str(refused.value)
    assert str(refused.value).endswith(REMEDY)


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    published(tmp_path)
    for data in (b"", b"nonsense", written(WEIGHTS)[:-40]):
        forge(folder_of(tmp_path), ITEM_WEIGHTS, data)
        with pytest.raises(CineMatchError, match="was refused: it holds no item-to-item weights"):
            Run.current(tmp_path).read_item_weights()


def test_weights_of_other_films_are_refused():
    WEIGHTS.check(np.array([1, 5, 9]))
    with pytest.raises(CineMatchError) as refused:
        WEIGHTS.check(np.array([1, 5, 8, 10]))
    assert str(refused.value) == (
        "item_weights.npz has weights of 3 films, and the run has 4, of which 3 differ; "
        "train anew on this run's films (cinematch run --from train)"
    )


def test_parts_that_do_not_fit_one_another_are_refused():
    with pytest.raises(CineMatchError, match=r"each matrix must have the shape \(3, 3\) for 3 films, got \(2, 3\)"):
        replace(WEIGHTS, matrices=(MATRIX[:2],))
    with pytest.raises(CineMatchError, match=r"history_lengths must have the shape \(1,\) for 3 films, got \(2,\)"):
        replace(WEIGHTS, history_lengths=np.array([1.0, 2.0]))
    for wrong in ([2.0, 2.0], [0.0, 1.0]):
        with pytest.raises(CineMatchError, match="history_lengths must be one or more, ascending and above 0"):
            replace(WEIGHTS, matrices=(MATRIX, MATRIX), history_lengths=np.array(wrong))


def test_matrices_are_mixed_by_the_logarithm_of_the_number_of_known_ratings():
    weights = replace(WEIGHTS, matrices=(MATRIX, 2 * MATRIX, MATRIX), history_lengths=np.array([2.0, 8.0, 32.0]))
    assert weights.mixture(1) == weights.mixture(2) == [(0, 1.0)]
    assert weights.mixture(4) == [(0, pytest.approx(0.5)), (1, pytest.approx(0.5))]
    assert weights.mixture(8) == [(1, 1.0)]
    assert weights.mixture(1000) == [(2, 1.0)]
    assert WEIGHTS.mixture(1) == WEIGHTS.mixture(1000) == [(0, 1.0)]
    assert weights.n_weights == 3 * MATRIX.nnz


def test_the_hybrid_gives_its_weights_without_the_years():
    rng = np.random.default_rng(0)
    ratings = pd.DataFrame({"userId": np.repeat(np.arange(60), 8), "rating": 4.0, "timestamp": np.arange(480) * 1e6})
    ratings["movieId"] = np.concatenate([rng.choice(25, 8, replace=False) for _ in range(60)]) * 10
    rare = pd.DataFrame({"userId": [0, 1, 2], "movieId": 250, "rating": 4.0, "timestamp": 5e8})  # three like it
    ratings = pd.concat([ratings, rare])
    films = pd.DataFrame({"movieId": range(290, -1, -10), "title": "A film (1990)", "genres": "crime"})
    model = make(
        "hybrid", regularization=5.0, dropout=0.3, session_weight=0.0, year_weight=2.0, content_weight=0.5
    ).fit(ratings, films)
    made = model.item_weights(100)
    assert made.movie_ids.tolist() == list(range(0, 300, 10))
    assert made.well_rated.tolist() == [True] * 25 + [False] * 5
    assert made.like_counts.tolist() == [*ratings.movieId.value_counts().sort_index(), 0, 0, 0, 0]
    assert made.rows([25]).row_numbers.size  # the rare one has weights all the same
    assert made.history_lengths.tolist() == sorted(made.history_lengths)
    few = model.item_weights(8)
    assert few.n_weights == pytest.approx(8 * 26, abs=3)
    for whole, kept in zip(made.matrices, few.matrices, strict=True):
        assert kept.nnz == kept.count_nonzero() < whole.nnz and not whole.diagonal().any()
        assert np.diff(kept.tocsc().indptr).max() > 4  # more for some, fewer for others
    # Those for whole histories are estimated again; those for short ones prefer popular targets.
    for whole, kept in zip(made.matrices[:2], few.matrices[:2], strict=True):
        is_kept = kept.toarray() != 0
        np.testing.assert_array_equal(kept.toarray()[is_kept], whole.toarray()[is_kept])
        norms = np.sqrt(ratings.movieId.value_counts().reindex(made.movie_ids).fillna(0).to_numpy())
        effect = np.abs(whole.toarray()) * norms[:, None] * norms**0.5  # all ratings have the weight 1
        assert effect[is_kept].min() >= effect[~is_kept].max() - 1e-7
    counts = ratings.movieId.value_counts().reindex(made.movie_ids).fillna(0)
    np.testing.assert_allclose(made.content_weight, 0.5 / (1 + counts), rtol=1e-6)
    assert written(made) == written(ItemWeights.read(written(made)))
    with pytest.raises(CineMatchError, match="weights_per_film must be 1 or more, got 0"):
        model.item_weights(0)

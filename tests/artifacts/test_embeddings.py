"""Embeddings as a file of a run: written and read, and refused where they are something else."""

import io

import numpy as np
import pytest

from cinematch_lib import CineMatchError
from cinematch_lib.artifacts.embeddings import Embeddings

IDS = np.array([1, 5, 9])


def embeddings(**changes):
    rng = np.random.default_rng(0)
    arrays = {
        name: rng.random((rows, 2)).astype(np.float32)
        for name, rows in (
            ("item_embeddings", 3),
            ("history_embeddings", 3),
            ("history_corrections", 3),
            ("feature_embeddings", 4),
            ("period_embeddings", 2),
        )
    }
    arrays |= {"movie_ids": IDS, "periods": np.array([0, 1, 1], dtype=np.int32), "period_names": np.array([0, 1995])}
    return Embeddings(**{"mean_likes": 9.0, **arrays, **changes})


def written(made):
    made.write(file := io.BytesIO())
    return file.getvalue()


def test_what_is_read_is_what_was_written():
    read = Embeddings.read(written(embeddings()))
    assert written(read) == written(embeddings())
    assert read.mean_likes == 9
    assert read.item_embeddings.tolist() == embeddings().item_embeddings.tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"item_embeddings": np.zeros((2, 2), dtype=np.float32)}, r"item_embeddings must have the shape \(3, 2\)"),
        ({"history_corrections": np.zeros((3, 1), dtype=np.float32)}, "history_corrections must have the shape"),
        ({"feature_embeddings": np.full((4, 2), np.inf, dtype=np.float32)}, "feature_embeddings must be finite"),
        ({"periods": np.array([0, 1, 2], dtype=np.int32)}, "periods must be below 2, got 2"),
        ({"mean_likes": 0.0}, "mean_likes must be above 0, got 0"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(CineMatchError, match=message):
        embeddings(**changes)


def test_a_file_of_another_kind_is_refused():
    np.savez(pickled := io.BytesIO(), movie_ids=np.array([object()]))
    np.savez(lacking := io.BytesIO(), movie_ids=IDS)
    for data in (b"", b"nonsense", written(embeddings())[:-30], pickled.getvalue(), lacking.getvalue()):
        with pytest.raises(CineMatchError, match="it holds no embeddings"):
            Embeddings.read(data)


def test_embeddings_of_other_films_are_refused():
    embeddings().check(IDS, 4)
    with pytest.raises(CineMatchError) as refused:
        embeddings().check(IDS[:2], 7)
    assert str(refused.value) == (
        "embeddings.npz is of 3 films with 4 features, and the run has 2 with 7, or others; "
        "train anew (cinematch run --from train)"
    )

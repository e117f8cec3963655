"""The vectors of films' texts: cached, and as a field of the features."""

import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from support.encoder_files import TABLE, network_encoder, static_encoder
from support.small_runs import film_table, recommender_of
from support.text_encoders import row, unit

from cinematch_lib import CineMatchError, Preferences
from cinematch_lib.features import build_features, encode_texts, load_text_encoder, with_text_vectors
from cinematch_lib.features.film_features import FilmFeatures
from cinematch_lib.features.text_vectors import film_texts

# --- vectors of films -----------------------------------------------------------------------------------


def test_the_text_of_a_film_has_each_of_its_parts_once():
    films = film_table({"title": "Heat", "keywords": "heist|cop|heist", "overview": "A thief. "}, {"title": "Love"})
    assert film_texts(films) == ["Heat. A thief. heist, cop.", "Love."]


def test_vectors_are_cached_by_text_and_encoder(tmp_path, monkeypatch):
    encoder = load_text_encoder(static_encoder(tmp_path / "model"))
    first = encode_texts(["heist", "love", "heist", ""], encoder, tmp_path)
    np.testing.assert_allclose(first, [row("heist"), row("love"), row("heist"), np.zeros(3)], atol=1e-3)
    asked = []
    monkeypatch.setattr(encoder, "encode", lambda texts: asked.extend(texts) or TABLE[: len(texts)])
    again = encode_texts(["love", "robot", "heist"], encoder, tmp_path)
    assert asked == ["robot"]
    np.testing.assert_array_equal(again[[0, 2]], first[[1, 0]])
    other = load_text_encoder(network_encoder(tmp_path / "other"))
    assert other.id != encoder.id
    assert encode_texts(["love"], other, tmp_path).tolist() == [[0, 0, 1]]


def test_a_cache_that_is_no_cache_is_named(tmp_path):
    encoder = load_text_encoder(static_encoder(tmp_path / "model"))
    path = tmp_path / "text_vectors" / f"{encoder.id}.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(CineMatchError, match=r"the cache of text vectors .* cannot be used \(.*\); delete it"):
        encode_texts(["love"], encoder, tmp_path)


@pytest.mark.parametrize("damaged", [b"", b"\0\0", b"\0" * 7, np.full(3, np.nan, "<f2").tobytes(), "text", None])
def test_a_damaged_entry_of_the_cache_is_made_anew(tmp_path, damaged):
    encoder = load_text_encoder(static_encoder(tmp_path / "model"))
    first = encode_texts(["love", "heist"], encoder, tmp_path)
    with sqlite3.connect(tmp_path / "text_vectors" / f"{encoder.id}.sqlite") as cache:
        cache.execute("UPDATE vectors SET vector = ?", [damaged])
    np.testing.assert_array_equal(encode_texts(["love", "heist"], encoder, tmp_path), first)


def test_what_was_encoded_before_a_stop_is_kept(tmp_path):
    encoder = load_text_encoder(static_encoder(tmp_path / "model"))
    texts = [f"heist {number}" for number in range(3000)]
    chunks = []
    whole = encoder.encode

    def stop_at_the_third(part):
        chunks.append(part)
        if len(chunks) == 3:
            raise KeyboardInterrupt
        return whole(part)

    encoder.encode = stop_at_the_third
    with pytest.raises(KeyboardInterrupt):
        encode_texts(texts, encoder, tmp_path)
    with sqlite3.connect(tmp_path / "text_vectors" / f"{encoder.id}.sqlite") as cache:
        assert cache.execute("SELECT count(*) FROM vectors").fetchone() == (2048,)


def test_many_texts_take_bounded_memory(tmp_path):
    """In a process of its own, whose peak tells: all vectors take 0.2 MB here, and all tokens at once 150 MB."""
    static_encoder(tmp_path)
    program = """
import resource, sys
from cinematch_lib.features import encode_texts, load_text_encoder
encoder = load_text_encoder(sys.argv[1])
encode_texts(["heist thief"] * 10, encoder)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
texts = [f"film {number} " + "heist thief cop robot space love " * 10 for number in range(20_000)]
listed = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
vectors = encode_texts(texts, encoder)
print(len(vectors), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - listed) / 1e3)
"""
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    n, megabytes = done.stdout.split()
    assert int(n) == 20_000
    assert float(megabytes) < 50


# --- as a field of the features -------------------------------------------------------------------------


FILMS = (
    {"title": "A", "overview": "heist cop", "genres": "crime"},
    {"title": "B", "overview": "thief heist", "genres": "crime"},
    {"title": "C", "overview": "robot", "genres": "sci-fi"},
    {"title": "D", "overview": "space robot", "genres": "sci-fi"},
    {"title": "E", "overview": "love", "genres": "romance"},
)


def with_vectors(tmp_path, *films):
    encoder = load_text_encoder(static_encoder(tmp_path))
    return with_text_vectors(film_table(*films), encoder, fields=["overview"])


def test_vectors_become_a_block_that_is_centred(tmp_path):
    films = with_vectors(tmp_path, *FILMS)
    built = build_features(films, min_df=1, field_weights=dict.fromkeys(("overview", "genres", "year"), 0.0))
    names = [name for name in built.names if name.startswith("text_vector")]
    assert names == ["text_vector__00", "text_vector__01", "text_vector__02", "text_vector__unknown"]
    block = built.matrix[:, [built.names.index(name) for name in names[:3]]].toarray()
    similar = block @ block.T
    raw = np.array([unit(vector) for vector in films["text_vector"]])
    centred = raw - raw.mean(axis=0)
    cosines = centred @ centred.T / np.outer(*[np.linalg.norm(centred, axis=1)] * 2)
    np.testing.assert_allclose(similar / similar[0, 0], cosines, atol=2e-3)
    assert cosines[0, 1] > 0.9 > 0 > cosines[0, 2]


def test_a_film_without_text_has_no_vector(tmp_path):
    films = with_vectors(tmp_path, *FILMS).assign(
        text_vector=[np.ones(3), np.array([1, 0, 0.0]), None, np.zeros(3) + 2, None]
    )
    features = FilmFeatures(min_df=1)
    matrix = features.fit_transform(films)
    column = features.get_feature_names_out().tolist().index("text_vector__unknown")
    assert (matrix[:, column].toarray().ravel() > 0).tolist() == [False, False, True, False, True]
    np.testing.assert_array_equal(features.transform(films).toarray(), matrix.toarray())
    assert (features.transform(films.drop(columns="text_vector"))[:, column].toarray() > 0).all()


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([np.ones(3), np.ones(2)], "text_vector must hold arrays of one length, or None where unknown: "),
        ([np.ones(3), np.array([np.nan] * 3)], "text_vector must hold finite numbers"),
        (["heist", "cop"], "text_vector must hold arrays of one length, or None where unknown: "),
    ],
)
def test_what_is_no_vector_is_refused(vectors, message):
    films = film_table({}, {}).assign(text_vector=pd.Series(vectors, dtype="object"))
    with pytest.raises(CineMatchError, match=message):
        FilmFeatures(min_df=1).fit(films)


def test_the_same_text_of_all_films_tells_nothing(tmp_path):
    films = film_table(*FILMS)
    same = films.assign(text_vector=pd.Series([np.ones(3)] * 5, dtype="object"))
    assert build_features(same, min_df=1).names == build_features(films, min_df=1).names


def test_without_texts_the_features_are_those_without_vectors():
    films = film_table(*FILMS)
    nothing = films.assign(text_vector=pd.Series([None] * 5, dtype="object"))
    assert build_features(nothing, min_df=1).names == build_features(films, min_df=1).names


def test_the_story_has_a_share_of_its_own_in_the_explanation(tmp_path):
    films = [dict(zip(("title", "genres"), (one["title"], one["genres"]), strict=True)) for one in FILMS]
    vectors = with_vectors(tmp_path, *FILMS)["text_vector"]
    recommender = recommender_of(*films, table=film_table(*films).assign(text_vector=vectors))
    best = recommender.recommend(Preferences(liked_movie_ids=[1]), 2)[0]
    assert best.movie.movie_id == 2
    assert "a similar story" in best.explanation
    (liked,) = [one for one in best.reasons if one.kind == "liked"]
    assert sum(one.value for one in liked.features) == pytest.approx(liked.value, abs=1e-6)
    assert [one.name for one in liked.features].count("a similar story") == 1

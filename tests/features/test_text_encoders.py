"""Text encoders and the vectors of films, with small models that the tests make."""

import hashlib
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto
from support.encoder_files import TABLE, WORDS, network_encoder, static_encoder, write_tokenizer
from support.small_runs import film_table, recommender_of

from cinematch_lib import CineMatchError, Preferences
from cinematch_lib.features import build_features, encode_texts, load_text_encoder, with_text_vectors
from cinematch_lib.features.film_features import FilmFeatures
from cinematch_lib.features.text_vectors import film_texts


def row(word):
    return TABLE[WORDS.index(word)]


def unit(vector):
    return vector / np.linalg.norm(vector)


# --- what an encoder gives ----------------------------------------------------------------------------


def test_a_table_gives_the_mean_of_its_rows_at_length_one(tmp_path):
    encoder = load_text_encoder(static_encoder(tmp_path))
    assert encoder.dimensions == 3
    vectors = encoder.encode(["Heist thief", "love", "", "nobody"])
    assert vectors.dtype == np.float32
    expected = [unit(row("heist") + row("thief")), row("love"), np.zeros(3), unit(row("[UNK]"))]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"inputs": ("input_ids",)},
        {"inputs": ("input_ids", "attention_mask", "token_type_ids")},
        {"kind": TensorProto.INT32},
    ],
)
def test_a_network_gives_the_mean_over_the_tokens_without_the_padding(tmp_path, form):
    encoder = load_text_encoder(network_encoder(tmp_path, **form))
    texts = ["heist", "robot space love heist thief", "cop"]  # of three lengths, computed together
    expected = [unit(sum(row(word) for word in text.split())) for text in texts]  # [CLS] and [SEP] are zero
    np.testing.assert_allclose(encoder.encode(texts), expected, atol=1e-6)


def test_a_network_may_average_by_itself(tmp_path):
    encoder = load_text_encoder(network_encoder(tmp_path, pooled=True))
    np.testing.assert_allclose(encoder.encode(["heist thief"]), [unit(row("heist") + row("thief"))], atol=1e-6)


def test_the_network_may_lie_in_a_folder_onnx(tmp_path):
    network_encoder(tmp_path)
    (tmp_path / "onnx").mkdir()
    (tmp_path / "model.onnx").rename(tmp_path / "onnx" / "model.onnx")
    encoder = load_text_encoder(tmp_path)
    digest = hashlib.sha256((tmp_path / "onnx" / "model.onnx").read_bytes()).hexdigest()
    assert encoder.files["onnx/model.onnx"] == digest
    assert list(encoder.files) == ["tokenizer.json", "onnx/model.onnx"]


def test_a_text_is_cut_at_256_tokens(tmp_path):
    encoder = load_text_encoder(static_encoder(tmp_path))
    long, longer = "heist " * 256, "heist " * 256 + "love " * 5000
    np.testing.assert_array_equal(*encoder.encode([long, longer]))


# --- what is refused ------------------------------------------------------------------------------------


def without_tokenizer(folder):
    static_encoder(folder)
    (folder / "tokenizer.json").unlink()


def without_model(folder):
    write_tokenizer(folder)


def two_tables(folder):
    static_encoder(folder)
    (folder / "other.safetensors").write_bytes((folder / "table.safetensors").read_bytes())


def truncated(name, make):
    def make_and_cut(folder):
        make(folder)
        (folder / name).write_bytes((folder / name).read_bytes()[:-60])

    return make_and_cut


def whole_network_as_table(folder):
    static_encoder(folder, {"layer.weight": TABLE, "layer.bias": TABLE[0]})


def short_table(folder):
    static_encoder(folder, {"embeddings": TABLE[:4]})


def table_of_nan(folder):
    static_encoder(folder, {"embeddings": TABLE * np.nan})


def weights_beside(folder):
    network_encoder(folder, beside=True)


def one_number_a_token(folder):
    network_encoder(folder, table=TABLE[:, 0])


def without_dimensions(folder):
    static_encoder(folder, {"embeddings": TABLE[:, :0]})


def other_inputs(folder):
    network_encoder(folder, inputs=("pixel_values",))


def float_inputs(folder):
    network_encoder(folder, inputs=("input_ids", "positions"))


REFUSED = {
    without_tokenizer: "tokenizer.json and one table in .safetensors; it holds table.safetensors",
    without_model: "it holds tokenizer.json",
    two_tables: "it holds other.safetensors, table.safetensors, tokenizer.json",
    truncated("tokenizer.json", static_encoder): "tokenizer.json cannot be read as a tokenizer (",
    truncated("table.safetensors", static_encoder): "table.safetensors cannot be read as a table (",
    truncated("model.onnx", network_encoder): "model.onnx cannot be read as an ONNX model (",
    whole_network_as_table: "export a network to model.onnx. It holds 2 tensors: layer.bias, layer.weight",
    short_table: "must hold a finite vector for each of the 10 tokens of tokenizer.json; it has the shape (4, 3)",
    without_dimensions: "for each of the 10 tokens of tokenizer.json; it has the shape (10, 0)",
    weights_beside: "model.onnx cannot be read as an ONNX model (",
    one_number_a_token: "model.onnx must have the shape (texts, tokens, dimensions) or (texts, dimensions)",
    table_of_nan: "must hold a finite vector for each of the 10 tokens",
    other_inputs: "it takes pixel_values: tensor(int64); one takes input_ids, attention_mask, token_type_ids",
    float_inputs: "is no text encoder: it takes input_ids: tensor(int64), positions: tensor(int64);",
}


@pytest.mark.parametrize(("make", "message"), REFUSED.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_a_folder_that_holds_no_encoder_is_refused_with_what_is_there(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(CineMatchError) as refused:
        load_text_encoder(tmp_path)
    assert message in str(refused.value)
    assert str(tmp_path) in str(refused.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CineMatchError, match=r"embeddings must be a folder with .*, and there is none at .*/none$"):
        load_text_encoder(tmp_path / "none")


def test_numbers_that_are_not_finite_are_refused_with_the_name_of_the_model(tmp_path):
    encoder = load_text_encoder(network_encoder(tmp_path, table=np.where(TABLE == 1, np.nan, TABLE)))
    with pytest.raises(CineMatchError, match=r"model\.onnx gives vectors with numbers that are not finite"):
        encoder.encode(["robot"])


def test_a_tokenizer_that_does_not_know_a_word_is_named(tmp_path):
    static_encoder(tmp_path)
    path = tmp_path / "tokenizer.json"
    path.write_text(path.read_text().replace('"unk_token": "[UNK]"', '"unk_token": "[NONE]"'))
    encoder = load_text_encoder(tmp_path)
    assert encoder.encode(["heist"]).any()
    with pytest.raises(CineMatchError, match=r"tokenizer\.json cannot split a text into tokens \(.*\)"):
        encoder.encode(["nobody"])


def test_a_lone_surrogate_is_an_unknown_character(tmp_path):
    encoder = load_text_encoder(static_encoder(tmp_path))
    np.testing.assert_array_equal(encoder.encode(["heist \ud800"]), encoder.encode(["heist ?"]))


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


def test_100_000_texts_take_bounded_memory(tmp_path):
    """In a process of its own, whose peak tells: all vectors take 1.2 MB here, and all tokens at once far more."""
    static_encoder(tmp_path)
    program = """
import resource, sys
from cinematch_lib.features import encode_texts, load_text_encoder
encoder = load_text_encoder(sys.argv[1])
encode_texts(["heist thief"] * 10, encoder)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
texts = [f"film {number} " + "heist thief cop robot space love " * 10 for number in range(100_000)]
listed = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
vectors = encode_texts(texts, encoder)
print(len(vectors), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - listed) / 1e3)
"""
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    n, megabytes = done.stdout.split()
    assert int(n) == 100_000
    assert float(megabytes) < 100


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

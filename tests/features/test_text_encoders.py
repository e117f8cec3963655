"""Text encoders and the vectors of films, with small models that the tests make."""

import hashlib

import numpy as np
import pytest
from onnx import TensorProto
from support.encoder_files import TABLE, network_encoder, static_encoder, write_tokenizer
from support.text_encoders import row, unit

from cinematch_lib import CineMatchError
from cinematch_lib.features import load_text_encoder

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

"""Small text encoders in files: a tokenizer of whole words, with a network or with a table."""

import json

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save_model
from safetensors.numpy import save_file

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "heist", "thief", "cop", "robot", "space", "love"]
# A direction for each kind of story; the special tokens have none.
TABLE = np.array(
    [
        [0, 0, 0],
        [0.1, 0.1, 0.1],
        [0, 0, 0],
        [0, 0, 0],
        [1, 0, 0],
        [0.9, 0.2, 0],
        [0.8, 0, 0.3],
        [0, 1, 0],
        [0, 1, 0.2],
        [0, 0, 1],
    ],
    dtype=np.float32,
)


def write_tokenizer(folder):
    """``tokenizer.json``: lower case, whole words, [CLS] first and [SEP] last."""
    ids = {word: number for number, word in enumerate(WORDS)}
    special = [
        {
            "id": ids[word],
            "content": word,
            "special": True,
            **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
        }
        for word in WORDS[:4]
    ]
    single = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    single.append({"SpecialToken": {"id": "[SEP]", "type_id": 0}})
    tokens = {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    pair = [*single[:2], {"Sequence": {"id": "B", "type_id": 1}}]
    whole = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": tokens},
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": ids, "unk_token": "[UNK]"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(whole))


def static_encoder(folder, tensors=None):
    """A folder with a tokenizer and a table, or with other `tensors` in its place."""
    write_tokenizer(folder)
    save_file({"embeddings": TABLE} if tensors is None else tensors, folder / "table.safetensors")
    return folder


def network_encoder(
    folder, inputs=("input_ids", "attention_mask"), pooled=False, kind=TensorProto.INT64, table=TABLE, beside=False
):
    """A folder with a tokenizer and a network that looks its tokens up in `table`; `pooled`: and averages them.

    With `beside`, the table lies in a file of its own, as in exports of large models.
    """
    write_tokenizer(folder)
    shape = ["texts", "tokens"]
    nodes = [helper.make_node("Gather", ["table", inputs[0]], ["vectors"])]
    constants = [numpy_helper.from_array(table, "table")]
    output = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, [*shape, *table.shape[1:]])
    if pooled:
        constants.append(numpy_helper.from_array(np.array([1]), "axes"))
        nodes.append(helper.make_node("ReduceMean", ["vectors", "axes"], ["means"], keepdims=0))
        output = helper.make_tensor_value_info("means", TensorProto.FLOAT, ["texts", 3])
    given = [helper.make_tensor_value_info(name, kind, shape) for name in inputs]
    graph = helper.make_graph(nodes, "tiny", given, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model)
    save_model(model, folder / "model.onnx", save_as_external_data=beside, location="table.bin", size_threshold=0)
    return folder

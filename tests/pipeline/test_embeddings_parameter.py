"""A text encoder in the pipeline: its vectors in the features of a run, and what is refused before the first step."""

import json

import pytest
from support.commands import ended, started
from support.encoder_files import network_encoder, static_encoder
from support.small_projects import DATASET, QUICK, lay_raw

from cinematch_lib import CineMatchError, Preferences, Recommender
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.pipeline.inputs import open_inputs

QUICK_PARAMETERS = [word for name, value in QUICK.items() for word in ("-p", name, json.dumps(value))]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A small project with a run whose features have vectors."""
    folder = tmp_path_factory.mktemp("project")
    lay_raw(folder / "raw")
    static_encoder(folder / "tiny")
    words = ("run", "--dataset", DATASET, "-p", "embeddings", "tiny", *QUICK_PARAMETERS)
    return folder, ended(started(folder, *words))


def test_the_run_has_a_block_of_vectors_and_tells_the_model(project):
    folder, done = project
    assert done.code == 0, done.err
    run = Run.current(folder / "artifacts")
    assert set(run.info.facts["features"]["text_encoder"]) == {"tokenizer.json", "table.safetensors"}
    assert all(len(digest) == 64 for digest in run.info.facts["features"]["text_encoder"].values())
    assert {"text_components.skops", "embeddings.npz", "metrics.json"} <= set(run.info.files)
    names = run.read_json("movies_meta.json")["features"]
    assert [name for name in names if name.startswith("text_vector")] == [
        "text_vector__00",
        "text_vector__01",
        "text_vector__02",
        "text_vector__unknown",
    ]
    assert len(list((folder / "data" / "text_vectors").glob("*.sqlite"))) == 1
    found = Recommender.load(folder / "artifacts").recommend(Preferences(liked_movie_ids=[1, 6]), 10)
    for one in found:
        assert sum(reason.value for reason in one.reasons) == pytest.approx(one.score, abs=1e-5)


def test_a_later_step_needs_the_same_encoder(project):
    folder, _ = project
    network_encoder(folder / "other")
    folders = [str(folder / name) for name in ("raw", "data", "artifacts")]
    for other in ("", str(folder / "other")):
        with pytest.raises(
            CineMatchError, match=r"the features were made with the text encoder tokenizer\.json "
        ) as told:
            open_inputs("train", *folders, embeddings=other)
        assert "name the same folder (-p embeddings FOLDER), or make the features anew" in str(told.value)
    inputs = open_inputs("train", *folders, embeddings=str(folder / "tiny"))
    assert inputs.catalog["text_vector"].notna().all()
    inputs.draft.discard()


def test_a_folder_without_an_encoder_is_refused_before_the_first_step(project, cinematch):
    folder, _ = project
    done = cinematch(folder, "run", "--dataset", DATASET, "-p", "embeddings", "raw")
    assert done.code == 1
    assert (
        "must hold tokenizer.json and model.onnx, or tokenizer.json and one table in .safetensors; it holds" in done.err
    )
    assert done.out == ""

"""A run is verified when it is read, and nothing in it is unpickled."""

import io
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import skops.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.preprocessing import FunctionTransformer
from support.run_files import MATRIX, NAMES, REMEDY, folder_of, forge, put, refusal

from cinematch_lib import CineMatchError, Recommender
from cinematch_lib.artifacts.estimators import load
from cinematch_lib.artifacts.manifest import FORMAT_VERSION, MANIFEST, OLDEST_RECORD_VERSION
from cinematch_lib.artifacts.runs import (
    FEATURES,
    META,
    Run,
    RunRecord,
    current_run_id,
    list_runs,
    unreadable_runs,
    use_run,
)

# --- verified when read -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_flipped_byte_is_refused_by_name_wherever_it_is(artifacts, name):
    path = folder_of(artifacts) / name
    data = path.read_bytes()
    for at in {0, 1, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1}:
        flipped = bytearray(data)
        flipped[at] ^= 0x01
        put(path, bytes(flipped))
        text = refusal(artifacts)
        assert text.startswith(f"{path} ")
        assert "was altered" in text
        assert text.endswith(REMEDY)
    put(path, data)
    Run.current(artifacts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.data())
def test_no_byte_of_a_manifest_changes_unseen(artifacts, data):
    path = folder_of(artifacts) / MANIFEST
    written = path.with_name(".written")  # hidden files are not the run's, and not read
    if not written.exists():
        written.write_bytes(path.read_bytes())
    whole = written.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255))
    put(path, whole[:at] + bytes([other]) + whole[at + 1 :])
    try:
        Run.current(artifacts)
    except CineMatchError as error:
        assert str(path) in str(error)
    else:  # a blank for a blank
        assert json.loads(path.read_bytes()) == json.loads(whole)


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_missing_file_is_named(artifacts, name):
    path = folder_of(artifacts) / name
    path.unlink()
    text = refusal(artifacts)
    assert text.startswith(f"{path} is missing")
    assert text.endswith(REMEDY)


@pytest.mark.parametrize("name", ["planted.pkl", "figures/planted.png", "deeper/planted"])
def test_a_file_that_the_manifest_does_not_list_is_refused(artifacts, name):
    put(folder_of(artifacts) / name, b"anything")
    assert refusal(artifacts) == (
        f"{folder_of(artifacts) / name} is not part of the run and was not read; remove it, or {REMEDY}"
    )


def test_what_a_file_manager_hides_there_does_no_harm(artifacts):
    put(folder_of(artifacts) / ".DS_Store", b"anything")
    put(folder_of(artifacts) / ".ipynb_checkpoints/01.ipynb", b"anything")
    Run.current(artifacts)


@pytest.mark.parametrize("version", [0, FORMAT_VERSION - 1, FORMAT_VERSION + 1, "1", None])
def test_another_format_version_is_named(artifacts, version):
    forge(folder_of(artifacts), format_version=version)
    assert refusal(artifacts) == (
        f"{folder_of(artifacts) / MANIFEST} has format version {version!r}, and this version of CineMatch reads "
        f"{FORMAT_VERSION}; {REMEDY}"
    )


def test_the_record_of_an_older_format_is_verified_and_readable_but_makes_no_recommender(artifacts):
    folder = folder_of(artifacts)
    forge(folder, format_version=OLDEST_RECORD_VERSION)
    record = RunRecord(folder)
    assert record.info.format_version == OLDEST_RECORD_VERSION < FORMAT_VERSION
    assert record.read_json(META) == {"films": "first"}
    assert list_runs(artifacts) == []
    with pytest.raises(CineMatchError, match=f"has format version {OLDEST_RECORD_VERSION}"):
        Recommender.load(artifacts)
    put(folder / META, b"{}")
    with pytest.raises(CineMatchError, match="was altered"):
        RunRecord(folder)
    forge(folder, format_version=OLDEST_RECORD_VERSION - 1)
    with pytest.raises(CineMatchError, match=f"has format version {OLDEST_RECORD_VERSION - 1}"):
        RunRecord(folder)


def test_of_another_version_nothing_else_is_expected(artifacts):
    put(folder_of(artifacts) / MANIFEST, b'{"format_version": 7, "entirely": "different"}')
    assert "has format version 7, and" in refusal(artifacts)


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b'"text"', b"{}", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_none_any_more(artifacts, data):
    put(folder_of(artifacts) / MANIFEST, data)
    assert refusal(artifacts).startswith(f"{folder_of(artifacts) / MANIFEST} was altered: it is no manifest any more")


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": None},
        {"steps": {"clean": 7}},
        {"files": []},
        {"files": {META: "sum"}},
        {"files": {"../../current": {"sha256": "0"}}},
        {"files": {"/etc/hostname": {"sha256": "0"}}},
    ],
)
def test_a_manifest_that_was_sealed_by_somebody_else(artifacts, changes):
    forge(folder_of(artifacts), **changes)
    assert "was not written by CineMatch" in refusal(artifacts)


def test_a_run_that_was_renamed(artifacts):
    run_id = current_run_id(artifacts)
    renamed = folder_of(artifacts).rename(artifacts / "runs" / "best")
    with pytest.raises(CineMatchError, match=f"best was renamed: its manifest says {run_id}; rename it back"):
        use_run(artifacts, "best")
    assert list_runs(artifacts) == []
    problem = f"{renamed} was renamed: its manifest says {run_id}; rename it back"
    assert list(unreadable_runs(artifacts).values()) == [problem]


# --- no pickle ----------------------------------------------------------------------------------------


class Planted:
    """Whoever unpickles it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def npz(**arrays):
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return packed.getvalue()


def planted_matrices(path):
    objects = np.array([Planted(path)], dtype=object)
    index = np.array([0, 1], dtype=np.int32)
    return {
        "a pickle in its place": pickle.dumps(Planted(path)),
        "pickled data": npz(format=b"csr", shape=[1, 1], data=objects, indices=index[:1], indptr=index),
        "a pickled format": npz(format=objects, shape=[1, 1], data=index[:1], indices=index[:1], indptr=index),
        "a pickled index": npz(format=b"csr", shape=[1, 1], data=index[:1], indices=objects, indptr=index),
    }


def test_the_planted_pickles_would_work(tmp_path):
    for data in planted_matrices(tmp_path / "touched").values():
        pickle.loads(data) if data[:2] != b"PK" else dict(np.load(io.BytesIO(data), allow_pickle=True))  # noqa: S301
        (tmp_path / "touched").unlink()


@pytest.mark.parametrize("kind", planted_matrices(Path("any")))
def test_a_pickle_in_the_features_is_refused_and_not_read(artifacts, tmp_path, kind):
    folder = folder_of(artifacts)
    forge(folder, FEATURES, planted_matrices(tmp_path / "touched")[kind])
    run = Run.current(artifacts)  # its sums are right
    with pytest.raises(CineMatchError) as refused:
        run.read_matrix(FEATURES)
    assert str(refused.value).startswith(f"{folder / FEATURES} holds no sparse matrix and was refused (")
    assert str(refused.value).endswith(REMEDY)
    with pytest.raises(CineMatchError, match="holds no sparse matrix and was refused"):
        Recommender.load(artifacts)
    assert not (tmp_path / "touched").exists()


def test_a_pickle_beside_the_files_is_refused_and_not_read(artifacts, tmp_path):
    put(folder_of(artifacts) / "model.pkl", pickle.dumps(Planted(tmp_path / "touched")))
    assert "model.pkl is not part of the run and was not read" in refusal(artifacts)
    assert not (tmp_path / "touched").exists()


def test_a_pickle_that_the_manifest_lists_is_never_opened(artifacts, tmp_path):
    forge(folder_of(artifacts), "model.pkl", pickle.dumps(Planted(tmp_path / "touched")))
    run = Run.current(artifacts)
    with pytest.raises(CineMatchError, match=r"model\.pkl is not a skops file and was refused"):
        load(run.read_bytes("model.pkl"), run.folder / "model.pkl")
    with pytest.raises(CineMatchError, match=r"model\.pkl holds no sparse matrix"):
        run.read_matrix("model.pkl")
    assert not (tmp_path / "touched").exists()


def test_an_estimator_that_would_run_code_is_refused(artifacts, tmp_path):
    name = "genre_mlb.skops"
    forge(folder_of(artifacts), name, skops.io.dumps(FunctionTransformer(os.system)))
    with pytest.raises(CineMatchError, match=rf"{name} asks for types that are not scikit-learn's.*posix\.system"):
        load(Run.current(artifacts).read_bytes(name), folder_of(artifacts) / name)
    forge(folder_of(artifacts), name, pickle.dumps(Planted(tmp_path / "touched")))
    with pytest.raises(CineMatchError, match=f"{name} is not a skops file and was refused"):
        load(Run.current(artifacts).read_bytes(name), folder_of(artifacts) / name)
    assert not (tmp_path / "touched").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(at=st.integers(0, 2000), cut=st.integers(0, 40), put_in=st.binary(max_size=40))
def test_whatever_stands_in_the_features_it_is_a_matrix_or_refused(artifacts, at, cut, put_in):
    whole = io.BytesIO()
    sparse.save_npz(whole, MATRIX, compressed=False)
    data = whole.getvalue()
    forge(folder_of(artifacts), FEATURES, data[:at] + put_in + data[at + cut :])
    try:
        matrix = Run.current(artifacts).read_matrix(FEATURES)
    except CineMatchError as error:
        assert FEATURES in str(error)
    else:
        assert sparse.isspmatrix_csr(matrix)

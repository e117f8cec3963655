import contextlib
import io
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from scipy import sparse
from support.run_files import MATRIX

from cinematch_lib.artifacts.array_file import UNREADABLE, read_arrays, read_matrix, write_arrays, write_matrix
from cinematch_lib.artifacts.runs import FEATURES, Run
from cinematch_lib.storage.files import map_file


def written(arrays):
    file = io.BytesIO()
    write_arrays(file, arrays)
    return file.getvalue()


def saved(save, **arrays):
    save(file := io.BytesIO(), **arrays)
    return file.getvalue()


kinds = st.sampled_from(["int32", "float32", "bool", "uint8", "int64"])
any_array = kinds.flatmap(
    lambda kind: arrays_of.arrays(kind, arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9))
)


@given(st.dictionaries(st.text("abé._", min_size=1, max_size=80), any_array, max_size=5))
def test_arrays_of_any_shape_are_read_as_they_were_written_by_numpy_too(arrays):
    content = written(arrays)
    assert written(arrays) == content
    with np.load(io.BytesIO(content)) as file:
        for read in (read_arrays(content), file):
            assert set(read) == set(arrays)
            for name, array in arrays.items():
                assert (read[name].dtype, read[name].shape) == (array.dtype, array.shape)
                np.testing.assert_array_equal(read[name], array)


def test_arrays_of_a_mapped_file_are_aligned_and_read_only(tmp_path):
    arrays = {f"{number}": np.arange(number, dtype=np.float32) for number in range(1, 40)}
    (tmp_path / "file.npz").write_bytes(written(arrays))
    for array in read_arrays(map_file(tmp_path / "file.npz")).values():
        assert array.ctypes.data % 64 == 0
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_a_mapped_file_may_be_removed_while_its_arrays_are_used(tmp_path):
    path = tmp_path / "file.npz"
    path.write_bytes(written({"a": np.arange(5000)}))
    array = read_arrays(map_file(path))["a"]
    path.unlink()
    path.write_bytes(b"another file")
    assert array.sum() == 12_497_500


def test_what_numpy_saves_is_read_too():
    a, b = np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(3, 2))
    read = read_arrays(saved(np.savez, a=a, b=b))
    np.testing.assert_array_equal(read["a"], a)
    np.testing.assert_array_equal(read["b"], b)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (saved(np.savez, a=np.array([object()])), "a.npy holds a pickle"),
        (saved(np.savez_compressed, a=np.arange(9)), "a.npy is compressed"),
        (pickle.dumps([1]), "not a zip file"),
        (b"", "not a zip file"),
        (written({"a": np.arange(99)})[:-60], "not a zip file"),
        (written({"a": np.arange(9)}).replace(b"NUMPY", b"numpy"), "magic string"),
        (written({"a": np.arange(9)}).replace(b"(9,)", b"(8e9,)"), "."),
        (written({"a": np.arange(9)}).replace(b"(9,), }    ", b"(9000,), } "), "truncated"),
    ],
)
def test_a_file_of_another_kind_is_refused(content, why):
    with pytest.raises(UNREADABLE, match=why):
        read_arrays(content)


@pytest.mark.filterwarnings("ignore:invalid")
@given(st.integers(0, 2**31), st.integers(0, 255))
def test_whatever_a_byte_is_changed_to_arrays_come_out_or_an_error(at, value):
    content = bytearray(written({"a": np.arange(9), "b": np.zeros((2, 3), dtype=np.float32)}))
    content[at % len(content)] = value
    with contextlib.suppress(UNREADABLE):
        assert all(isinstance(array, np.ndarray) for array in read_arrays(bytes(content)).values())


def test_a_matrix_is_read_by_scipy_too_with_its_columns_in_order():
    matrix = sparse.csr_matrix(([1.0, 2.0, 3.0], ([0, 0, 2], [4, 1, 0])), shape=(3, 5), dtype=np.float32)
    matrix.indices[:2], matrix.data[:2] = [4, 1], [1, 2]
    write_matrix(file := io.BytesIO(), matrix)
    for read in (read_matrix(file.getvalue()), sparse.load_npz(io.BytesIO(file.getvalue()))):
        assert read.dtype == np.float32
        assert read.indices.tolist() == [1, 4, 0]
        assert (read != matrix).nnz == 0


def test_a_run_whose_files_were_replaced_is_still_the_run_that_was_verified(artifacts):
    run = Run.current(artifacts)
    path = run.folder / FEATURES
    path.unlink()
    path.write_bytes(b"of another run")
    assert (run.read_matrix(FEATURES) != MATRIX).nnz == 0

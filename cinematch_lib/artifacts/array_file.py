"""Files of arrays that are mapped instead of read: an uncompressed npz, aligned.

`numpy.load` reads these files too. In them every array begins at a multiple of 64 bytes, so that it can be used where
the file lies in memory: processes that map one file share its pages, and loading it copies nothing.
"""

import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, BinaryIO, get_type_hints

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.texts import Texts
from cinematch_lib.storage.files import Content

# The exceptions of numpy, scipy and zipfile for a file that holds no arrays; a pickle is a ValueError to them.
_WRONG_CONTENT = (ValueError, TypeError, LookupError, AttributeError, EOFError, NotImplementedError, struct.error)
UNREADABLE = (*_WRONG_CONTENT, OSError, zipfile.BadZipFile, zlib.error, SyntaxError, tokenize.TokenError)
_ALIGNMENT = 64
_LOCAL_HEADER = 30  # bytes before the name of a member; the lengths of name and extra field are its last four
_EXTRA_HEADER = 4  # bytes before the content of an extra field
_MAX_HEADER = 1 << 14  # bytes, of an array's description
_PADDING = 0xD935  # the kind of extra field that other programs know as padding


def write_arrays(to: BinaryIO, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name as an uncompressed, aligned npz; the same arrays give the same bytes."""
    write_each(to, arrays.items())


def write_each(to: BinaryIO, arrays: Iterable[tuple[str, np.ndarray]]) -> None:
    """`write_arrays` for pairs of names and arrays, of which each is let go before the next is asked for."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as file:
        for name, array in arrays:
            member = zipfile.ZipInfo(f"{name}.npy")  # dated 1980
            end = to.tell() + _LOCAL_HEADER + len(member.filename) + _EXTRA_HEADER
            padding = -end % _ALIGNMENT
            member.extra = struct.pack("<HH", _PADDING, padding) + bytes(padding)
            member.file_size = array.nbytes + _MAX_HEADER  # at most; the true size is written at the end
            with file.open(member, "w") as content:
                np.lib.format.write_array(content, np.asanyarray(array), allow_pickle=False)
            del array


def read_arrays(content: Content) -> dict[str, np.ndarray]:
    """The arrays of a file of `write_arrays` or `numpy.savez`, by name; read-only, and views of `content`.

    Raises one of UNREADABLE for any other content, a pickle too.
    """
    directory: Any = io.BytesIO(content) if isinstance(content, bytes) else content
    with zipfile.ZipFile(directory) as file:
        return {member.filename.removesuffix(".npy"): _read_member(member, content) for member in file.infolist()}


def _read_member(member: zipfile.ZipInfo, content: Content) -> np.ndarray:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    name, extra = struct.unpack_from("<HH", content, member.header_offset + _LOCAL_HEADER - 4)
    start = member.header_offset + _LOCAL_HEADER + name + extra
    header = io.BytesIO(content[start : start + min(member.file_size, _MAX_HEADER)])
    version = np.lib.format.read_magic(header)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_fortran, dtype = read_header(header)
    if dtype.hasobject:
        raise ValueError(f"{member.filename} holds a pickle")
    n = int(np.prod(shape, dtype=object))
    if header.tell() + n * dtype.itemsize > member.file_size:
        raise ValueError(f"{member.filename} is truncated")
    array = np.frombuffer(content, dtype, n, start + header.tell()) if n else np.empty(0, dtype)
    array = array.reshape(shape, order="F" if is_fortran else "C")
    array.flags.writeable = False
    return array


def write_matrix(to: BinaryIO, matrix: sparse.csr_matrix) -> None:
    """Write a CSR matrix in the format of `scipy.sparse.save_npz`, with the columns of each row in order."""
    matrix = sparse.csr_matrix(matrix)
    matrix.sort_indices()
    arrays = {name: getattr(matrix, name) for name in ("data", "indices", "indptr")}
    write_arrays(to, {"format": np.array(b"csr"), "shape": np.array(matrix.shape), **arrays})


def read_matrix(content: Content) -> sparse.csr_matrix:
    """The CSR matrix of a file of `write_matrix`, read-only. Raises one of UNREADABLE for any other content."""
    arrays = read_arrays(content)
    if arrays["format"].item() != b"csr":
        raise ValueError(f"its format is {arrays['format'].item()!r}")
    parts = arrays["data"], arrays["indices"], arrays["indptr"]
    matrix = sparse.csr_matrix(parts, tuple(arrays["shape"].tolist()))
    matrix.check_format()
    return matrix


def flatten(value: Any, prefix: str = "") -> Iterable[tuple[str, np.ndarray]]:
    """The arrays in a tree of named tuples and `Texts`, by the path to each."""
    if isinstance(value, np.ndarray):
        return [(prefix.removesuffix("."), value)]
    children = value.arrays if isinstance(value, Texts) else value._asdict()
    return chain.from_iterable(flatten(child, f"{prefix}{name}.") for name, child in children.items())


def unflatten(kind: type, arrays: Mapping[str, np.ndarray], path: str = "") -> Any:
    """The tree of `kind` whose arrays `flatten` gave. Raises KeyError and ValueError for others."""
    if kind is np.ndarray:
        if arrays[path].ndim != 1 or arrays[path].dtype.kind not in "uifb":
            raise ValueError(f"{path} is {arrays[path].dtype} with {arrays[path].ndim} dimensions")
        return arrays[path]
    fields = {"content": np.ndarray, "ends": np.ndarray} if kind is Texts else get_type_hints(kind)
    return kind(*[unflatten(of, arrays, f"{path}.{name}".lstrip(".")) for name, of in fields.items()])

"""Fitted scikit-learn estimators as bytes and back, by skops: no pickle, and reproducible bytes."""

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from cinematch_lib.errors import CineMatchError

_SCHEMA = "schema.json"


def dump(estimator: Any) -> bytes:
    """The estimator, or a mapping of estimators, in skops's format; equal estimators give equal bytes.

    skops identifies arrays and objects by their addresses in memory, and zip files contain the time. Here
    arrays and objects are numbered in the order in which they appear, and the time is zero.
    """
    if isinstance(estimator, dict):
        portable = {name: _portable(part) for name, part in estimator.items()}
    else:
        portable = _portable(estimator)
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(portable))) as raw:
        schema = json.loads(raw.read(_SCHEMA))
        arrays: dict[str, str] = {}
        _number(schema, ids={}, arrays=arrays)
        contents = {new: raw.read(old) for old, new in arrays.items()}
    contents[_SCHEMA] = json.dumps(schema, sort_keys=False).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in contents.items():
            out.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def load(data: bytes, path: Path) -> Any:
    """The estimator in `data`, which was read from `path`.

    Raises CineMatchError if it is not in skops's format or needs a type that skops does not trust.
    """
    try:
        return skops.io.loads(data, trusted=[])
    except UntrustedTypesFoundException:
        unknown = ", ".join(skops.io.get_untrusted_types(data=data))
        raise CineMatchError(
            f"{path} asks for types that are not scikit-learn's and was refused: {unknown}; make the run anew"
        ) from None
    except Exception as error:  # arbitrary bytes can fail in any way
        raise CineMatchError(f"{path} is not a skops file and was refused ({error}); make the run anew") from None


def _portable(estimator: Any) -> Any:
    """A copy without what depends on the process, with terms numbered by plain integers.

    Left out is an address in memory that TfidfVectorizer stores, and sets again when needed. An integer of numpy is a
    file of its own in skops's format, which makes a vocabulary of thousands of terms slow to read.
    """
    bare = copy.copy(estimator)
    vars(bare).pop("_stop_words_id", None)
    if "vocabulary_" in vars(bare):
        bare.vocabulary_ = {term: int(number) for term, number in bare.vocabulary_.items()}
    return bare


def _number(node: Any, ids: dict[Any, int], arrays: dict[str, str]) -> None:
    if isinstance(node, list):
        for one in node:
            _number(one, ids, arrays)
        return
    if not isinstance(node, dict):
        return
    if "__loader__" in node:
        if "__id__" in node:
            # Whether equal constants share an address is up to Python, so each gets a number of its own.
            shared = node["__loader__"] not in ("JsonNode", "TypeNode")
            address = node["__id__"] if shared else object()
            node["__id__"] = ids.setdefault(address, len(ids))
        if "file" in node:
            node["file"] = arrays.setdefault(node["file"], f"{len(arrays)}{Path(node['file']).suffix}")
    for value in node.values():
        if isinstance(value, dict | list):
            _number(value, ids, arrays)

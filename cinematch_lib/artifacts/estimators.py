"""Fitted scikit-learn estimators as bytes and back, by skops: no pickle, and the same bytes every time."""

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import skops.io

from cinematch_lib.errors import CineMatchError

_SCHEMA = "schema.json"


def dump(estimator: Any) -> bytes:
    """The estimator in skops's format, with what differs from process to process taken out.

    skops names arrays and marks objects by their addresses in memory, and a zip file carries the time of day;
    here they are numbered in the order in which they appear, and the time is the zip format's zero.
    """
    if isinstance(estimator, dict):
        placeless = {name: _without_address(part) for name, part in estimator.items()}
    else:
        placeless = _without_address(estimator)
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(placeless))) as raw:
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
    """The estimator that `data`, read from `path`, holds.

    Raises CineMatchError where it is not in skops's format or asks for a type that skops does not trust.
    """
    try:
        if unknown := skops.io.get_untrusted_types(data=data):
            raise CineMatchError(
                f"{path} asks for types that are not scikit-learn's and was refused: {', '.join(unknown)}; "
                "make the run anew"
            )
        return skops.io.loads(data, trusted=[])
    except CineMatchError:
        raise
    except Exception as error:  # bytes that are anything at all can fail in any way
        raise CineMatchError(f"{path} is not a skops file and was refused ({error}); make the run anew") from None


def _without_address(estimator: Any) -> Any:
    """A copy without scikit-learn's note of an address in memory; scikit-learn makes a new one at need."""
    bare = copy.copy(estimator)
    vars(bare).pop("_stop_words_id", None)
    return bare


def _number(node: Any, ids: dict[int, int], arrays: dict[str, str]) -> None:
    if isinstance(node, list):
        for one in node:
            _number(one, ids, arrays)
        return
    if not isinstance(node, dict):
        return
    if "__loader__" in node:
        if "__id__" in node:
            # Two equal constants share an address or do not as Python pleases; they need no common number.
            shared = node["__loader__"] not in ("JsonNode", "TypeNode")
            address = node["__id__"] if shared else object()
            node["__id__"] = ids.setdefault(address, len(ids))
        if "file" in node:
            node["file"] = arrays.setdefault(node["file"], f"{len(arrays)}{Path(node['file']).suffix}")
    for value in node.values():
        if isinstance(value, dict | list):
            _number(value, ids, arrays)

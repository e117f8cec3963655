"""Text encoders: pretrained models in local files, which map a text to a vector.

A folder holds ``tokenizer.json``, as the library tokenizers writes it, and either ``model.onnx``, a network whose token
vectors are averaged, or one table of token vectors in ``.safetensors``. Nothing is ever downloaded.
"""

import functools
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cinematch_lib.errors import CineMatchError, require_extra
from cinematch_lib.storage.files import sha256

TOKENIZER = "tokenizer.json"
NETWORKS = ("model.onnx", "onnx/model.onnx")
MAX_TOKENS = 256  # of a text; what follows is left out
_BATCH_TOKENS = 8192  # tokens that a network sees at once, which bounds its memory
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_FORM = "tokenizer.json and model.onnx, or tokenizer.json and one table in .safetensors"
_OUTPUT = "(texts, tokens, dimensions) or (texts, dimensions)"
_NAMED = 8  # files in an error


class TextEncoder(ABC):
    """Maps texts to vectors of `dimensions` numbers.

    `files` are the names of its files in `folder` with the SHA-256 of each, which identify it.
    """

    folder: Path
    dimensions: int
    files: dict[str, str]

    @property
    def id(self) -> str:
        """16 hexadecimal digits that depend on the contents of the files and on how they are used."""
        parts = [f"{type(self).__name__} {MAX_TOKENS}", *sorted(self.files.values())]
        return sha256("\n".join(parts).encode())[:16]

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """The vectors of `texts`: float32 (texts, dimensions), rows of length one, or zero for a text without tokens.

        Raises CineMatchError if the model cannot be used.
        """


def load_text_encoder(folder: str | Path) -> TextEncoder:
    """The encoder in `folder`.

    Raises CineMatchError if the folder lacks a file, or if a file cannot be read or is of another kind, and
    MissingExtraError without the packages of the extra ``embeddings``.
    """
    require_extra("embeddings", "onnxruntime", "safetensors", "tokenizers")
    folder = Path(folder)
    if not _is_folder(folder):
        raise CineMatchError(f"embeddings must be a folder with {_FORM}, and there is none at {folder}")
    network = next((folder / name for name in NETWORKS if (folder / name).is_file()), None)
    tables = sorted(folder.glob("*.safetensors"))
    if not (folder / TOKENIZER).is_file() or not (network or len(tables) == 1):
        raise CineMatchError(f"{folder} must hold {_FORM}; it holds {_names(folder)}")
    return StaticEncoder(folder, tables[0]) if network is None else OnnxEncoder(folder, network)


def encode_in(folder: str, identity: str, texts: Sequence[str]) -> np.ndarray:
    """The vectors of `texts` by the encoder in `folder`, as a worker computes them: it loads the encoder once.

    Raises CineMatchError as `load_text_encoder` does, and if the encoder there has another id than `identity`.
    """
    try:
        encoder = _loaded(folder)
    except CineMatchError as error:
        raise CineMatchError(f"on a worker, {error}; put the encoder in the same folder on all machines") from None
    if encoder.id != identity:
        raise CineMatchError(f"on a worker, {folder} holds another encoder than here; put the same files there")
    return encoder.encode(texts)


@functools.cache
def _loaded(folder: str) -> TextEncoder:
    return load_text_encoder(folder)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, or a loop of links
        return False


def _names(folder: Path) -> str:
    found = sorted(f"{path.name}{'/' * path.is_dir()}" for path in folder.iterdir())
    more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more or "nothing"


class OnnxEncoder(TextEncoder):
    """The mean of the token vectors that a network such as BERT computes (Reimers and Gurevych 2019).

    The network takes `input_ids` and optionally `attention_mask` and `token_type_ids`, int (texts, tokens); its first
    output is float (texts, tokens, dimensions), or (texts, dimensions) if it averages them itself. All weights must lie
    in the file itself, which its SHA-256 identifies: external data are refused.
    """

    def __init__(self, folder: Path, network: Path) -> None:
        import onnxruntime

        self._tokenizer, self._path = _read_tokenizer(folder / TOKENIZER), network
        options = onnxruntime.SessionOptions()
        # Dask sets the variable for its workers, which share a machine; 0 is one thread a core.
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 0))
        options.log_severity_level = 4  # what is wrong is told by exceptions
        try:
            content = network.read_bytes()
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a class of its own for each kind of broken file
            raise CineMatchError(f"{network} cannot be read as an ONNX model ({_first_line(error)})") from None
        self._inputs = {one.name: _INTEGERS.get(one.type) for one in self._session.get_inputs()}
        if "input_ids" not in self._inputs or not set(self._inputs) <= set(_INPUTS) or None in self._inputs.values():
            found = ", ".join(f"{one.name}: {one.type}" for one in self._session.get_inputs())
            raise CineMatchError(f"{network} is no text encoder: it takes {found}; one takes {', '.join(_INPUTS)}")
        self.folder, self.files = folder, _hashes(folder, (folder / TOKENIZER, network))
        self.dimensions = self._run([[0]]).shape[1]
        if not self.dimensions or self._run([[0, 0]]).shape[1] != self.dimensions:
            raise CineMatchError(f"the first output of {network} must have the shape {_OUTPUT}")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """See `TextEncoder.encode`. Texts of similar length are computed together."""
        tokens = _tokens(self._tokenizer, texts)
        vectors = np.zeros((len(tokens), self.dimensions), dtype=np.float32)
        order = sorted((at for at, ids in enumerate(tokens) if ids), key=lambda at: len(tokens[at]))
        while order:
            longest = len(tokens[order[-1]])
            size = max(1, _BATCH_TOKENS // longest)
            batch, order = order[-size:], order[:-size]
            vectors[batch] = self._run([tokens[at] for at in batch])
        return _unit(vectors, self._path)

    def _run(self, tokens: Sequence[Sequence[int]]) -> np.ndarray:
        """The means over the tokens of each text: float32 (texts, dimensions)."""
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)], mask[row, : len(one)] = one, 1
        values = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        try:
            found = self._session.run(None, {name: values[name].astype(kind) for name, kind in self._inputs.items()})
        except Exception as error:  # a network may expect another shape than it declares
            raise CineMatchError(f"{self._path} cannot encode a text ({_first_line(error)})") from None
        output = np.asarray(found[0], dtype=np.float32)
        if output.ndim == 3 and output.shape[:2] == ids.shape:
            weights = mask[:, :, None].astype(np.float32)
            output = (output * weights).sum(axis=1) / weights.sum(axis=1)
        if output.ndim != 2 or len(output) != len(ids):
            raise CineMatchError(f"the first output of {self._path} must have the shape {_OUTPUT}, got {output.shape}")
        return output


class StaticEncoder(TextEncoder):
    """The mean of the vectors of a text's tokens, from a table: float (tokens, dimensions)."""

    def __init__(self, folder: Path, table: Path) -> None:
        from safetensors import safe_open

        self._tokenizer, self._path = _read_tokenizer(folder / TOKENIZER), table
        try:
            with safe_open(table, framework="numpy") as file:
                names = list(file.keys())
                tensors = [np.asarray(file.get_tensor(name), dtype=np.float32) for name in names[:1]]
        except Exception as error:  # safetensors raises its own class, and numpy's for types that it lacks
            raise CineMatchError(f"{table} cannot be read as a table ({_first_line(error)})") from None
        if len(names) != 1 or tensors[0].ndim != 2:
            raise CineMatchError(
                f"{table} must hold one table (tokens, dimensions) and nothing else; export a network to model.onnx. "
                f"It holds {len(names)} tensors: {', '.join(names[:_NAMED]) or 'none'}"
            )
        (self._table,) = tensors
        self.dimensions = self._table.shape[1]
        needed = max(self._tokenizer.get_vocab().values(), default=-1) + 1
        if len(self._table) < needed or not self.dimensions or not np.isfinite(self._table).all():
            raise CineMatchError(
                f"{table} must hold a finite vector for each of the {needed:,} tokens of {TOKENIZER}; it has the shape "
                f"{self._table.shape}"
            )
        self.folder, self.files = folder, _hashes(folder, (folder / TOKENIZER, table))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """See `TextEncoder.encode`."""
        tokens = _tokens(self._tokenizer, texts, add_special_tokens=False)
        sums = [self._table[ids].sum(axis=0, dtype=np.float64) for ids in tokens]
        return _unit(np.array(sums).reshape(-1, self.dimensions), self._path)


def _read_tokenizer(path: Path) -> Any:  # a tokenizers.Tokenizer, which has no types
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
    except Exception as error:  # it raises Exception itself
        raise CineMatchError(f"{path} cannot be read as a tokenizer ({_first_line(error)})") from None
    return tokenizer


def _tokens(tokenizer: Any, texts: Sequence[str], **options: bool) -> list[list[int]]:
    """The ids of the tokens of each text. Raises CineMatchError."""
    readable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]  # a lone surrogate is no character
    try:
        return [one.ids for one in tokenizer.encode_batch(readable, **options)]
    except Exception as error:  # it raises Exception itself
        raise CineMatchError(f"{TOKENIZER} cannot split a text into tokens ({_first_line(error)})") from None


def _hashes(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in paths}


def _unit(vectors: np.ndarray, path: Path) -> np.ndarray:
    """The vectors at length one. Raises CineMatchError that names the model for numbers that are not finite."""
    if not np.isfinite(vectors).all():
        raise CineMatchError(f"{path} gives vectors with numbers that are not finite, and cannot be used")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

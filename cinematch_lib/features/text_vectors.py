"""The vectors of films' texts by a text encoder; computed once for each text, and cached in the data folder."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from cinematch_lib.cluster import connection
from cinematch_lib.cluster.tasks import map_items
from cinematch_lib.errors import CineMatchError
from cinematch_lib.features.film_features import TEXT_VECTOR
from cinematch_lib.features.text_encoders import TextEncoder, encode_in
from cinematch_lib.storage.sqlite import transaction
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR

CACHE = "text_vectors"  # the folder of the caches in the data folder
TEXT_OF_FILM = ("title", "overview", "keywords")  # known before anybody sees the film; tags are not
_CHUNK = 1024  # texts that are encoded and stored at once
_STORED = np.dtype("<f2")  # rounding to 16 bits changes a cosine by less than 0.001


def with_text_vectors(
    films: pd.DataFrame,
    encoder: TextEncoder | None,
    data_dir: Path | None = None,
    fields: Sequence[str] = TEXT_OF_FILM,
) -> pd.DataFrame:
    """The films with a column `text_vector`: the vector of each film's text, float32 (dimensions,).

    It is None where the film has no text. The text is that of the columns `fields`, those that `films` has; see
    `encode_texts` for `data_dir`. Without an `encoder`, the films are returned as they are.
    """
    if encoder is None:
        return films
    return assign_vectors(films, encode_texts(film_texts(films, fields), encoder, data_dir))


def assign_vectors(films: pd.DataFrame, vectors: np.ndarray) -> pd.DataFrame:
    """The films with a column `text_vector` of `vectors`, float32 (films, dimensions); None for a vector of zeros."""
    known: list[bool] = vectors.any(axis=1).tolist()
    column = [vector if some else None for vector, some in zip(vectors, known, strict=True)]
    return films.assign(**{TEXT_VECTOR: pd.Series(column, index=films.index, dtype="object")})


def film_texts(films: pd.DataFrame, fields: Sequence[str] = TEXT_OF_FILM) -> list[str]:
    """The text of each film: its `fields`, those that `films` has, as sentences; each term of a list once.

    >>> film_texts(pd.DataFrame({"title": ["Heat"], "overview": ["Heat"], "keywords": ["heist|cop|heist"]}))
    ['Heat. heist, cop.']
    """
    columns = [films[name].fillna("").astype("str").to_list() for name in fields if name in films]
    texts = []
    for values in zip(*columns, strict=True):
        parts = (", ".join(dict.fromkeys(value.strip().rstrip(".").split(LIST_SEPARATOR))) for value in values)
        texts.append("".join(f"{part}. " for part in dict.fromkeys(parts) if part).strip())
    return texts


def encode_texts(texts: Sequence[str], encoder: TextEncoder, data_dir: Path | None = None) -> np.ndarray:
    """The vectors of `texts` by `encoder`, each rounded to 16 bits: float32 (texts, dimensions).

    They are cached by encoder and text in the folder ``text_vectors`` of `data_dir`, so that a run that was stopped
    goes on where it was; None for no cache. Progress is printed to stderr. On a cluster (`cluster.connection`), workers
    encode the texts that are not cached; each needs the encoder in the same folder. Raises CineMatchError if the
    encoder or the cache cannot be used.
    """
    vectors = np.zeros((len(texts), encoder.dimensions), dtype=np.float32)
    at_text: dict[str, list[int]] = {}
    for at, text in enumerate(texts):
        if text:
            at_text.setdefault(text, []).append(at)
    with (
        _cache(encoder, data_dir) as cache,
        tqdm(
            total=len(at_text), desc="Text vectors", unit=" texts", mininterval=1, leave=False, disable=not at_text
        ) as progress,
    ):
        missing = []
        for chunk in _chunks(list(at_text)):
            found = _cached(chunk, encoder, cache)
            missing += [text for text in chunk if text not in found]
            for text, vector in found.items():
                vectors[at_text[text]] = vector
            progress.update(len(found))
        for chunk, new in zip(_chunks(missing), _encoded(missing, encoder), strict=True):
            stored = new.astype(_STORED)
            with transaction(cache):
                entries = [(_key(text), vector.tobytes()) for text, vector in zip(chunk, stored, strict=True)]
                cache.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", entries)
            for text, vector in zip(chunk, stored, strict=True):
                vectors[at_text[text]] = vector
            progress.update(len(chunk))
    return vectors


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK))


def _encoded(texts: Sequence[str], encoder: TextEncoder) -> Iterator[np.ndarray]:
    """The vectors of each of `_chunks`, by workers if there are any."""
    if not connection.is_used():
        return map(encoder.encode, _chunks(texts))
    return map_items(partial(encode_in, str(encoder.folder.resolve()), encoder.id), _chunks(texts))


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _cached(texts: Sequence[str], encoder: TextEncoder, cache: sqlite3.Connection) -> dict[str, np.ndarray]:
    """The vectors of those of `texts` that the cache has whole; others are made anew."""
    keys = {_key(text): text for text in texts}
    marks = ", ".join("?" * len(keys))
    rows = cache.execute(f"SELECT text, vector FROM vectors WHERE text IN ({marks})", list(keys)).fetchall()
    size = encoder.dimensions * _STORED.itemsize
    whole = [(key, vector) for key, vector in rows if isinstance(vector, bytes) and len(vector) == size]
    found = {keys[key]: np.frombuffer(vector, dtype=_STORED) for key, vector in whole}
    return {text: vector for text, vector in found.items() if np.isfinite(vector).all()}


@contextmanager
def _cache(encoder: TextEncoder, data_dir: Path | None) -> Iterator[sqlite3.Connection]:
    """The cache of an encoder; one in memory, which is empty, without `data_dir`."""
    path: Path | str = ":memory:"
    if data_dir is not None:
        path = data_dir / CACHE / f"{encoder.id}.sqlite"
    try:
        if isinstance(path, Path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
            yield connection
    except OSError as error:
        raise CineMatchError(f"{error.filename} cannot hold a cache of text vectors ({error.strerror})") from None
    except sqlite3.Error as error:
        raise CineMatchError(f"the cache of text vectors {path} cannot be used ({error}); delete it") from None

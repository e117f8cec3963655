"""Cursors: which films of a list were given already, so that the next page repeats none of them.

A cursor holds the films themselves, so it stays right while the user's likes, or the run, change.
"""

import base64
import binascii
from collections.abc import Iterable

from cinematch_lib.errors import CineMatchError
from cinematch_lib.serving.fields import MAX_ID

MAX_FILMS = 2000  # in one cursor
MAX_LENGTH = 16_000  # letters


def encode_cursor(movie_ids: Iterable[int]) -> str:
    """The cursor of some films: the differences of their ascending ids, seven bits a byte, in URL-safe base 64.

    >>> encode_cursor([6, 300]), sorted(decode_cursor("BqYC"))
    ('BqYC', [6, 300])
    """
    content, before = bytearray(), 0
    for movie_id in sorted(set(movie_ids)):
        rest, before = movie_id - before, movie_id
        while rest >= 0x80:
            content.append(rest & 0x7F | 0x80)
            rest >>= 7
        content.append(rest)
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")


def decode_cursor(cursor: str) -> set[int]:
    """The films of a cursor. Raises CineMatchError for any other text."""
    try:
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        content = b"\x80"
    found, movie_id, value, shift = set(), 0, 0, 0
    for byte in content:
        value |= (byte & 0x7F) << shift
        shift = shift + 7 if byte & 0x80 else 0
        if not shift:
            movie_id += value
            found.add(movie_id)
            value = 0
    is_one = not shift and movie_id <= MAX_ID and len(found) <= MAX_FILMS
    if not (is_one and encode_cursor(found) == cursor.rstrip("=")):
        raise CineMatchError(f"{cursor[:40]!r} is no cursor; send the next_cursor of an answer, or none to begin")
    return found

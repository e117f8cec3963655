"""The encoding of a text: UTF-8, else UTF-16 or Windows-1252, as its bytes tell."""

import contextlib
import re

WESTERN = "read as Windows-1252, as they are no UTF-8"  # what is told of rows; Latin-1's letters are a part of it
_BEYOND_ASCII = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")  # as UTF-8 writes it, and hardly any other text has it
_UTF16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def utf16_of(content: bytes) -> str | None:
    """The name of the codec of a text in UTF-16, with its mark or beginning with two ASCII characters; else None.

    >>> utf16_of("id".encode("utf-16")), utf16_of("id".encode("utf-16-be")), utf16_of(b"id")
    ('utf-16', 'utf-16-be', None)
    """
    unmarked = {(False, True, False, True): "utf-16-le", (True, False, True, False): "utf-16-be"}
    return _UTF16.get(content[:2]) or unmarked.get(tuple(byte == 0 for byte in content[:4]))


def from_western(content: bytes) -> bytes:
    """The text as UTF-8 if it is Windows-1252, else the same bytes."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        if not _BEYOND_ASCII.search(content):
            with contextlib.suppress(UnicodeDecodeError):
                return content.decode("cp1252").encode()
    return content

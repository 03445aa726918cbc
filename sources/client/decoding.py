"""An answer's bytes, decoded, where lawful JSON is more than msgspec and DuckDB read.

RFC 8259 allows half a surrogate pair (JavaScript writes one for an emoji that was cut in two), and
any depth. Neither may cost the answer's other documents, so what they can't read is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

T = TypeVar("T")

# Deeper than any vendor's fields, and half of what Python's stack allows.
DEEPEST = 500
NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|"
    rb"(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


def decode(body: bytes, into: type[T]) -> T:
    """Raises msgspec.ValidationError for another shape than `into`, else one of `NO_JSON`."""
    str(body, "utf-8")  # msgspec passes over what it doesn't decode
    try:
        return msgspec.json.decode(body, type=into)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError):
        readable = _shallow(_ESCAPE.sub(_paired, body))
        if readable == body:
            raise
        return msgspec.json.decode(readable, type=into)


def _paired(escape: re.Match[bytes]) -> bytes:
    """U+FFFD in place of half a pair, as JavaScript itself writes such a text in UTF-8."""
    return rb"\ufffd" if escape["lone"] else escape[0]


def _shallow(body: bytes) -> bytes:
    """With all that lies deeper than `DEEPEST` as the text of a string in its place."""
    pieces: list[bytes] = []
    end = 0
    for start, stop in _deep(body):
        pieces += body[end:start], msgspec.json.encode(body[start:stop].decode())
        end = stop
    return b"".join([*pieces, body[end:]])


def _deep(body: bytes) -> Iterator[tuple[int, int]]:
    depth = start = 0
    for found in _TEXT_OR_BRACKET.finditer(body):
        if found[0] in (b"[", b"{"):
            depth += 1
            if depth == DEEPEST + 1:
                start = found.start()
        elif found[0] in (b"]", b"}"):
            if depth == DEEPEST + 1:
                yield start, found.end()
            depth -= 1

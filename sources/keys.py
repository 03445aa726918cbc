"""The key of a document inside its listing: one place for what is the same and what is another."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

NO_KEY = "?"
UPCOMING = "upcoming"

_text = msgspec.json.Decoder(str)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Key:
    """`made`: a key of our own (`upcoming`, `start/end`, `?`), not the vendor's id."""

    text: str
    made: bool = False


Amount = Callable[[bytes | msgspec.Raw], str | None]
"""What tells the documents apart that have one made key: their total, in one spelling."""


def scalar(document: bytes | msgspec.Raw, *path: str) -> str | None:
    """The string, number (verbatim) or boolean at `path`; None where absent, null, or empty."""
    value: bytes | msgspec.Raw = document
    for name in path:
        try:
            value = _only(name).decode(value).value
        except msgspec.ValidationError:
            return None
    text = bytes(value).strip()
    if text.startswith(b'"'):
        return _text.decode(text) or None
    if text == b"null" or text[:1] in (b"{", b"["):
        return None
    return text.decode()


@cache
def _only(name: str) -> msgspec.json.Decoder[Any]:
    """Reads one field of an object. To make a dict of all of them takes eight times as long."""
    field = ("value", msgspec.Raw, msgspec.Raw(b"null"))
    return msgspec.json.Decoder(msgspec.defstruct("Object", [field], rename={"value": name}))


def number(document: bytes | msgspec.Raw, *path: str) -> str | None:
    """The number at `path`, a JSON number or a text, in one spelling: `10.00` is `10`."""
    text = scalar(document, *path)
    return None if text is None else _canonical(text)


def is_object(document: msgspec.Raw) -> bool:
    return bytes(document).lstrip().startswith(b"{")


def id_key(document: bytes | msgspec.Raw, field: str = "id") -> Key:
    """The vendor's own id, else `?`."""
    identifier = scalar(document, field)
    return Key(identifier) if identifier else Key(NO_KEY, made=True)


def content_key(document: bytes | msgspec.Raw, *fields: str) -> Key:
    """What a document without an id says of itself: a hash of these fields, as they are written.

    Documents that say the same are told apart by their order.
    """
    said = msgspec.json.encode([scalar(document, field) for field in fields])
    return Key(hashlib.sha256(said).hexdigest(), made=True)


def period_key(start: str | None, end: str | None) -> Key:
    """`start/end`, else `?`: half a period identifies nothing.

    A vendor that spells the same moment otherwise lists the same invoice: `1782864000.0` is
    `1782864000`, and `2026-10-01T00:00:00.000Z` is `2026-10-01`.
    """
    if not start or not end:
        return Key(NO_KEY, made=True)
    return Key(f"{_canonical(start)}/{_canonical(end)}", made=True)


def canonical_base(key: str) -> tuple[str, int]:
    """A made key as it would be made today without its ordinal, and the ordinal (1 for none)."""
    base, _, ordinal = key.rpartition("#")
    if not base or not ordinal.isdecimal():
        base, ordinal = key, "1"
    start, slash, end = base.partition("/")
    return (period_key(start, end).text if slash and start and end else base), int(ordinal)


def _canonical(text: str) -> str:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        plain = format(Decimal(text), "f")
        shortened = plain.rstrip("0").rstrip(".") if "." in plain else plain
        return "0" if shortened == "-0" else shortened
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    if moment.time() == time():
        return f"{moment:%Y-%m-%d}"
    return moment.isoformat().replace("+00:00", "Z")

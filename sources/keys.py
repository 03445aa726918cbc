"""The key of a document inside its listing: one place for what is the same and what is another."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

NO_KEY = "?"

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class Key:
    """`made`: a key of our own (`upcoming`, `start/end`, `?`), not the vendor's id."""

    text: str
    made: bool = False


def scalar(document: bytes | msgspec.Raw, *path: str) -> str | None:
    """The string, number (verbatim) or boolean at `path`; None where absent, null, or empty."""
    value: bytes | msgspec.Raw = document
    for name in path:
        try:
            value = _fields.decode(value).get(name, msgspec.Raw(b"null"))
        except msgspec.ValidationError:
            return None
    text = bytes(value).strip()
    if text.startswith(b'"'):
        return _text.decode(text) or None
    if text == b"null" or text[:1] in (b"{", b"["):
        return None
    return text.decode()


def is_object(document: msgspec.Raw) -> bool:
    return bytes(document).lstrip().startswith(b"{")


def id_key(document: bytes | msgspec.Raw, field: str = "id") -> Key:
    """The vendor's own id, else `?`."""
    identifier = scalar(document, field)
    return Key(identifier) if identifier else Key(NO_KEY, made=True)


def period_key(start: str | None, end: str | None) -> Key:
    """`start/end` as the document writes them, else `?`: half a period identifies nothing."""
    return Key(f"{start}/{end}" if start and end else NO_KEY, made=True)


class UniqueKeys:
    """Gives each document of one listing its key.

    A vendor's id that repeats is the same invoice, seen twice because pages shifted: it keeps its
    key, and the document seen last counts. A made key that repeats is another invoice, so it gets
    an ordinal: `upcoming`, `upcoming#2`, `upcoming#3`.
    """

    def __init__(self) -> None:
        self._made: dict[str, bool] = {}
        self._ordinals: dict[str, int] = {}

    def assign(self, key: Key) -> str:
        text = key.text
        repeated_id = not key.made and self._made.get(text) is False
        while text in self._made and not repeated_id:
            self._ordinals[key.text] = self._ordinals.get(key.text, 1) + 1
            text = f"{key.text}#{self._ordinals[key.text]}"
        self._made.setdefault(text, key.made or text != key.text)
        return text

"""What a vendor puts into its documents and nobody may keep: passwords, cookies, addresses."""

from __future__ import annotations

import msgspec

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def cut(document: bytes | msgspec.Raw, fields: frozenset[str]) -> bytes:
    """The document without `fields`, each a path of names with dots (`user.address`).

    A list on the way stands for each of its elements. Where nothing is cut, the bytes are those
    that came; an object that something is cut from is written without white space around its
    names and values, each of these with the bytes that came (of a name that repeats, the last).
    """
    kept = bytes(document)
    for field in sorted(fields):
        kept = _without(kept, field.split("."))
    return kept


def _without(value: bytes, path: list[str]) -> bytes:
    start = value.lstrip()[:1]
    if start == b"[":
        elements = [bytes(each) for each in _elements.decode(value)]
        kept = [_without(each, path) for each in elements]
        return value if kept == elements else _encode([msgspec.Raw(each) for each in kept])
    if start != b"{":
        return value
    fields = _fields.decode(value)
    name, *inside = path
    if name not in fields:
        return value
    found = bytes(fields[name])
    if inside:
        kept_inside = _without(found, inside)
        if kept_inside == found:
            return value
        fields[name] = msgspec.Raw(kept_inside)
    else:
        del fields[name]
    return _encode(fields)

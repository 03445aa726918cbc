"""Whether an answer is what was asked for: JSON of the right shape may still be something else.

An error that comes with status 200, or another invoice's detail, would take the place of the good
one. So each detail shows whose it is: by its id, else by its period and total. They are compared
as they are written, and numbers by their value; nothing is read from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import httpx
import msgspec

from sources.client.client import Client
from sources.keys import is_object, scalar

T = TypeVar("T")
Path = tuple[str, ...]
NULL = msgspec.Raw(b"null")
_NOTHING = frozenset({b"null", b"false", b"0", b'""', b"[]", b"{}"})


class ListAnswer(msgspec.Struct, kw_only=True):
    """A page of a list, whose documents a vendor's type names. What has none, and says that it is
    an error as one of the vendors says it, would close every document: it is another shape."""

    error: msgspec.Raw = NULL
    errors: msgspec.Raw = NULL
    errorCode: msgspec.Raw = NULL
    code: msgspec.Raw = NULL
    message: msgspec.Raw = NULL
    type: msgspec.Raw = NULL

    @property
    def documents(self) -> Sequence[msgspec.Raw]:
        raise NotImplementedError

    def __post_init__(self) -> None:
        if self._is_error and not self.documents:
            raise ValueError("the list is empty, but it says that it is an error")

    @property
    def _is_error(self) -> bool:
        says = any(map(_says, (self.error, self.errors, self.errorCode)))
        is_coded = _says(self.code) and _says(self.message)
        return says or is_coded or bytes(self.type).lower() == b'"error"'


def _says(value: msgspec.Raw) -> bool:
    return bytes(value) not in _NOTHING


def read(client: Client, url: httpx.URL, answer: msgspec.Raw, into: type[T]) -> T:
    """Part of an answer, decoded. Raises SourceError where it has another shape than `into`."""
    try:
        return msgspec.json.decode(answer, type=into)
    except (msgspec.ValidationError, RecursionError) as error:
        problem = f"the JSON has another shape than documented: {error}"
        raise client.refuse(url, problem) from None


def is_of(
    client: Client, url: httpx.URL, answer: msgspec.Raw, identifier: str, field: str = "id"
) -> msgspec.Raw:
    """The answer, if it is an object whose id (in `field`) is the one that was asked for.

    Raises SourceError where it isn't.
    """
    if not is_object(answer):
        raise client.refuse(url, f"what came for {identifier!r} is no object")
    stated = scalar(answer, field)
    if stated != identifier:
        whose = f"states no {field}" if stated is None else f"is that of {stated!r}"
        raise client.refuse(url, f"what came for {identifier!r} {whose}")
    return answer


def is_like(
    client: Client,
    url: httpx.URL,
    answer: msgspec.Raw,
    listed: bytes | msgspec.Raw,
    paths: Sequence[Path],
) -> msgspec.Raw:
    """The answer, if it is an object that agrees with the listed document in all of these fields
    that both state, and in one at least.

    Raises SourceError where it isn't.
    """
    if not is_object(answer):
        raise client.refuse(url, "what came for the invoice is no object")
    agreed = False
    for path in paths:
        wanted, stated = scalar(listed, *path), scalar(answer, *path)
        if wanted is None or stated is None:
            continue
        if canonical(wanted) != canonical(stated):
            name = ".".join(path)
            problem = f"another invoice's detail came: its `{name}` is {stated}, not {wanted}"
            raise client.refuse(url, problem)
        agreed = True
    if not agreed:
        names = ", ".join(f"`{'.'.join(path)}`" for path in paths)
        raise client.refuse(url, f"what came can't be told to be this invoice's: no {names}")
    return answer


def canonical(text: str) -> Decimal | str:
    """`1200.0` is `1200`, as numbers; what is no number is its text."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text

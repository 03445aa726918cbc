"""Secrets that cannot be printed by accident, and their removal from text that goes out."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

REMOVED = "[removed]"


class Secret:
    """A configured secret: whatever prints or logs it shows no more than that it is one."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself: for the request's authentication, and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({REMOVED!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written to files")


class Redactor:
    """Removes an account's secrets from text, in every spelling in which a server may echo them."""

    def __init__(self) -> None:
        self._spellings: set[str] = set()

    def add(self, secret: str) -> None:
        """Plain, URL-encoded, HTML- and JSON-escaped."""
        spellings = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
        spellings |= {html.escape(secret), json.dumps(secret)[1:-1]}
        spellings.add(json.dumps(secret)[1:-1].replace("/", "\\/"))
        self._spellings |= spellings - {""}

    def add_basic(self, user: str, password: str) -> None:
        """Both halves, and the pair as the Authorization header of HTTP Basic carries it."""
        self.add(password)
        pair = f"{user}:{password}"
        self.add(pair)
        self.add(base64.b64encode(pair.encode()).decode())

    def __call__(self, text: str) -> str:
        # The longest first, so that one secret inside another leaves no remainder behind.
        for spelling in sorted(self._spellings, key=len, reverse=True):
            text = text.replace(spelling, REMOVED)
        return text

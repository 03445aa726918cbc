"""The server's side of HTTP Digest authentication (RFC 7616): MD5 or SHA-256, quality of protection
`auth`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.request import parse_http_list, parse_keqv_list

from pendulum import DateTime

Algorithm = Literal["MD5", "SHA-256"]
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
NONCE_LIFETIME = 300  # seconds of the sandbox's clock


@dataclass(frozen=True)
class Nonce:
    issued_at: DateTime
    algorithm: Algorithm


class Digest:
    """Gives out nonces and verifies answers. A nonce count is taken once, in any order, since
    requests may overtake each other.
    """

    def __init__(
        self, realm: str, passwords: Mapping[str, str], clock: Callable[[], DateTime]
    ) -> None:
        self._realm = realm
        self._passwords = passwords
        self._clock = clock
        self._nonces: dict[str, Nonce] = {}
        self._used: set[tuple[str, str]] = set()

    def challenge(self, algorithm: Algorithm, *, stale: bool = False) -> str:
        """The value of `WWW-Authenticate`, with a nonce of its own."""
        nonce = secrets.token_hex(16)
        self._nonces[nonce] = Nonce(self._clock(), algorithm)
        return (
            f'Digest realm="{self._realm}", domain="", nonce="{nonce}", '
            f'algorithm={algorithm}, qop="auth", stale={str(stale).lower()}'
        )

    def verify(self, method: str, target: str, value: str) -> str | Literal["stale"] | None:
        """The user, `stale` (right, but the nonce is old or its count was used before), or nothing.

        value: what follows `Digest` in `Authorization`; target: path and query as they were sent.
        """
        try:
            given = parse_keqv_list(parse_http_list(value))
        except ValueError:
            return None
        nonce = self._nonces.get(given.get("nonce", ""))
        password = self._passwords.get(given.get("username", ""))
        if nonce is None or password is None or not self._well_formed(given, target, nonce):
            return None
        expected = self._response(given, password, method, nonce.algorithm)
        if not secrets.compare_digest(expected, given.get("response", "")):
            return None
        use = (given["nonce"], given["nc"])
        expired = (self._clock() - nonce.issued_at).total_seconds() > NONCE_LIFETIME
        if expired or use in self._used:
            return "stale"
        self._used.add(use)
        return given["username"]

    def _well_formed(self, given: Mapping[str, str], target: str, nonce: Nonce) -> bool:
        return (
            given.get("realm") == self._realm
            and given.get("uri") == target
            and given.get("qop") == "auth"
            and given.get("algorithm", "MD5").upper() == nonce.algorithm
            and len(given.get("nc", "")) == 8
            and bool(given.get("cnonce"))
        )

    def _response(
        self, given: Mapping[str, str], password: str, method: str, algorithm: Algorithm
    ) -> str:
        def hashed(*parts: str) -> str:
            return _HASHES[algorithm](":".join(parts).encode()).hexdigest()

        user = hashed(given["username"], self._realm, password)
        action = hashed(method, given["uri"])
        return hashed(user, given["nonce"], given["nc"], given["cnonce"], "auth", action)

"""OAuth 2.0 client credentials: tokens for service accounts, good for an hour of the sandbox's
clock.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from pendulum import DateTime

TOKEN_LIFETIME = 3600  # seconds


class Denied(Exception):
    """A token request that is refused, with its status and OAuth's word for the reason."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class Tokens:
    def __init__(self, clients: Mapping[str, str], clock: Callable[[], DateTime]) -> None:
        self._clients = clients
        self._clock = clock
        self._issued: dict[str, tuple[str, DateTime]] = {}

    def issue(self, basic: str | None, content_type: str, body: bytes) -> str:
        """A token for the client that `basic` (what follows `Basic`) names."""
        client = self._client(basic)
        if client is None:
            raise Denied(401, "invalid_client")
        if not content_type.startswith("application/x-www-form-urlencoded"):
            raise Denied(400, "invalid_request")
        grants = parse_qs(body.decode(errors="replace")).get("grant_type", [])
        if not grants:
            raise Denied(400, "invalid_request")
        if grants != ["client_credentials"]:
            raise Denied(400, "unsupported_grant_type")
        token = f"sandbox-token-{secrets.token_hex(16)}"
        self._issued[token] = (client, self._clock().add(seconds=TOKEN_LIFETIME))
        return token

    def client(self, token: str) -> str | None:
        """Whose token it is, while it is good."""
        client, expires_at = self._issued.get(token, (None, self._clock()))
        return client if self._clock() < expires_at else None

    def _client(self, basic: str | None) -> str | None:
        try:
            name, _, secret = base64.b64decode(basic or "", validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        known = self._clients.get(name)
        return name if known is not None and secrets.compare_digest(known, secret) else None

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
        """A token for the client that either `basic` (what follows `Basic`) or the form names (RFC
        6749, 2.3.1); a request that names it in both ways is refused.
        """
        form = parse_qs(body.decode(errors="replace"))
        if not content_type.startswith("application/x-www-form-urlencoded"):
            form = {}
        if basic is not None and "client_secret" in form:
            raise Denied(400, "invalid_request")
        if any(len(values) > 1 for values in form.values()):
            raise Denied(400, "invalid_request")
        client = self._by_basic(basic) if basic is not None else self._by_form(form)
        if client is None:
            raise Denied(401, "invalid_client")
        if form.get("client_id", [client]) != [client] or "grant_type" not in form:
            raise Denied(400, "invalid_request")
        if form["grant_type"] != ["client_credentials"]:
            raise Denied(400, "unsupported_grant_type")
        token = f"sandbox-token-{secrets.token_hex(16)}"
        self._issued[token] = (client, self._clock().add(seconds=TOKEN_LIFETIME))
        return token

    def client(self, token: str) -> str | None:
        """Whose token it is, while it is good."""
        client, expires_at = self._issued.get(token, (None, self._clock()))
        return client if self._clock() < expires_at else None

    def _by_basic(self, basic: str) -> str | None:
        try:
            name, _, secret = base64.b64decode(basic, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._authenticated(name, secret)

    def _by_form(self, form: Mapping[str, list[str]]) -> str | None:
        [name], [secret] = form.get("client_id", [""]), form.get("client_secret", [""])
        return self._authenticated(name, secret)

    def _authenticated(self, name: str, secret: str) -> str | None:
        known = self._clients.get(name)
        if known is None:
            return None
        return name if secrets.compare_digest(known.encode(), secret.encode()) else None

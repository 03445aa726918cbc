"""OAuth 2.0 client credentials (RFC 6749, 4.4): a token that is renewed when it expires."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

import httpx
import msgspec

from sources.redaction import Redactor

# Renewed a little early, since a token may expire on its way.
EARLY_SECONDS = 60.0


class Token(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


class ClientCredentials(httpx.Auth):
    """Asks `token_url` for a token with HTTP Basic, and once more when a request is answered 401.

    A refused token request is what the caller gets as the response: it is judged, and tried again,
    like any other.
    """

    def __init__(self, client_id: str, secret: str, token_url: str, redactor: Redactor) -> None:
        self._basic = httpx.BasicAuth(client_id, secret)
        self._token_url = token_url
        self._redactor = redactor
        redactor.add_basic(client_id, secret)
        self._renewing = asyncio.Lock()
        self._token = ""
        self._expires_at = 0.0

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        rejected = ""
        for _ in range(2):
            async with self._renewing:
                if self._token == rejected or time.monotonic() >= self._expires_at:
                    response = yield self._token_request(request)
                    if response.status_code != 200:
                        return
                    self._accept(await response.aread(), response)
            request.headers["Authorization"] = f"Bearer {self._token}"
            rejected = self._token
            response = yield request
            if response.status_code != 401:
                return

    def _token_request(self, request: httpx.Request) -> httpx.Request:
        token_request = httpx.Request(
            "POST",
            self._token_url,
            data={"grant_type": "client_credentials"},
            headers={"Accept": "application/json"},
            extensions=request.extensions,
        )
        return next(self._basic.auth_flow(token_request))

    def _accept(self, body: bytes, response: httpx.Response) -> None:
        try:
            token = msgspec.json.decode(body, type=Token)
        except msgspec.DecodeError:
            reason = "the answer holds no access token"
            raise httpx.RemoteProtocolError(reason, request=response.request) from None
        self._redactor.add(token.access_token)
        self._token = token.access_token
        self._expires_at = time.monotonic() + max(token.expires_in - EARLY_SECONDS, 1.0)

"""OAuth 2.0 client credentials (RFC 6749, 4.4): a token that is renewed when it expires."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Annotated

import httpx
import msgspec

from sources.client.decoding import NO_JSON, decode
from sources.client.redaction import Redactor
from sources.client.responses import NOTHING
from sources.client.unpacking import ACCEPTED, LIMIT, MEBIBYTE
from sources.errors import UnusableAnswer

# Renewed a little early, since a token may expire on its way.
EARLY_SECONDS = 60.0
LIFETIME_UNSTATED = 3600.0

# No bound above: some say "never" with the largest number that they know.
Seconds = Annotated[float, msgspec.Meta(ge=0)]
SecondsAsText = Annotated[str, msgspec.Meta(pattern=r"^\s*([0-9]+(\.[0-9]*)?)?\s*\Z")]


class Token(msgspec.Struct):
    """What RFC 6749, 5.1, has a token server answer, and nothing that merely looks like it."""

    access_token: Annotated[str, msgspec.Meta(pattern=r"^[!-~]+\Z")]
    token_type: Annotated[str, msgspec.Meta(pattern=r"^\s*(?i:bearer)?\s*\Z")] | None = None
    expires_in: Seconds | SecondsAsText | None = None

    @property
    def lifetime(self) -> float:
        """How long to use it: not to its end, and a second at least."""
        stated = self.expires_in.strip() if isinstance(self.expires_in, str) else self.expires_in
        seconds = LIFETIME_UNSTATED if stated in (None, "") else float(stated)
        return max(seconds - min(EARLY_SECONDS, seconds / 2), 1.0)


class ClientCredentials(httpx.Auth):
    """Asks `token_url` for a token with HTTP Basic, and once more when a request is answered 401.

    `scope` is what the token is asked to be good for, where the vendor wants that to be said. A
    refused token request is what the caller gets as the response: it is judged, and tried again,
    like any other.
    """

    def __init__(
        self, client_id: str, secret: str, token_url: str, redactor: Redactor, scope: str = ""
    ) -> None:
        self._asked = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        self._basic = httpx.BasicAuth(client_id, secret)
        self._token_url = token_url
        self._redactor = redactor
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
                    if not response.is_success:
                        return
                    await self._accept(response)
            request.headers["Authorization"] = f"Bearer {self._token}"
            rejected = self._token
            response = yield request
            if response.status_code != 401:
                return

    def _token_request(self, request: httpx.Request) -> httpx.Request:
        token_request = httpx.Request(
            "POST",
            self._token_url,
            data=self._asked,
            headers={"Accept": "application/json", "Accept-Encoding": ACCEPTED},
            extensions={**request.extensions, LIMIT: MEBIBYTE, NOTHING: None},
        )
        return next(self._basic.auth_flow(token_request))

    async def _accept(self, response: httpx.Response) -> None:
        """Takes the token that 200 brings. Nothing of the answer is told: it may hold one."""
        if response.status_code != 200:
            raise _no_token(response, f"answered {response.status_code}, where 200 brings a token")
        try:
            token = decode(await response.aread(), Token)
        except msgspec.ValidationError:
            problem = "answered 200, but with no bearer token as RFC 6749 describes it"
            raise _no_token(response, problem) from None
        except NO_JSON:
            problem = "answered 200, but no JSON, where a token was asked for"
            raise _no_token(response, problem, may_pass=True) from None
        self._redactor.add(token.access_token)
        self._token = token.access_token
        self._expires_at = time.monotonic() + token.lifetime


def _no_token(response: httpx.Response, problem: str, *, may_pass: bool = False) -> UnusableAnswer:
    remedy = "Check base_url, and any proxy or gateway before it; if it repeats, report it."
    return UnusableAnswer(response.request, problem, remedy, may_pass=may_pass)

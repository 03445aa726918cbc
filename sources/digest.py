"""HTTP Digest authentication (RFC 7616) for many requests at once, on top of httpx's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx


class SharedDigest(httpx.DigestAuth):
    """One nonce for an account's requests, counted up, so that only the first is challenged.

    httpx's own keeps a nonce too, but begins its count anew whenever any request is challenged: of
    two that run side by side on one nonce, the second would look like a replay. Here one request at
    a time is challenged, and a nonce's count only ever grows.
    """

    def __init__(self, user: str, password: str) -> None:
        super().__init__(user, password)
        self._challenging = asyncio.Lock()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        challenged = False
        signed_with = self._sign(request)
        if signed_with is None:
            async with self._challenging:
                # Another request may have been challenged while this one waited.
                signed_with = self._sign(request)
                if signed_with is None:
                    challenged = True
                    signed_with = self._take_challenge(request, (yield request))
                    if signed_with is None:
                        return
        response = yield request
        # A nonce of its own that is refused means a wrong key, unless the server says otherwise.
        if _challenge(response) is None or (challenged and not _is_stale(response)):
            return
        async with self._challenging:
            if self._nonce == signed_with:
                self._take_challenge(request, response)
            else:
                self._sign(request)
        yield request

    @property
    def _nonce(self) -> bytes | None:
        return self._last_challenge.nonce if self._last_challenge else None

    def _sign(self, request: httpx.Request) -> bytes | None:
        """Signs with the nonce at hand, if there is one, and returns it."""
        if self._last_challenge is None:
            return None
        try:
            header = self._build_auth_header(request, self._last_challenge)
        except (KeyError, NotImplementedError):
            self._last_challenge = None
            raise _not_understood(request) from None
        request.headers["Authorization"] = header
        return self._nonce

    def _take_challenge(self, request: httpx.Request, response: httpx.Response) -> bytes | None:
        challenge = _challenge(response)
        if challenge is None:
            return None
        try:
            parsed = self._parse_challenge(request, response, challenge)
        except ValueError:
            raise _not_understood(request) from None
        if parsed.nonce != self._nonce:
            self._last_challenge, self._nonce_count = parsed, 1
        return self._sign(request)


def _not_understood(request: httpx.Request) -> httpx.RemoteProtocolError:
    """Its kind is all that is told of it: see `Answers.broken`."""
    return httpx.RemoteProtocolError("the digest challenge is not supported", request=request)


def _challenge(response: httpx.Response) -> str | None:
    if response.status_code != 401:
        return None
    for header in response.headers.get_list("WWW-Authenticate"):
        if header.lower().startswith("digest "):
            return header
    return None


def _is_stale(response: httpx.Response) -> bool:
    """The signature was right, and only the nonce has expired."""
    header = (_challenge(response) or "").lower().replace('"', "").replace(" ", "")
    return "stale=true" in header

"""OVHcloud's signature: each request is hashed with two secrets and the server's own time."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator

import httpx
import msgspec

from sources.client.decoding import NO_JSON, decode
from sources.client.responses import NOTHING, SIGNATURE
from sources.client.unpacking import ACCEPTED, LIMIT, MEBIBYTE
from sources.errors import UnusableAnswer


class ServerTimeSignature(httpx.Auth):
    """Asks `time_url` once, without any credential, and then counts on by a clock that nobody
    sets: a signature that is minutes off is refused.

    A refused request for the time is what the caller gets as the response: it is judged, and tried
    again, like any other.
    """

    def __init__(self, key: str, secret: str, consumer_key: str, time_url: str) -> None:
        self._key = key
        self._secret = secret
        self._consumer_key = consumer_key
        self._time_url = time_url
        self._asking = asyncio.Lock()
        self._server_is_ahead: float | None = None  # of time.monotonic(), in seconds

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if self._server_is_ahead is None:
            async with self._asking:
                # Another request may have asked while this one waited.
                if self._server_is_ahead is None:
                    response = yield self._time_request(request)
                    if not response.is_success:
                        return
                    await self._accept(response)
        self._sign(request)
        yield request

    def _time_request(self, request: httpx.Request) -> httpx.Request:
        return httpx.Request(
            "GET",
            self._time_url,
            headers={"Accept": "application/json", "Accept-Encoding": ACCEPTED},
            extensions={**request.extensions, LIMIT: MEBIBYTE, NOTHING: None},
        )

    async def _accept(self, response: httpx.Response) -> None:
        try:
            seconds = decode(await response.aread(), int)
        except msgspec.ValidationError:
            problem = "answered no Unix time, where the server's was asked for"
            raise UnusableAnswer(response.request, problem) from None
        except NO_JSON:
            problem = "answered no JSON, where the server's time was asked for"
            raise UnusableAnswer(response.request, problem, may_pass=True) from None
        self._server_is_ahead = seconds - time.monotonic()

    def _sign(self, request: httpx.Request) -> None:
        now = str(int(time.monotonic() + (self._server_is_ahead or 0.0)))
        said = (self._secret, self._consumer_key, request.method, str(request.url), "", now)
        digest = hashlib.sha1("+".join(said).encode(), usedforsecurity=False).hexdigest()
        request.headers["X-Ovh-Application"] = self._key
        request.headers["X-Ovh-Consumer"] = self._consumer_key
        request.headers["X-Ovh-Timestamp"] = now
        request.headers[SIGNATURE] = f"$1${digest}"

"""An account's connections, each of which httpcore can find without looking at all the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx


class Connections:
    """One account's, each an httpx client of its own: httpcore looks through all connections that a
    client has, for each request and each answer.

    There are never more than requests at once, since each request has its turn when it takes one.
    """

    def __init__(self, make: Callable[[], httpx.AsyncClient]) -> None:
        self._make = make
        self._free: list[httpx.AsyncClient] = []
        self._closing: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[httpx.AsyncClient]:
        """The one that was free last, since that is the likeliest to be open still."""
        http = self._free.pop() if self._free else self._make()
        try:
            yield http
        except asyncio.CancelledError:
            # To httpcore one that was cancelled while it was made may seem taken for ever.
            self._close(http)
            http = self._make()
            raise
        finally:
            self._free.append(http)

    async def aclose(self) -> None:
        while self._free:
            self._close(self._free.pop())
        await asyncio.gather(*self._closing)

    def _close(self, http: httpx.AsyncClient) -> None:
        self._closing.append(asyncio.ensure_future(http.aclose()))

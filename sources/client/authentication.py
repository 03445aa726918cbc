"""How a request shows who it is from, each scheme a small generator of httpx's kind."""

from __future__ import annotations

from collections.abc import Generator

import httpx


class RequestHeader(httpx.Auth):
    """A header that is the same on every request: `Authorization`, or one of the vendor's own."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._name] = self._value
        yield request

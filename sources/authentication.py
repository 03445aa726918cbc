"""How a request shows who it is from, each scheme a small generator of httpx's kind."""

from __future__ import annotations

from collections.abc import Generator

import httpx


class AuthorizationHeader(httpx.Auth):
    """A fixed Authorization header: a scheme with a token, or whatever else a vendor asks for."""

    def __init__(self, value: str) -> None:
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._value
        yield request

"""What lies between the socket and the vendors: every request is counted by its route, and may be
made to wait.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.concurrency import Concurrency

CONTROL = "/_sandbox"
Between = Callable[[str, Scope, ASGIApp], ASGIApp]
"""What answers a request by this route in the place of the application; it may be that one."""


class Traffic:
    """ASGI middleware. `requests` counts by method and route, as in `GET
    /turso/v1/organizations/{slug}/invoices`.
    """

    def __init__(
        self,
        application: ASGIApp,
        routes: Iterable[BaseRoute],
        latency: float,
        between: Between | None,
    ) -> None:
        self.latency = latency
        self.requests: Counter[str] = Counter()
        self.concurrency = Concurrency()
        self._between = between
        self._application = application
        self._routes = [
            (mount.path, route)
            for mount in routes
            if isinstance(mount, Mount)
            for route in mount.routes
            if isinstance(route, Route)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(CONTROL):
            with self.concurrency.request(scope):
                await self._vendor(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    async def _vendor(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self.route(scope["method"], scope["path"])
        self.requests[route] += 1
        if self.latency:
            await asyncio.sleep(self.latency)
        answering = self._application
        if self._between is not None:
            answering = self._between(route, scope, answering)
        await answering(scope, receive, send)

    def forget_requests(self) -> None:
        self.requests.clear()
        self.concurrency.forget()

    def route(self, method: str, path: str) -> str:
        """The first route that takes the path, else the path itself."""
        for prefix, route in self._routes:
            if path.startswith(f"{prefix}/") and route.path_regex.match(path.removeprefix(prefix)):
                return f"{method} {prefix}{route.path}"
        return f"{method} {path}"

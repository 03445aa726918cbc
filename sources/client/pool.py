"""The connections of one run, and whose turn it is to have some."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from sources.client.caller import Caller
from sources.client.client import Client
from sources.client.connections import Connections
from sources.client.limits import REQUESTS_AT_ONCE, Allowance
from sources.client.origin import is_loopback
from sources.client.redaction import Secret
from sources.client.retry import RetryPolicy, Wait
from sources.client.surroundings import check_proxies, trusted_certificates
from sources.client.unpacking import unpacked_within_limit

# More would only wait for the one processor that reads the answers.
REQUESTS_OF_A_RUN = 100
# Of the files that a process may open, DuckDB, dlt and Python need some too.
FILES_OF_OTHERS = 128
CONNECTIONS_OF_A_RUN = 800


class Pool:
    """The connections of one run: a few for each account, open only while it is fetched. Only the
    TLS context is shared."""

    def __init__(
        self,
        retry: RetryPolicy | None = None,
        on_wait: Callable[[Wait], None] | None = None,
    ) -> None:
        """Raises ConfigurationError: see `sources.client.surroundings`."""
        check_proxies()
        self._retry = retry or RetryPolicy()
        self._on_wait = on_wait
        self._tls = trusted_certificates()
        self._total = asyncio.Semaphore(REQUESTS_OF_A_RUN)
        self._accounts = asyncio.Semaphore(max(1, affordable_connections() // REQUESTS_AT_ONCE))
        self._allowances: dict[tuple[str, tuple[Secret, ...]], Allowance] = {}
        self._closing: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def client(self, caller: Caller) -> AsyncIterator[Client]:
        """Waits until there are connections left for one more account."""
        async with self._accounts:
            # A proxy is for what is elsewhere: what is meant for this machine never leaves it.
            trust_env = not is_loopback(httpx.URL(caller.base_url).host)
            connections = Connections(partial(self._http, trust_env=trust_env))
            try:
                allowance = self._allowance(caller)
                yield Client(self._retry, connections, caller, allowance, self._on_wait)
            finally:
                # A task of its own, since this one may be cancelled while it would wait.
                self._closing.append(asyncio.ensure_future(connections.aclose()))

    async def aclose(self) -> None:
        await asyncio.gather(*self._closing)

    def _http(self, *, trust_env: bool) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._tls,
            trust_env=trust_env,
            limits=httpx.Limits(max_connections=1),
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            event_hooks={"response": [unpacked_within_limit]},
        )

    def _allowance(self, caller: Caller) -> Allowance:
        key = (caller.vendor, caller.credential)
        if key not in self._allowances:
            self._allowances[key] = Allowance(caller.rate, self._total)
        return self._allowances[key]


def affordable_connections() -> int:
    """A connection is an open file, of which a process may have 256 on one system, and a million
    on another."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit.
        return CONNECTIONS_OF_A_RUN
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return CONNECTIONS_OF_A_RUN
    return min(CONNECTIONS_OF_A_RUN, files - FILES_OF_OTHERS)

"""Five vendors at once, from the sandbox: it speaks their APIs strictly, and isn't the limit here.
They are the first that there were, so that a vendor more changes no figure.

Only Billhouse takes part: to load them with anything else, as many sources would have to be
written first. How fast that could get at best, the requests tell that have to wait for each other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from typing import Any

from benchmarks.programs import FETCH_ALONE, billhouse
from benchmarks.trial import RUNS, Measurement, Row, Trial, started_alone
from sandbox.server import Sandbox, running
from sandbox.world import World
from sources.client.limits import REQUESTS_AT_ONCE

VENDORS = ("turso", "versori", "mongodb", "northflank", "planetscale")
# A clock far enough back for the invoices to stay what they are, whenever this runs.
CLOCK = "2025-06-17T12:00:00Z"
DAILY: Mapping[str, Any] = {"now": CLOCK, "accounts": 1, "months": 24}
ACCOUNTS: Mapping[str, Any] = {"now": CLOCK, "accounts": 20, "months": 12}
# A token or a challenge, then the list (a year fits on a page), then an invoice's details.
CHAIN = 3


class VendorServer:
    """A sandbox, counted; it has no count of bytes."""

    def __init__(self, sandbox: Sandbox, latency: float) -> None:
        self.latency = latency
        self.url = sandbox.url
        self._sandbox = sandbox

    def forget_traffic(self) -> None:
        self._sandbox.reset_requests()

    def traffic(self) -> tuple[int, None]:
        return sum(self._sandbox.requests.values()), None

    def busiest(self) -> int:
        """The requests that came with the busiest account's credential."""
        return self._sandbox.concurrency.busiest

    def expected(self) -> tuple[int, int]:
        world = self._sandbox.world
        totals = [
            invoice.total
            for vendor in VENDORS
            for account in world.accounts(vendor)
            for invoice in world.invoices(vendor, account)
        ]
        return len(totals), sum(totals)


def first_runs(name: str, *, world: Mapping[str, Any], latency: float = 0.0) -> Iterator[Row]:
    with _serving(world, latency) as (server, trial):
        yield trial.first_loads(name)
        if latency:
            turns = ceil(server.busiest() / REQUESTS_AT_ONCE)
            yield _computed(name, f"chain: {CHAIN} requests", CHAIN, CHAIN * latency)
            limit = f"bound: {REQUESTS_AT_ONCE} at once of the busiest account"
            yield _computed(name, limit, server.busiest(), turns * latency)


def daily_runs(name: str, *, world: Mapping[str, Any]) -> Iterator[Row]:
    with _serving(world, 0.0) as (_, trial):
        yield trial.repeats(name)


def fetches_alone(name: str, *, world: Mapping[str, Any], latency: float) -> Iterator[Row]:
    """What the requests cost the client: nothing is loaded, and the program's start isn't counted.
    Nothing checks what came; the same fetch is, where it is loaded."""
    command = [sys.executable, "-m", "benchmarks.contenders.fetch_alone"]
    with running(World(**world), latency=latency) as sandbox:
        server = VendorServer(sandbox, latency)
        runs = []
        for _ in range(RUNS):
            server.forget_traffic()
            measured, told = started_alone(FETCH_ALONE, command, sandbox.environment(VENDORS))
            requests, _ = server.traffic()
            measured = replace(measured, cpu=told["cpu"], wall=told["seconds"], requests=requests)
            runs.append(measured)
    yield Row(name, FETCH_ALONE, tuple(runs))


@contextmanager
def _serving(world: Mapping[str, Any], latency: float) -> Iterator[tuple[VendorServer, Trial]]:
    with running(World(**world), latency=latency) as sandbox:
        server = VendorServer(sandbox, latency)
        yield server, Trial(billhouse(sandbox.environment(VENDORS)), server, server.expected)


def _computed(case: str, what: str, requests: int, seconds: float) -> Row:
    """No program: what the requests alone take."""
    return Row(case, what, (Measurement(seconds, 0.0, 0, requests, None),))

"""A running sandbox: all vendors on one port, each under its own prefix, in a thread of this
process.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox import control, rates
from sandbox.answers import vendor_application
from sandbox.concurrency import Concurrency
from sandbox.model import Account
from sandbox.rates import PATH as RATES_PATH
from sandbox.registry import VENDORS
from sandbox.traffic import CONTROL, Between, Traffic
from sandbox.world import World


class Sandbox:
    """`url` is the server's origin; `requests` counts by method and route, and `concurrency` how
    many came at once, the sandbox's own routes apart.
    """

    def __init__(self, url: str, world: World, traffic: Traffic) -> None:
        self.url = url
        self.world = world
        self.rates_url = f"{url}{RATES_PATH}"
        self._traffic = traffic

    @property
    def requests(self) -> dict[str, int]:
        return dict(self._traffic.requests)

    @property
    def concurrency(self) -> Concurrency:
        return self._traffic.concurrency

    def reset_requests(self) -> None:
        self._traffic.forget_requests()

    def advance(self, months: int = 1) -> None:
        self.world.advance(months)

    def configuration(self, vendors: Iterable[str] | None = None) -> dict[str, dict[str, object]]:
        """The settings with which `billhouse run` reads this sandbox, by vendor."""
        wanted = set(VENDORS if vendors is None else vendors)
        settings: dict[str, dict[str, object]] = {
            vendor: {
                "base_url": f"{self.url}/{vendor}",
                "accounts": [self._configuration(each) for each in self.world.accounts(vendor)],
            }
            for vendor in VENDORS
            if vendor in wanted
        }
        if "mongodb" in wanted and self.world.measures_lists:
            settings["mongodb"]["details"] = False
        return settings

    def environment(self, vendors: Iterable[str] | None = None) -> dict[str, str]:
        """The same as variables, for another process: what is no text as JSON."""
        return {
            f"SOURCES__{vendor.upper()}__{key.upper()}": value
            if isinstance(value, str)
            else json.dumps(value)
            for vendor, settings in self.configuration(vendors).items()
            for key, value in settings.items()
        }

    def _configuration(self, account: Account) -> dict[str, object]:
        configuration: dict[str, object] = dict(account.settings)
        if account.profile == "by-id":
            invoices = self.world.invoices(account.vendor, account)
            configuration["invoice_ids"] = [each.key for each in invoices]
        return configuration


@contextmanager
def running(
    world: World | None = None,
    *,
    latency: float = 0.0,
    port: int = 0,
    between: Between | None = None,
) -> Iterator[Sandbox]:
    """A sandbox that serves until the block ends. Port 0 takes a free one; latency is in seconds,
    before each answer. Of what stands `between` it and its callers, requests may meet something
    else.
    """
    world = world or World()
    traffic = _application(world, latency, between)
    listener = _listener(port)
    config = uvicorn.Config(
        traffic,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)
        yield Sandbox(f"http://127.0.0.1:{listener.getsockname()[1]}", world, traffic)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _listener(port: int) -> socket.socket:
    # asyncio turns off Nagle's delay (40 ms an answer) only where TCP is named as the protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener


def _application(world: World, latency: float, between: Between | None) -> Traffic:
    mounts = [
        Mount(f"/{name}", vendor.application(world), name=name) for name, vendor in VENDORS.items()
    ]
    application = Starlette(routes=[*mounts, rates.route(world)])
    traffic = Traffic(application, mounts, latency, between)
    controls = vendor_application(
        control.routes(world, traffic), lambda refusal: {"error": refusal.detail}
    )
    application.mount(CONTROL, controls)
    return traffic

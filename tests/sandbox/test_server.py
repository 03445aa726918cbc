from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
import pytest

import sources
from sandbox.registry import VENDORS
from sandbox.server import Sandbox, running
from sandbox.world import World

TURSO = "GET /turso/v1/organizations/{organizationSlug}/invoices"


def test_environment(sandbox: Sandbox) -> None:
    environment = sandbox.environment(["turso", "mongodb"])
    assert set(environment) == {
        "SOURCES__TURSO__BASE_URL",
        "SOURCES__TURSO__ACCOUNTS",
        "SOURCES__MONGODB__BASE_URL",
        "SOURCES__MONGODB__ACCOUNTS",
    }
    assert environment["SOURCES__MONGODB__BASE_URL"] == f"{sandbox.url}/mongodb"
    assert len(sandbox.environment()) == 2 * len(VENDORS)


def test_its_accounts_use_every_key_of_the_configuration(sandbox: Sandbox) -> None:
    keys: dict[str, set[str]] = {}
    for name, value in sandbox.environment().items():
        if name.endswith("__ACCOUNTS"):
            accounts = msgspec.json.decode(value)
            keys[name.split("__")[1].lower()] = {key for each in accounts for key in each}
    assert keys == {
        name: set(sources.VENDORS[name].account_type.__struct_fields__) for name in VENDORS
    }


def test_requests_are_counted_by_route(sandbox: Sandbox, client: httpx.Client) -> None:
    for slug in ("one", "two"):
        client.get(f"/turso/v1/organizations/{slug}/invoices")
    client.get("/northflank/billing/invoices/details")
    client.get("/nowhere")
    client.get("/_sandbox/clock")
    assert sandbox.requests == {
        TURSO: 2,
        "GET /northflank/billing/invoices/details": 1,
        "GET /nowhere": 1,
    }
    sandbox.reset_requests()
    assert sandbox.requests == {}


def test_the_same_bytes_until_the_clock_moves(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("northflank")[0]
    headers = {"Authorization": f"Bearer {account.settings['api_token']}"}

    def fetch() -> bytes:
        return client.get("/northflank/billing/invoices", headers=headers).content

    before = fetch()
    assert fetch() == before
    sandbox.advance()
    assert fetch() != before


def test_control_routes(sandbox: Sandbox, client: httpx.Client) -> None:
    def clock(**move: object) -> httpx.Response:
        return client.post("/_sandbox/clock", json=move)

    assert client.get("/_sandbox/clock").json() == {"now": "2026-03-17T12:00:00+00:00"}
    assert clock(advance_months=2).json() == {"now": "2026-05-17T12:00:00+00:00"}
    assert clock(now="2026-04-01T00:00:00Z").json() == {"now": "2026-04-01T00:00:00+00:00"}
    assert sandbox.world.now.month == 4
    assert clock(now="soon").status_code == 400
    assert clock().status_code == 400
    assert clock(advance_months="x").status_code == 400
    assert client.post("/_sandbox/clock", content=b"{").status_code == 400
    client.get("/turso/v1/organizations/one/invoices")
    assert client.get("/_sandbox/requests").json() == {TURSO: 1}
    assert client.delete("/_sandbox/requests").json() == {}
    assert client.get("/_sandbox/requests").json() == {}


def test_latency(sandbox: Sandbox, client: httpx.Client) -> None:
    assert client.post("/_sandbox/latency", json={"seconds": 0.2}).status_code == 200
    started = time.monotonic()
    client.get("/turso/v1/organizations/one/invoices")
    assert time.monotonic() - started >= 0.2


def test_a_chosen_port_and_two_servers_at_once() -> None:
    world = World(accounts=1, months=2)
    with running(world) as first, running(world) as second:
        assert first.url != second.url
        port = int(first.url.rpartition(":")[2])
    with running(world, port=port) as third:
        assert third.url == first.url
        assert httpx.get(f"{third.url}/_sandbox/clock").status_code == 200


@contextmanager
def child(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    command = [sys.executable, "-W", "error", "-m", "sandbox", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield process, msgspec.json.decode(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_as_a_child_process(ending: signal.Signals) -> None:
    with child("--accounts", "2", "--months", "3", "--now", "2026-03-17") as (process, line):
        assert set(line) == {"url", "environment"}
        accounts = msgspec.json.decode(line["environment"]["SOURCES__TURSO__ACCOUNTS"])
        account = accounts[0]
        response = httpx.get(
            f"{line['environment']['SOURCES__TURSO__BASE_URL']}"
            f"/v1/organizations/{account['organization']}/invoices?type=all",
            headers={"Authorization": f"Bearer {account['api_token']}"},
        )
        assert len(response.json()["invoices"]) == 3
        assert httpx.get(f"{line['url']}/_sandbox/requests").json() == {TURSO: 1}
        process.send_signal(ending)
        assert process.wait(timeout=10) == 0

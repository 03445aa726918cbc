"""How many requests are under way at once, counted by who gets them.

No bound is ever passed. How near to it a busy machine comes, nobody can promise: that accounts
don't wait for each other shows in more being under way than one account may have.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator

import httpx
import pytest

from sandbox.server import Sandbox, running
from sandbox.world import World
from sources import ConfiguredAccount
from sources.client import pool
from sources.client.limits import REQUESTS_AT_ONCE
from tests.sources.fetching import account, fetched

ACCOUNTS = 5


@pytest.fixture(scope="module")
def started() -> Iterator[Sandbox]:
    with running(World(accounts=ACCOUNTS, months=12), latency=0.1) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(started: Sandbox) -> Sandbox:
    started.reset_requests()
    return started


def of(
    sandbox: Sandbox, vendor: str, name: Callable[[int], str] = lambda number: f"{number}"
) -> list[ConfiguredAccount]:
    """The vendor's accounts, as they are configured."""
    return [
        account(
            vendor,
            f"{sandbox.url}/{vendor}",
            {**each.settings, "name": name(number)},
            name=name(number),
        )
        for number, each in enumerate(sandbox.world.accounts(vendor))
    ]


def fetch(*accounts: ConfiguredAccount) -> None:
    assert {each.error for each in fetched(*accounts).results} == {None}


@pytest.mark.parametrize("vendor", ["versori", "mongodb", "planetscale"])
def test_an_account_sends_eight_at_once(sandbox: Sandbox, vendor: str) -> None:
    fetch(*of(sandbox, vendor))
    assert 1 < sandbox.concurrency.most_with_one_credential <= REQUESTS_AT_ONCE


def test_each_of_the_eight_has_one_connection_and_keeps_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[httpx.AsyncClient] = []
    make = pool.Pool._http

    def counted(self: pool.Pool, *, trust_env: bool) -> httpx.AsyncClient:
        made.append(make(self, trust_env=trust_env))
        return made[-1]

    monkeypatch.setattr(pool.Pool, "_http", counted)
    fetch(of(sandbox, "planetscale")[0])
    assert sum(sandbox.requests.values()) > REQUESTS_AT_ONCE
    assert len(made) == REQUESTS_AT_ONCE
    assert {client._transport._pool._max_connections for client in made} == {1}  # type: ignore[attr-defined]
    assert all(client.is_closed for client in made)


def test_accounts_of_one_vendor_do_not_wait_for_each_other(sandbox: Sandbox) -> None:
    fetch(*of(sandbox, "versori"))
    assert REQUESTS_AT_ONCE < sandbox.concurrency.most <= ACCOUNTS * REQUESTS_AT_ONCE


def test_accounts_with_the_same_credential_share_its_eight(sandbox: Sandbox) -> None:
    first = of(sandbox, "versori")[0]
    again = of(sandbox, "versori", lambda number: f"again {number}")[0]
    fetch(first, again)
    assert 1 < sandbox.concurrency.most <= REQUESTS_AT_ONCE


def test_a_run_is_bounded_as_a_whole(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "REQUESTS_OF_A_RUN", 11)
    fetch(*of(sandbox, "versori"), *of(sandbox, "mongodb"))
    assert REQUESTS_AT_ONCE < sandbox.concurrency.most <= 11


def test_accounts_wait_for_connections(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CONNECTIONS_OF_A_RUN", 2 * REQUESTS_AT_ONCE)
    fetch(*of(sandbox, "versori"))
    assert REQUESTS_AT_ONCE < sandbox.concurrency.most <= 2 * REQUESTS_AT_ONCE


@pytest.mark.parametrize(
    ("files", "connections"),
    [(256, 128), (1024, 800), (resource.RLIM_INFINITY, 800)],
)
def test_as_many_connections_as_files_may_be_open(
    monkeypatch: pytest.MonkeyPatch, files: int, connections: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert pool.affordable_connections() == connections


def test_a_digest_is_challenged_once_an_account(sandbox: Sandbox) -> None:
    accounts = [each for each in of(sandbox, "mongodb") if each.account.private_key]
    fetch(*accounts)
    routes = [route for route in sandbox.requests if "/invoices" in route]
    answered = sum(sandbox.requests[route] for route in routes)
    documents = sum(
        len(list(sandbox.world.invoices("mongodb", each)))
        for each in sandbox.world.accounts("mongodb")
        if "private_key" in each.settings
    )
    challenges, lists = len(accounts), len(accounts)
    assert answered == documents + lists + challenges

"""Faults meet only whom they are meant for."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sandbox.server import running
from tests.support.faults import Fault, Faults

ROUTE = "GET /turso/v1/organizations/{organizationSlug}/invoices"


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def faulty(faults: Faults) -> Iterator[httpx.Client]:
    with running(between=faults) as sandbox, httpx.Client(base_url=sandbox.url) as client:
        yield client


def test_by_route_account_and_count(faults: Faults, faulty: httpx.Client) -> None:
    fault = Fault(kind="refuse", status=502, route=ROUTE, whose="one", skip=1, times=2)
    [injected] = faults.inject(fault)
    answers = [faulty.get("/turso/v1/organizations/one/invoices") for _ in range(4)]
    assert [each.status_code for each in answers] == [401, 502, 502, 401]
    assert faulty.get("/turso/v1/organizations/two/invoices").status_code == 401
    assert injected.met == 4
    faults.clear()
    assert faulty.get("/turso/v1/organizations/one/invoices").status_code == 401
    assert injected.met == 4


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="close before"):
        Fault(kind="earthquake")


def test_of_anybody(faults: Faults, faulty: httpx.Client) -> None:
    [injected] = faults.inject(Fault(kind="redirect", location="http://127.0.0.2:9/"))
    assert faulty.get("/northflank/billing/invoices").status_code == 302
    assert injected.met == 1

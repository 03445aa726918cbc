"""Faults are asked for over the wire too, and meet only whom they are meant for."""

from __future__ import annotations

import httpx

from sandbox.faults import Fault
from sandbox.server import Sandbox

ROUTE = "GET /turso/v1/organizations/{organizationSlug}/invoices"


def test_by_route_account_and_count(sandbox: Sandbox, client: httpx.Client) -> None:
    fault = {"kind": "refuse", "status": 502, "route": ROUTE, "whose": "one", "skip": 1, "times": 2}
    assert client.post("/_sandbox/faults", json=fault).status_code == 200
    try:
        answers = [client.get("/turso/v1/organizations/one/invoices") for _ in range(4)]
        assert [each.status_code for each in answers] == [401, 502, 502, 401]
        assert client.get("/turso/v1/organizations/two/invoices").status_code == 401
        [told] = client.get("/_sandbox/faults").json()
        assert told["met"] == 4
        assert told["fault"]["kind"] == "refuse"
    finally:
        assert client.delete("/_sandbox/faults").json() == []
    assert client.get("/turso/v1/organizations/one/invoices").status_code == 401


def test_an_unknown_fault_is_refused(client: httpx.Client) -> None:
    refused = client.post("/_sandbox/faults", json={"kind": "earthquake"})
    assert refused.status_code == 400
    assert "close before" in refused.text


def test_in_process(sandbox: Sandbox, client: httpx.Client) -> None:
    [injected] = sandbox.inject(Fault(kind="redirect", location="http://127.0.0.2:9/"))
    try:
        assert client.get("/northflank/billing/invoices").status_code == 302
        assert injected.met == 1
    finally:
        sandbox.clear_faults()
    assert client.get("/northflank/billing/invoices").status_code == 401

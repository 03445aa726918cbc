from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.model import Account, Invoice
from sandbox.server import Sandbox


def headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.settings['api_token']}"}


def path(account: Account) -> str:
    team = f"/teams/{account.identity}" if account.identity else ""
    return f"/northflank{team}/billing/invoices"


def walk(client: httpx.Client, account: Account, **parameters: str) -> list[dict[str, Any]]:
    """All rows, by cursor, of an array or of a single object."""
    rows: list[dict[str, Any]] = []
    while True:
        response = client.get(path(account), params=parameters, headers=headers(account))
        body = response.raise_for_status().json(parse_float=Decimal)
        found = body["data"]["invoices"]
        rows += found if isinstance(found, list) else [found]
        if not body["pagination"]["hasNextPage"]:
            assert "cursor" not in body["pagination"]
            return rows
        parameters["cursor"] = body["pagination"]["cursor"]


def key(row: dict[str, Any]) -> str:
    return row.get("id") or f"{row['period']['start']}/{row['period']['end']}"


def newest_first(sandbox: Sandbox, account: Account) -> list[Invoice]:
    return sandbox.world.invoices("northflank", account)[::-1]


@pytest.mark.parametrize("parameters", [{"per_page": "5"}, {"perPage": "7"}, {"per_page": "100"}])
def test_pages_hold_each_invoice_once(
    sandbox: Sandbox, client: httpx.Client, parameters: dict[str, str]
) -> None:
    for account in sandbox.world.accounts("northflank"):
        rows = walk(client, account, removeLegacyFields="true", **parameters)
        assert [key(row) for row in rows] == [each.key for each in newest_first(sandbox, account)]


def test_units(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("northflank"):
        rows = walk(client, account)
        for row, invoice in zip(rows, newest_first(sandbox, account), strict=True):
            factor = 100 if "status" in row else 1
            assert Decimal(row["total"]) * factor == invoice.amounts.total


def test_shapes(sandbox: Sandbox, client: httpx.Client) -> None:
    current, cents, legacy, single, transitional = sandbox.world.accounts("northflank")
    statuses = {row["status"] for row in walk(client, current)}
    assert statuses == {"open", "paid", "uncollectible", "void", "payment_failed"}
    rows = walk(client, cents)
    assert {row.get("paid") for row in rows} == {True, False, None}
    assert {row["currency"] for row in rows} == {"gbp"}
    assert set(walk(client, legacy)[0]) <= {"period", "total", "paid"}
    body = client.get(path(single), headers=headers(single)).json()
    assert isinstance(body["data"]["invoices"], dict)
    assert "paasUsage" in walk(client, transitional)[0]
    assert "paas" in walk(client, transitional, removeLegacyFields="true")[0]


def test_details_add_up(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("northflank"):
        invoice = newest_first(sandbox, account)[0]
        start = invoice.period[0].int_timestamp
        legacy = account.profile.startswith("legacy")
        tail = f"details?timestamp={start}" if legacy else invoice.key
        response = client.get(f"{path(account)}/{tail}", headers=headers(account))
        document = response.raise_for_status().json(parse_float=Decimal)["data"]
        discount = document["discount"] if legacy else document["discounts"]["total"]
        tax = document["tax"]["value" if legacy else "amount"]
        lines = sum(Decimal(line["total"]) for line in document["lineItems"])
        assert lines == document["subTotal"]
        assert document["subTotal"] - discount + tax == document["total"]


def test_preview_without_timestamp(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("northflank")[2]
    response = client.get(f"{path(account)}/details", headers=headers(account))
    assert "paid" not in response.json()["data"]


def test_quota_headers(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("northflank")[0]
    first, second = (client.get(path(account), headers=headers(account)) for _ in range(2))
    assert first.headers["x-ratelimit-limit"] == "1000"
    assert first.headers["x-ratelimit-remaining"] == "999"
    assert second.headers["x-ratelimit-remaining"] == "998"
    assert int(first.headers["x-ratelimit-reset"]) <= 3600


@pytest.mark.parametrize(
    "query",
    ["per_page=101", "perPage=0", "per_page=5&perPage=5", "cursor=gone", "limit=1"],
)
def test_bad_parameters(sandbox: Sandbox, client: httpx.Client, query: str) -> None:
    account = sandbox.world.accounts("northflank")[0]
    response = client.get(f"{path(account)}?{query}", headers=headers(account))
    assert response.status_code == 400
    assert set(response.json()["error"]) == {"status", "message", "id", "details"}


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    own, team, legacy, *_ = sandbox.world.accounts("northflank")
    assert client.get(path(own)).status_code == 401
    basic = {"Authorization": f"Basic {own.settings['api_token']}"}
    assert client.get(path(own), headers=basic).status_code == 401
    powerless = {"Authorization": f"Bearer {own.unprivileged['api_token']}"}
    assert client.get(path(own), headers=powerless).status_code == 403
    assert client.get(path(team), headers=headers(own)).status_code == 404
    assert client.get(path(own), headers=headers(team)).status_code == 404
    assert client.get(f"{path(own)}/nothing", headers=headers(own)).status_code == 404
    assert client.get(f"{path(own)}/details?timestamp=1", headers=headers(own)).status_code == 404
    early = f"{path(legacy)}/details?timestamp=1"
    assert client.get(early, headers=headers(legacy)).status_code == 404
    assert client.put(path(own), headers=headers(own)).status_code == 405

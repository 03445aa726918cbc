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
        if body == {"data": {}}:
            return rows
        found = body["data"]["invoices"]
        rows += found if isinstance(found, list) else [found]
        if not body["pagination"]["hasNextPage"]:
            assert "cursor" not in body["pagination"]
            return rows
        parameters["cursor"] = body["pagination"]["cursor"]


def key(row: dict[str, Any]) -> str:
    return row.get("id") or f"{row['period']['start']}/{row['period']['end']}"


def with_invoices(sandbox: Sandbox) -> list[Account]:
    return [each for each in sandbox.world.accounts("northflank") if each.profile != "empty"]


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
        factor = 100 if account.profile == "current" else 1
        for row, invoice in zip(rows, newest_first(sandbox, account), strict=True):
            assert Decimal(row["total"]) * factor == invoice.amounts.total


def test_shapes(sandbox: Sandbox, client: httpx.Client) -> None:
    current, cents, legacy, single, transitional, empty = sandbox.world.accounts("northflank")
    statuses = {row.get("status") for row in walk(client, current)}
    documented = {"draft", "open", "payment_failed", "paid", "uncollectible", "void"}
    assert statuses == {*documented, None}
    rows = walk(client, cents)
    assert {row.get("paid") for row in rows} == {True, False, None}
    assert {row["currency"] for row in rows} == {"gbp"}
    assert set(walk(client, legacy)[0]) <= {"period", "total", "paid"}
    body = client.get(path(single), headers=headers(single)).json()
    assert isinstance(body["data"]["invoices"], dict)
    assert "paasUsage" in walk(client, transitional)[0]
    assert "status" in walk(client, transitional, removeLegacyFields="true")[-1]
    assert client.get(path(empty), headers=headers(empty)).json() == {"data": {}}


def test_the_current_contract_s_options(sandbox: Sandbox, client: httpx.Client) -> None:
    """No field of an earlier contract is among them, and one of them may come alone."""
    optional = {"status", "subTotal", "scope", "paas", "byoc", "egressIp", "loadBalancer"}
    rows = walk(client, sandbox.world.accounts("northflank")[0])
    named = {"id", "period", "currency", "total", "reference"}
    sets = {frozenset(set(row) - named) for row in rows}
    assert frozenset.union(*sets) == optional
    assert {each for each in sets if len(each) == 1} == {
        frozenset({name}) for name in ("scope", "egressIp", "loadBalancer")
    }
    [row] = (row for row in rows if row.get("status") == "draft")
    assert row["scope"] == {"entityId": "sandbox-team", "entityType": "team"}
    assert set(row["paas"]) == {"price", "usage"}
    assert set(row["paas"]["price"]) == {"total", "cpu", "gpu", "memory", "storage"}


def test_details_add_up(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in with_invoices(sandbox):
        for invoice in newest_first(sandbox, account)[:9]:
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


def one(
    client: httpx.Client, account: Account, invoice: Invoice, **parameters: str
) -> dict[str, Any]:
    response = client.get(
        f"{path(account)}/{invoice.key}", params=parameters, headers=headers(account)
    )
    body: dict[str, Any] = response.raise_for_status().json()
    return body


def test_the_hierarchy_of_the_details(sandbox: Sandbox, client: httpx.Client) -> None:
    current, cents, legacy, _, transitional, _ = sandbox.world.accounts("northflank")
    invoices = newest_first(sandbox, current)
    details = [one(client, current, each)["data"] for each in invoices]
    assert any(each["byoc"]["clusters"] for each in details if "byoc" in each)
    [draft] = (each for each in details if each.get("status") == "draft")
    [draft_invoice] = (each for each in invoices if each.upcoming)
    assert len(draft["paas"]["teams"]) == 1
    assert set(draft["lineItems"][0]) == {"title", "total", "base", "proration"}
    second = one(client, current, draft_invoice, teamsPage="2", resourceType="harness")
    assert "pagination" not in second
    assert second["data"]["paas"]["teams"] == []

    before = newest_first(sandbox, cents)[0]
    assert one(client, cents, before, page="2")["data"]["paasUsage"]["teams"] == []
    assert one(client, cents, before)["pagination"] == {"hasNextPage": False, "count": 1}
    changing = newest_first(sandbox, transitional)[0]
    assert "pagination" in one(client, transitional, changing)
    assert "pagination" not in one(client, transitional, changing, removeLegacyFields="true")
    start = newest_first(sandbox, legacy)[0].period[0].int_timestamp
    oldest = client.get(f"{path(legacy)}/details?timestamp={start}", headers=headers(legacy))
    assert oldest.json()["data"]["paasUsage"]["teams"]


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


@pytest.mark.parametrize(
    ("number", "query"),
    [
        (0, "page=1"),
        (0, "per_page=5"),
        (0, "teamsPerPage=101"),
        (0, "projectsPage=0"),
        (0, "resourceType=cluster"),
        (0, "timestamp=1"),
        (1, "teamsPage=1"),
        (1, "resourceType=harness"),
        (1, "perPage=5"),
    ],
)
def test_bad_parameters_of_a_detail(
    sandbox: Sandbox, client: httpx.Client, number: int, query: str
) -> None:
    account = sandbox.world.accounts("northflank")[number]
    invoice = newest_first(sandbox, account)[0]
    response = client.get(f"{path(account)}/{invoice.key}?{query}", headers=headers(account))
    assert response.status_code == 400


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

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox


def headers(account: Account) -> dict[str, str]:
    settings = account.settings
    if "oauth_token" in settings:
        return {"Authorization": f"Bearer {settings['oauth_token']}"}
    return {"Authorization": f"{settings['service_token_id']}:{settings['service_token']}"}


def path(account: Account) -> str:
    return f"/planetscale/organizations/{account.identity}/invoices"


def walk(client: httpx.Client, account: Account, start: str, size: int) -> list[dict[str, Any]]:
    """All entries of a list, following `next_page_url` to the end."""
    entries: list[dict[str, Any]] = []
    url: str | None = f"{start}?per_page={size}"
    while url is not None:
        body = client.get(url, headers=headers(account)).raise_for_status().json()
        assert body["type"] == "list"
        assert body["per_page"] == size
        assert (body["next_page"] is None) == (body["next_page_url"] is None)
        assert (body["prev_page"] is None) == (body["current_page"] == 1)
        entries += body["data"]
        url = body["next_page_url"]
    return entries


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_hold_each_invoice_once(sandbox: Sandbox, client: httpx.Client, size: int) -> None:
    for account in sandbox.world.accounts("planetscale"):
        expected = {each.key: each for each in sandbox.world.invoices("planetscale", account)}
        documents = walk(client, account, path(account), size)
        assert [each["id"] for each in documents] == list(expected)[::-1]
        for document in documents:
            assert Decimal(str(document["total"])) * 100 == expected[document["id"]].total


def test_shapes(sandbox: Sandbox, client: httpx.Client) -> None:
    present, oauth, former, _ = (
        client.get(path(account), headers=headers(account)).json()["data"][-1]
        for account in sandbox.world.accounts("planetscale")
    )
    assert isinstance(present["total"], str)
    assert {"paid", "overdue"} <= set(present)
    assert oauth["billing_period_end"].endswith("T23:59:59.999Z")
    assert isinstance(former["total"], int | float)
    assert set(former) == {"id", "total", "billing_period_start", "billing_period_end"}


@pytest.mark.parametrize(
    ("number", "total", "subtotals"),
    [
        (0, {str}, {str}),
        (1, {str}, {float, int}),
        (2, {float, int}, {float, int}),
        (3, {str}, {str, type(None)}),
    ],
)
def test_a_server_writes_amounts_in_one_way(
    sandbox: Sandbox, client: httpx.Client, number: int, total: set[type], subtotals: set[type]
) -> None:
    account = sandbox.world.accounts("planetscale")[number]
    documents = walk(client, account, path(account), 100)
    assert {type(each["total"]) for each in documents} == total
    found: set[type] = set()
    for invoice in sandbox.world.invoices("planetscale", account)[:6]:
        lines = walk(client, account, f"{path(account)}/{invoice.key}/line-items", 100)
        assert [each["id"] for each in lines] == [each.id for each in invoice.lines]
        found |= {type(each["subtotal"]) for each in lines}
        stated = [each["subtotal"] for each in lines if each["subtotal"] is not None]
        assert sum(Decimal(str(each)) for each in stated) * 100 == invoice.amounts.total
    assert found == subtotals


def test_one_invoice_is_the_listed_one(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("planetscale")[3]
    listed = client.get(path(account), headers=headers(account)).json()["data"][0]
    assert client.get(f"{path(account)}/{listed['id']}", headers=headers(account)).json() == listed
    accounts = sandbox.environment(["planetscale"])["SOURCES__PLANETSCALE__ACCOUNTS"]
    assert listed["id"] in msgspec.json.decode(accounts)[3]["invoice_ids"]


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "per_page=101", "per_page=-1", "limit=5", "page=1&page=2"]
)
def test_bad_parameters(sandbox: Sandbox, client: httpx.Client, query: str) -> None:
    account = sandbox.world.accounts("planetscale")[0]
    response = client.get(f"{path(account)}?{query}", headers=headers(account))
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_params"


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    service, oauth, *_ = sandbox.world.accounts("planetscale")
    assert client.get(path(service)).json()["code"] == "unauthorized"
    with_scheme = {"Authorization": f"Bearer {headers(service)['Authorization']}"}
    assert client.get(path(service), headers=with_scheme).status_code == 401
    powerless = {"Authorization": f"Bearer {service.unprivileged['oauth_token']}"}
    for response in (
        client.get(path(service), headers=powerless),
        client.get(path(service), headers=headers(oauth)),
        client.get(path(service).replace(service.identity, "nobody"), headers=headers(service)),
        client.get(f"{path(service)}/nothing", headers=headers(service)),
        client.get(f"{path(service)}/nothing/line-items", headers=headers(service)),
    ):
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"
    assert client.post(path(service), headers=headers(service)).status_code == 405

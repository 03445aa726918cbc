from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox
from sandbox.vendors.scaleway.api import LISTS, money

INVOICES, CHARGES = f"/scaleway{LISTS}", "/scaleway/billing/v2beta1/charges"


def headers(account: Account) -> dict[str, str]:
    return {"X-Auth-Token": account.settings["secret_key"]}


def walk(client: httpx.Client, account: Account, size: int) -> list[dict[str, Any]]:
    """All invoices, page by page, as long as the count isn't met."""
    documents: list[dict[str, Any]] = []
    while True:
        parameters = {"organization_id": account.identity, "page_size": str(size)}
        parameters["page"] = str(len(documents) // size + 1)
        response = client.get(INVOICES, params=parameters, headers=headers(account))
        body = response.raise_for_status().json()
        documents += body["invoices"]
        if len(documents) >= body["total_count"]:
            return documents


def cents(amount: dict[str, Any]) -> Decimal:
    return 100 * (Decimal(amount["units"]) + Decimal(amount["nanos"]) / 10**9)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_hold_each_invoice_once(sandbox: Sandbox, client: httpx.Client, size: int) -> None:
    for account in sandbox.world.accounts("scaleway"):
        expected = {each.key: each for each in sandbox.world.invoices("scaleway", account)}
        documents = walk(client, account, size)
        assert [each["id"] for each in documents] == list(expected)
        for document in documents:
            invoice = expected[document["id"]]
            assert cents(document["total_taxed"]) == invoice.amounts.total
            assert (document["number"] == 0) == (invoice.number is None)
            assert document["stop_date"].endswith("T23:59:59.999999Z")
        # The running month stands among them.
        assert [each["state"] for each in documents].count("draft") == 1


@pytest.mark.parametrize(
    ("minor", "units", "nanos"),
    [("-175", -1, -750_000_000), ("1205", 12, 50_000_000), ("-0.5", 0, -5_000_000), ("0", 0, 0)],
)
def test_money_has_one_sign(minor: str, units: int, nanos: int) -> None:
    assert money(Decimal(minor)) == {"currency_code": "EUR", "units": units, "nanos": nanos}


def test_charges_of_an_invoice_add_up(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("scaleway")[0]
    pages = 0
    for invoice in walk(client, account, 100)[:6]:
        prices, token = Decimal(0), ""
        while True:
            parameters = {"organization_id": account.identity, "invoice_ids": invoice["id"]}
            parameters |= {"page_size": "100"} | ({"page_token": token} if token else {})
            response = client.get(CHARGES, params=parameters, headers=headers(account))
            body = response.raise_for_status().json()
            assert {each["invoice_id"] for each in body["charges"]} == {invoice["id"]}
            prices += sum((cents(each["price"]) for each in body["charges"]), Decimal(0))
            pages += 1
            if not (token := body["next_page_token"]):
                break
        assert prices == cents(invoice["total_undiscount"])
        one = client.get(f"{INVOICES}/{invoice['id']}", headers=headers(account))
        assert one.json() == invoice
    assert pages > 6


@pytest.mark.parametrize(
    "query", ["page=0", "page_size=101", "page_size=x", "limit=5", "order_by=sideways"]
)
def test_bad_parameters(sandbox: Sandbox, client: httpx.Client, query: str) -> None:
    account = sandbox.world.accounts("scaleway")[0]
    address = f"{INVOICES}?organization_id={account.identity}&{query}"
    response = client.get(address, headers=headers(account))
    assert (response.status_code, response.json()["type"]) == (400, "invalid_arguments")


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    first, second = sandbox.world.accounts("scaleway")
    own = f"{INVOICES}?organization_id={first.identity}"
    bearer = {"Authorization": f"Bearer {first.settings['secret_key']}"}
    powerless = {"X-Auth-Token": first.unprivileged["secret_key"]}
    unknown = f"{CHARGES}?organization_id={first.identity}&invoice_ids=nothing"
    for target, given, status in (
        (own, {}, 401),
        (own, bearer, 401),
        (own, powerless, 403),
        (own, headers(second), 403),
        (INVOICES, headers(first), 403),
        (unknown, headers(first), 404),
        (f"{INVOICES}/nothing", headers(first), 404),
    ):
        assert client.get(target, headers=given).status_code == status, target

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox
from sandbox.vendors.fastly.api import LISTS

INVOICES = f"/fastly{LISTS}"


def headers(account: Account) -> dict[str, str]:
    return {"Fastly-Key": account.settings["api_token"]}


def walk(client: httpx.Client, account: Account, size: int) -> list[dict[str, Any]]:
    """All issued invoices, from cursor to cursor."""
    documents: list[dict[str, Any]] = []
    cursor = ""
    while True:
        response = client.get(
            INVOICES, params={"limit": str(size), "cursor": cursor}, headers=headers(account)
        )
        body = json.loads(response.raise_for_status().content, parse_float=Decimal)
        documents += body["data"]
        if not (cursor := body["meta"]["next_cursor"]):
            return documents


@pytest.mark.parametrize("size", [1, 7, 200])
def test_pages_hold_each_issued_invoice_once(
    sandbox: Sandbox, client: httpx.Client, size: int
) -> None:
    for account in sandbox.world.accounts("fastly"):
        invoices = sandbox.world.invoices("fastly", account)[::-1]
        expected = {each.key: each for each in invoices if not each.upcoming}
        documents = walk(client, account, size)
        assert [each["invoice_id"] for each in documents] == list(expected)
        for document in documents:
            invoice = expected[document["invoice_id"]]
            lines = [Decimal(each["amount"]) for each in document["transaction_line_items"]]
            assert sum(lines) == document["monthly_transaction_amount"]
            assert document["monthly_transaction_amount"] * 100 == invoice.amounts.total
            assert document["currency_code"] == invoice.currency


def test_the_month_to_date_is_a_document_of_its_own(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("fastly"):
        document = client.get(f"{INVOICES}/month-to-date", headers=headers(account)).json()
        [upcoming] = [each for each in sandbox.world.invoices("fastly", account) if each.upcoming]
        assert document["invoice_id"] == upcoming.number
        assert isinstance(document["monthly_transaction_amount"], str)
        assert "currency_code" not in document
        assert all("credit_coupon_code" not in each for each in document["transaction_line_items"])


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("fastly")[0]
    own = headers(account)
    powerless = {"Fastly-Key": account.unprivileged["api_token"]}
    bearer = {"Authorization": f"Bearer {account.settings['api_token']}"}
    issued = walk(client, account, 200)[0]
    one = client.get(f"{INVOICES}/{issued['invoice_id']}", headers=own)
    assert json.loads(one.content, parse_float=Decimal) == issued
    for target, given, status in (
        (INVOICES, {}, 401),
        (INVOICES, bearer, 401),
        (INVOICES, powerless, 403),
        (f"{INVOICES}/nothing", own, 404),
        (f"{INVOICES}?limit=201", own, 400),
        (f"{INVOICES}?per_page=1", own, 400),
        (f"{INVOICES}?cursor=x", own, 400),
        (f"{INVOICES}?billing_start_date=2026-01-01", own, 400),
    ):
        response = client.get(target, headers=given)
        assert (response.status_code, set(response.json())) == (status, {"msg", "detail"}), target

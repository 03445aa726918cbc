from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.model import Account
from sandbox.money import rounded
from sandbox.server import Sandbox
from sandbox.vendors.cockroachdb.api import LISTS
from sandbox.vendors.cockroachdb.billing import CURRENCIES

INVOICES = f"/cockroachdb{LISTS}"


def headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.settings['secret_key']}"}


def listed(client: httpx.Client, account: Account, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"{INVOICES}{query}", headers=headers(account)).raise_for_status()
    documents: list[dict[str, Any]] = json.loads(response.content, parse_float=Decimal)["invoices"]
    return documents


def cents(amount: dict[str, Any]) -> int:
    return rounded(Decimal(amount["amount"]) * 100)


def test_a_document_holds_a_month_in_all_its_currencies(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    lengths = set()
    for account in sandbox.world.accounts("cockroachdb"):
        expected: dict[str, dict[str, int]] = defaultdict(dict)
        for each in sandbox.world.invoices("cockroachdb", account):
            expected[each.document][each.currency] = each.total
        documents = listed(client, account)
        assert [each["invoice_id"] for each in documents] == list(expected)
        assert [each["status"] for each in documents].count("DRAFT") == 1
        for document in documents:
            totals = {each["currency"]: cents(each) for each in document["totals"]}
            assert totals == expected[document["invoice_id"]]
            assert set(totals) == set(CURRENCIES[account.profile])
            stated = [each for item in document["invoice_items"] for each in item["line_items"]]
            amounts = [each["total"] for each in stated]
            amounts += [each["amount"] for each in document["adjustments"]]
            for currency, total in totals.items():
                own = [each["amount"] for each in amounts if each["currency"] == currency]
                assert rounded(sum(map(Decimal, own), Decimal(0)) * 100) == total
            lengths |= {len(str(each["amount"])) for each in document["totals"]}
    # Doubles that were added up.
    assert max(lengths) > 15


@pytest.mark.parametrize("status", ["DRAFT", "FINALIZED"])
def test_a_status_chooses(sandbox: Sandbox, client: httpx.Client, status: str) -> None:
    account = sandbox.world.accounts("cockroachdb")[1]
    documents = listed(client, account, f"?status={status}")
    assert {each["status"] for each in documents} == {status}
    assert documents == [each for each in listed(client, account) if each["status"] == status]


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("cockroachdb")[0]
    own = headers(account)
    [first, *_] = listed(client, account)
    one = client.get(f"{INVOICES}/{first['invoice_id']}", headers=own)
    assert json.loads(one.content, parse_float=Decimal) == first
    powerless = {"Authorization": f"Bearer {account.unprivileged['secret_key']}"}
    for target, given, status in (
        (INVOICES, {}, 401),
        (INVOICES, {"Authorization": f"Basic {account.settings['secret_key']}"}, 401),
        (INVOICES, powerless, 403),
        (f"{INVOICES}/nothing", own, 404),
        (f"{INVOICES}?status=PAID", own, 400),
        (f"{INVOICES}?start_time=yesterday", own, 400),
        (f"{INVOICES}?page=2", own, 400),
    ):
        response = client.get(target, headers=given)
        assert response.status_code == status, target
        assert response.json().keys() == {"code", "message", "details"}

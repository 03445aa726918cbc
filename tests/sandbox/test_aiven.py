from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox
from sandbox.vendors.aiven.billing import COURSES, ESTIMATES


def headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"aivenv1 {account.settings['api_token']}"}


def path(account: Account) -> str:
    return f"/aiven/organization/{account.identity}"


def listed(client: httpx.Client, account: Account, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"{path(account)}/invoices{query}", headers=headers(account))
    documents: list[dict[str, Any]] = response.raise_for_status().json()["invoices"]
    return documents


def test_lists_hold_each_invoice_once_in_decimal_texts(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    words = {step.word for course in COURSES for step in course.steps} | set(ESTIMATES)
    assert len(words) == 14
    for account in sandbox.world.accounts("aiven"):
        expected = {each.key: each for each in sandbox.world.invoices("aiven", account)}
        documents = listed(client, account)
        assert [each["invoice_number"] for each in documents] == list(expected)[::-1]
        for document in documents:
            invoice = expected[document["invoice_number"]]
            assert Decimal(document["total"]) * 100 == invoice.total
            assert Decimal(document["net"]) * 100 == invoice.subtotal
            assert document["state"] in words
        paid = listed(client, account, "?state=paid&state=due")
        assert {each["state"] for each in paid} == {"paid", "due"}


def test_what_was_consolidated_is_on_another_invoice(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    documents = listed(client, sandbox.world.accounts("aiven")[0])
    by_number = {each["invoice_number"]: each for each in documents}
    consolidated = [each for each in documents if each["state"] == "consolidated"]
    assert consolidated
    for each in consolidated:
        assert by_number[f"{each['invoice_number']}-c"]["total"] == each["total"]


def test_lines_add_up_to_net_or_are_not_supported(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("aiven")[0]
    statuses = set()
    for each in listed(client, account):
        one = f"{path(account)}/invoice/{each['invoice_number']}"
        assert client.get(one, headers=headers(account)).json() == each
        lines = client.get(f"{one}/lines", headers=headers(account))
        statuses.add(lines.status_code)
        if each["download_only"]:
            [error] = lines.json()["errors"]
            assert error["error_code"] == "invoice_lines_not_supported"
            assert error["status"] == lines.status_code == 501
        else:
            totals = [Decimal(line["total"]) for line in lines.json()["lines"]]
            assert sum(totals) == Decimal(each["net"])
    assert statuses == {200, 501}


@pytest.mark.parametrize("query", ["page=1", "starting_date=2026-01-01", "limit=5"])
def test_unknown_parameters(sandbox: Sandbox, client: httpx.Client, query: str) -> None:
    account = sandbox.world.accounts("aiven")[0]
    response = client.get(f"{path(account)}/invoices?{query}", headers=headers(account))
    assert response.status_code == 400


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    first, second = sandbox.world.accounts("aiven")
    token = first.settings["api_token"]
    for wrong in ({}, {"Authorization": f"Bearer {token}"}, {"Authorization": token}):
        assert client.get(f"{path(first)}/invoices", headers=wrong).status_code == 401
    powerless = {"Authorization": f"aivenv1 {first.unprivileged['api_token']}"}
    for target, given, code in (
        (f"{path(first)}/invoices", powerless, "organization_not_found"),
        (f"{path(first)}/invoices", headers(second), "organization_not_found"),
        (f"{path(first)}/invoice/nothing", headers(first), "invoice_not_found"),
        (f"{path(first)}/invoice/nothing/lines", headers(first), "invoice_not_found"),
    ):
        response = client.get(target, headers=given)
        assert response.status_code == 404
        assert response.json()["errors"][0]["error_code"] == code
    assert client.post(f"{path(first)}/invoices", headers=headers(first)).status_code == 405

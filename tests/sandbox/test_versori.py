from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.model import Account, Invoice
from sandbox.server import Sandbox


def headers(account: Account) -> dict[str, str]:
    settings = account.settings
    return {"Authorization": f"{settings['auth_scheme']} {settings['api_key']}"}


def fetch(client: httpx.Client, account: Account, **parameters: str) -> httpx.Response:
    path = f"/versori/organisations/{account.identity}/billing/invoices"
    return client.get(path, params=parameters, headers=headers(account))


def walk(client: httpx.Client, account: Account, **parameters: str) -> list[dict[str, Any]]:
    """All documents, from a bare array as well as from pages."""
    body = fetch(client, account, **parameters).json()
    if isinstance(body, list):
        return body
    documents: list[dict[str, Any]] = body["items"]
    while body["next"]:
        body = client.get(body["next"], headers=headers(account)).json()
        documents += body["items"]
    return documents


def minor(money: dict[str, Any]) -> int:
    amount: int = money["integral"] * 100 + money["fractional"]
    return -amount if money["isNegative"] else amount


def key(document: dict[str, Any]) -> str:
    return f"{document['invoiceStartDate']}/{document['invoiceEndDate']}"


def issued(sandbox: Sandbox, account: Account) -> dict[str, Invoice]:
    invoices = sandbox.world.invoices("versori", account)
    return {each.key: each for each in invoices if not each.upcoming}


def test_history_by_a_wide_window(sandbox: Sandbox, client: httpx.Client) -> None:
    window = {"from": "2020-01-01", "to": "2030-01-01"}
    for account in sandbox.world.accounts("versori"):
        expected = issued(sandbox, account)
        documents = walk(client, account, **window)
        assert [key(each) for each in documents] == list(expected)
        for document in documents:
            assert minor(document["totalAmount"]) == expected[key(document)].total
            parts = sum(minor(each["total"]) for each in document["productBreakdowns"])
            assert parts == expected[key(document)].total


def test_months_overlap_at_their_ends(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("versori")[:2]:
        january = walk(client, account, **{"from": "2026-01-01", "to": "2026-01-31"})
        february = walk(client, account, **{"from": "2026-02-01", "to": "2026-02-28"})
        assert {key(each) for each in january} & {key(each) for each in february}


def test_upcoming_only_without_parameters(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("versori"):
        (document,) = walk(client, account)
        assert document["invoiceURL"] == ""
        (invoice,) = (each for each in sandbox.world.invoices("versori", account) if each.upcoming)
        assert minor(document["totalAmount"]) == invoice.total


def test_defaults_of_a_half_given_window(sandbox: Sandbox, client: httpx.Client) -> None:
    calendar = sandbox.world.accounts("versori")[2]
    assert [key(each) for each in walk(client, calendar, **{"from": "2026-02-01"})] == [
        "2026-02-01/2026-02-28"
    ]
    assert [key(each) for each in walk(client, calendar, to="2026-02-27")] == [
        "2026-02-01/2026-02-28"
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"from": "2026-13-01"},
        {"from": "20260101"},
        {"from": "2026-02-01", "to": "2026-01-01"},
        {"since": "2026-01-01"},
        {"cursor": "1"},
    ],
)
def test_bad_parameters(sandbox: Sandbox, client: httpx.Client, parameters: dict[str, str]) -> None:
    response = fetch(client, sandbox.world.accounts("versori")[0], **parameters)
    assert response.status_code == 400
    assert set(response.json()) == {"code", "message"}


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    bearer, jwt, _ = sandbox.world.accounts("versori")
    path = f"/versori/organisations/{bearer.identity}/billing/invoices"
    assert client.get(path).status_code == 401
    swapped = {"Authorization": f"JWT {bearer.settings['api_key']}"}
    assert client.get(path, headers=swapped).status_code == 401
    assert client.get(path, headers=headers(jwt)).status_code == 403
    unknown = path.replace(bearer.identity, "nobody")
    assert client.get(unknown, headers=headers(bearer)).status_code == 404
    assert client.delete(path, headers=headers(bearer)).status_code == 405

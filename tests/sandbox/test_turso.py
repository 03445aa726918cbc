from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox


def fetch(client: httpx.Client, account: Account, **parameters: str) -> httpx.Response:
    path = f"/turso/v1/organizations/{account.identity}/invoices"
    authorization = {"Authorization": f"Bearer {account.settings['api_token']}"}
    return client.get(path, params=parameters, headers=authorization)


def test_issued_and_upcoming_make_up_all(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("turso")[:2]:
        issued, upcoming, every = (
            fetch(client, account, type=kind).json()["invoices"]
            for kind in ("issued", "upcoming", "all")
        )
        numbers = [each["invoice_number"] for each in issued]
        assert len(set(numbers)) == len(numbers)
        assert len(upcoming) == 1
        assert not upcoming[0].get("invoice_number")
        assert len(every) == len(issued) + 1 == len(sandbox.world.invoices("turso", account))


def test_amounts_are_those_of_the_model(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("turso")[:2]:
        expected = {each.key: each.total for each in sandbox.world.invoices("turso", account)}
        for document in fetch(client, account, type="issued").json()["invoices"]:
            dollars = Decimal(document["amount_due"].replace("$", "").replace(",", ""))
            assert dollars * 100 == expected[document["invoice_number"]]


def test_shapes(sandbox: Sandbox, client: httpx.Client) -> None:
    full, documented, empty, absent = sandbox.world.accounts("turso")
    assert fetch(client, empty, type="all").json() == {"invoices": None}
    assert fetch(client, absent, type="all").json() == {}
    statuses = {each["status"] for each in fetch(client, full, type="all").json()["invoices"]}
    assert statuses == {"draft", "issued", "paid", "synced", "void"}
    plain = fetch(client, documented, type="all").json()["invoices"]
    assert not any("status" in each or "hosted_invoice_url" in each for each in plain)
    assert any("," in each["amount_due"] for each in plain)


def test_links_are_signed_anew_and_nothing_else_changes(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    account = sandbox.world.accounts("turso")[0]
    first, second = (fetch(client, account, type="issued").json()["invoices"] for _ in range(2))
    assert first[0]["invoice_pdf"] != second[0]["invoice_pdf"]
    for document in (*first, *second):
        del document["invoice_pdf"], document["hosted_invoice_url"]
    assert first == second


@pytest.mark.parametrize("authorization", ["", "Basic {}", "Bearer wrong", "JWT {}", "{}"])
def test_wrong_credentials(sandbox: Sandbox, client: httpx.Client, authorization: str) -> None:
    account = sandbox.world.accounts("turso")[0]
    path = f"/turso/v1/organizations/{account.identity}/invoices"
    given = authorization.format(account.settings["api_token"])
    response = client.get(path, headers={"Authorization": given} if given else {})
    assert response.status_code == 401
    assert set(response.json()) == {"error"}


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    account, other, *_ = sandbox.world.accounts("turso")
    authorization = {"Authorization": f"Bearer {account.settings['api_token']}"}
    path = f"/turso/v1/organizations/{account.identity}/invoices"
    foreign = path.replace(account.identity, other.identity)
    assert client.get(foreign, headers=authorization).status_code == 403
    unknown = path.replace(account.identity, "nobody")
    assert client.get(unknown, headers=authorization).status_code == 404
    assert client.get(f"{path}/1", headers=authorization).status_code == 404
    assert client.post(path, headers=authorization).status_code == 405
    assert fetch(client, account, type="past").status_code == 400
    assert fetch(client, account, page="2").status_code == 400

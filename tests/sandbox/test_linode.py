from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox
from sandbox.vendors.linode.api import LISTS

PATH = f"/linode{LISTS}"


def headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.settings['api_token']}"}


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.world.accounts("linode")[0]


def test_each_invoice_is_there_once(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("linode"):
        expected = sandbox.world.invoices("linode", account)
        page = client.get(f"{PATH}?page_size=25", headers=headers(account)).json()
        assert (page["page"], page["pages"], page["results"]) == (1, 1, len(expected))
        assert [str(each["id"]) for each in page["data"]] == [each.key for each in expected]
        for document, invoice in zip(page["data"], expected, strict=True):
            assert round(100 * Decimal(str(document["total"]))) == invoice.total
            assert document["date"].endswith("-01T00:01:01")
            assert document["billing_source"] == account.profile
            one = client.get(f"{PATH}/{document['id']}", headers=headers(account))
            assert one.json() == document


def test_pages(sandbox: Sandbox, client: httpx.Client, account: Account) -> None:
    sandbox.advance(12)
    pages = [
        client.get(f"{PATH}?page_size=25&page={number}", headers=headers(account)).json()
        for number in (1, 2)
    ]
    assert [each["pages"] for each in pages] == [2, 2]
    ids = [each["id"] for page in pages for each in page["data"]]
    assert ids == [int(each.key) for each in sandbox.world.invoices("linode", account)]
    assert len(ids) == pages[0]["results"] > 25


def test_items_are_the_subtotal(client: httpx.Client, account: Account) -> None:
    terms = set()
    for invoice in client.get(PATH, headers=headers(account)).json()["data"]:
        page = client.get(f"{PATH}/{invoice['id']}/items", headers=headers(account)).json()
        amounts = [Decimal(str(each["amount"])) for each in page["data"]]
        assert sum(amounts) == Decimal(str(invoice["subtotal"]))
        assert all(isinstance(each["unit_price"], str) for each in page["data"])
        terms |= {each["to"] and each["to"][-8:] for each in page["data"]}
    assert terms == {"23:59:59", None}


@pytest.mark.parametrize(
    "query", ["page=0", "page_size=24", "page_size=501", "page_size=x", "limit=5", "page=1&page=1"]
)
def test_bad_parameters(client: httpx.Client, account: Account, query: str) -> None:
    for path in (PATH, f"{PATH}/20000000/items"):
        response = client.get(f"{path}?{query}", headers=headers(account))
        assert response.status_code == 400
        assert response.json()["errors"][0]["reason"]


def test_refusals(sandbox: Sandbox, client: httpx.Client, account: Account) -> None:
    another = sandbox.world.invoices("linode", sandbox.world.accounts("linode")[1])[0].key
    powerless = {"Authorization": f"Bearer {account.unprivileged['api_token']}"}
    for answer, status in (
        (client.get(PATH), 401),
        (client.get(PATH, headers={"Authorization": "Bearer wrong"}), 401),
        (client.get(PATH, headers=powerless), 403),
        (client.get(f"{PATH}/{another}", headers=headers(account)), 404),
        (client.get(f"{PATH}/{another}/items", headers=headers(account)), 404),
        (client.get(f"{PATH}?page=2", headers=headers(account)), 404),
        (client.post(PATH, headers=headers(account)), 405),
    ):
        assert answer.status_code == status
        assert answer.json()["errors"][0]["reason"]

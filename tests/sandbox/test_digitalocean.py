from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox

PATH = "/digitalocean/v2/customers/my/invoices"


def headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.settings['api_token']}"}


def walk(client: httpx.Client, account: Account, start: str, name: str, size: int) -> list[Any]:
    """All entries of a list, following `links.pages.next` to the end."""
    entries: list[Any] = []
    url: str | None = f"{start}?per_page={size}"
    while url is not None:
        body = client.get(url, headers=headers(account)).raise_for_status().json()
        entries += body[name]
        assert len(body[name]) <= size
        url = body.get("links", {}).get("pages", {}).get("next")
    assert body["meta"]["total"] == len(entries)
    return entries


@pytest.mark.parametrize("size", [1, 7, 200])
def test_pages_hold_each_issued_invoice_once(
    sandbox: Sandbox, client: httpx.Client, size: int
) -> None:
    for account in sandbox.world.accounts("digitalocean"):
        invoices = sandbox.world.invoices("digitalocean", account)
        expected = [each for each in invoices[::-1] if not each.upcoming]
        documents = walk(client, account, PATH, "invoices", size)
        assert [each["invoice_uuid"] for each in documents] == [each.key for each in expected]
        assert [Decimal(each["amount"]) * 100 for each in documents] == [
            each.total for each in expected
        ]
        assert all("updated_at" not in each for each in documents)


def test_the_preview_comes_with_every_page_and_never_alike(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    account = sandbox.world.accounts("digitalocean")[0]
    [first, second] = (
        client.get(f"{PATH}?per_page=2&page={page}", headers=headers(account)).json()
        for page in (1, 2)
    )
    assert first["links"]["pages"].keys() == {"next", "last"}
    assert second["links"]["pages"].keys() == {"next", "last", "first", "prev"}
    before, after = first["invoice_preview"], second["invoice_preview"]
    assert before.pop("updated_at") < after.pop("updated_at")
    assert before == after


@pytest.mark.parametrize(("number", "is_kept"), [(0, True), (1, False)])
def test_whether_an_id_is_kept(
    sandbox: Sandbox, client: httpx.Client, number: int, is_kept: bool
) -> None:
    account = sandbox.world.accounts("digitalocean")[number]
    preview = client.get(PATH, headers=headers(account)).json()["invoice_preview"]
    sandbox.advance()
    issued = client.get(PATH, headers=headers(account)).json()["invoices"][0]
    assert issued["invoice_period"] == preview["invoice_period"]
    assert (issued["invoice_uuid"] == preview["invoice_uuid"]) == is_kept


def test_items_taxes_and_credits_are_the_amount(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("digitalocean")[1]
    listed = client.get(f"{PATH}?per_page=200", headers=headers(account)).json()
    charges = set()
    for each in [*listed["invoices"], listed["invoice_preview"]]:
        path = f"{PATH}/{each['invoice_uuid']}"
        summary = client.get(f"{path}/summary", headers=headers(account)).json()
        items = walk(client, account, path, "invoice_items", 100)
        assert summary["amount"] == each["amount"]
        parts = [
            Decimal(summary[name]["amount"])
            for name in ("product_charges", "taxes", "credits_and_adjustments")
        ]
        assert sum(Decimal(item["amount"]) for item in items) == parts[0]
        assert sum(parts) == Decimal(each["amount"])
        charges |= {(parts[1] > 0, parts[2] < 0)}
    assert charges == {(False, False), (True, False), (False, True), (True, True)}


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "per_page=201", "per_page=-1", "limit=5", "page=1&page=2"]
)
def test_bad_parameters(sandbox: Sandbox, client: httpx.Client, query: str) -> None:
    account = sandbox.world.accounts("digitalocean")[0]
    response = client.get(f"{PATH}?{query}", headers=headers(account))
    assert response.status_code == 400
    assert response.json()["id"] == "bad_request"


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    kept, renamed = sandbox.world.accounts("digitalocean")
    powerless = {"Authorization": f"Bearer {kept.unprivileged['api_token']}"}
    another = sandbox.world.invoices("digitalocean", renamed)[0].key
    upcoming = client.get(PATH, headers=headers(kept)).json()["invoice_preview"]["invoice_uuid"]
    for answer, status, word in (
        (client.get(PATH), 401, "unauthorized"),
        (client.get(PATH, headers={"Authorization": "Bearer wrong"}), 401, "unauthorized"),
        (client.get(PATH, headers=powerless), 403, "forbidden"),
        (client.get(f"{PATH}/{another}", headers=headers(kept)), 404, "not_found"),
        (client.get(f"{PATH}/{upcoming}/pdf", headers=headers(kept)), 404, "not_found"),
        (client.post(PATH, headers=headers(kept)), 405, "method_not_allowed"),
    ):
        assert answer.status_code == status
        assert answer.json()["id"] == word


def test_a_paper_is_a_pdf(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("digitalocean")[0]
    issued = sandbox.world.invoices("digitalocean", account)[0]
    paper = client.get(f"{PATH}/{issued.key}/pdf", headers=headers(account))
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")

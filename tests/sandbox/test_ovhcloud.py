from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox
from sandbox.vendors.ovhcloud.api import price

PREFIX = "/ovhcloud"


def signed(
    client: httpx.Client, keys: Any, target: str, *, late: int = 0, secret: str = ""
) -> dict[str, str]:
    now = str(client.get(f"{PREFIX}/auth/time").json() - late)
    url = str(client.base_url.join(f"{PREFIX}{target}"))
    said = (secret or keys["application_secret"], keys["consumer_key"], "GET", url, "", now)
    digest = hashlib.sha1("+".join(said).encode(), usedforsecurity=False).hexdigest()
    return {
        "X-Ovh-Application": keys["application_key"],
        "X-Ovh-Consumer": keys["consumer_key"],
        "X-Ovh-Timestamp": now,
        "X-Ovh-Signature": f"$1${digest}",
    }


def get(client: httpx.Client, account: Account, target: str) -> httpx.Response:
    headers = signed(client, account.settings, target)
    return client.get(f"{PREFIX}{target}", headers=headers)


def account(sandbox: Sandbox) -> Account:
    return sandbox.world.accounts("ovhcloud")[0]


def test_lists_are_of_ids_and_each_leads_to_a_bill(sandbox: Sandbox, client: httpx.Client) -> None:
    who = account(sandbox)
    expected = {each.key: each for each in sandbox.world.invoices("ovhcloud", who)}
    found = {}
    for kind, prefix in (("bill", ""), ("refund", "refund:")):
        for identifier in get(client, who, f"/me/{kind}").json():
            bill = get(client, who, f"/me/{kind}/{identifier}").json()
            found[f"{prefix}{identifier}"] = bill
            invoice = expected[f"{prefix}{identifier}"]
            assert Decimal(bill["priceWithTax"]["priceInUcents"]) / 10**6 == invoice.amounts.total
            entries = [
                get(client, who, f"/me/{kind}/{identifier}/details/{each}").json()
                for each in get(client, who, f"/me/{kind}/{identifier}/details").json()
            ]
            assert (
                sum(each["totalPrice"]["priceInUcents"] for each in entries)
                == (bill["priceWithoutTax"]["priceInUcents"])
            )
    assert found.keys() == expected.keys()
    refunds = [bill for key, bill in found.items() if key.startswith("refund:")]
    assert refunds
    assert all(each["originalBillId"] in found for each in refunds)


def test_debts_and_payments_are_there_or_are_not(sandbox: Sandbox, client: httpx.Client) -> None:
    who = account(sandbox)
    statuses = set()
    for invoice in sandbox.world.invoices("ovhcloud", who):
        if invoice.key.startswith("refund:"):
            continue
        debt = get(client, who, f"/me/bill/{invoice.key}/debt")
        payment = get(client, who, f"/me/bill/{invoice.key}/payment")
        assert (debt.status_code == 200) == (invoice.status is not None)
        assert (payment.status_code == 200) == (invoice.paid_at is not None)
        if debt.status_code == 200:
            statuses.add(debt.json()["status"])
        else:
            assert "The requested object (billId = " in debt.json()["message"]
    assert {"PAID", "UNPAID"} <= statuses


@pytest.mark.parametrize(
    ("minor", "value", "ucents"),
    [("1205", "12.05", 1_205_000_000), ("0.5", "0.01", 500_000), ("-150", "-1.5", -150_000_000)],
)
def test_a_price_is_rounded_and_exact(minor: str, value: str, ucents: int) -> None:
    found = price(Decimal(minor), "EUR")
    assert (found["value"], found["priceInUcents"]) == (Decimal(value), ucents)


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    who = account(sandbox)
    keys = who.settings
    refund = next(
        each.key
        for each in sandbox.world.invoices("ovhcloud", who)
        if each.key.startswith("refund:")
    )
    own = f"{PREFIX}/me/bill"
    for target, headers, status in (
        ("/me/bill", {}, 401),
        ("/me/bill", {"Authorization": "Bearer token"}, 401),
        ("/me/bill", signed(client, keys, "/me/bill", late=301), 400),
        ("/me/bill", signed(client, keys, "/me/bill", secret="another"), 401),
        ("/me/bill", signed(client, keys, "/me/refund"), 401),
        ("/me/bill", signed(client, who.unprivileged, "/me/bill"), 403),
        ("/me/bill?page=2", signed(client, keys, "/me/bill?page=2"), 400),
        ("/me/bill/nothing", signed(client, keys, "/me/bill/nothing"), 404),
        (f"/me/bill/{refund}", signed(client, keys, f"/me/bill/{refund}"), 404),
    ):
        assert client.get(f"{PREFIX}{target}", headers=headers).status_code == status, target
    assert client.get(own, headers=signed(client, keys, "/me/bill")).status_code == 200


def test_a_token_is_for_everything_or_is_none(sandbox: Sandbox, client: httpx.Client) -> None:
    service = sandbox.world.accounts("ovhcloud")[1].settings
    basic = (service["client_id"], service["client_secret"])
    form = {"grant_type": "client_credentials"}
    address = f"{PREFIX}/auth/oauth2/token"
    assert client.post(address, data=form, auth=basic).status_code == 400
    token = client.post(address, data=form | {"scope": "all"}, auth=basic).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get(f"{PREFIX}/me/bill", headers=bearer).status_code == 200

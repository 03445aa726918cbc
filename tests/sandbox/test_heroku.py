from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox
from sandbox.vendors.heroku.api import RANGE_SIZE, VERSION


def path(account: Account) -> str:
    whose = f"/teams/{account.identity}" if account.identity else "/account"
    return f"/heroku{whose}/invoices"


def headers(account: Account, **more: str) -> dict[str, str]:
    token = account.settings["api_token"]
    return {"Authorization": f"Bearer {token}", "Accept": VERSION} | more


def walk(client: httpx.Client, account: Account) -> list[dict[str, Any]]:
    """The whole list, following `Next-Range` to the end."""
    documents: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        response = client.get(path(account), headers=headers(account, **more))
        part = response.raise_for_status().json()
        documents += part
        assert len(part) <= RANGE_SIZE
        if response.status_code == 200:
            assert "next-range" not in response.headers
            return documents
        assert response.status_code == 206
        more = {"Range": response.headers["next-range"]}


def test_ranges_hold_each_invoice_once(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("heroku"):
        expected = {each.key: each for each in sandbox.world.invoices("heroku", account)}
        documents = walk(client, account)
        assert [each["id"] for each in documents] == sorted(expected)
        assert len(documents) > RANGE_SIZE
        for document in documents:
            invoice = expected[document["id"]]
            assert document["total"] == invoice.total
            assert document["charges_total"] - document["credits_total"] == document["total"]
            assert ("payment_status" in document) == (account.profile == "team")


def test_the_running_month_ends_today(sandbox: Sandbox, client: httpx.Client) -> None:
    periods = {"user": ("2026-03-01", "2026-03-17"), "team": ("03/01/2026", "03/17/2026")}
    over = {"user": ("2026-03-01", "2026-04-01"), "team": ("03/01/2026", "03/31/2026")}
    accounts = sandbox.world.accounts("heroku")
    found = {}
    for account in accounts:
        [running] = [
            each for each in walk(client, account) if _period(each) == periods[account.profile]
        ]
        assert running["state"] == 0
        found[account.profile] = running["id"]
    sandbox.advance()
    for account in accounts:
        [issued] = [each for each in walk(client, account) if each["id"] == found[account.profile]]
        assert _period(issued) == over[account.profile]


def _period(document: dict[str, Any]) -> tuple[str, str]:
    return document["period_start"], document["period_end"]


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    user, team = sandbox.world.accounts("heroku")
    powerless = headers(user) | {"Authorization": f"Bearer {user.unprivileged['api_token']}"}
    wrong = headers(user) | {"Authorization": "Bearer wrong"}
    for target, given, status, word in (
        (path(user), headers(user, Accept="application/json"), 406, "not_acceptable"),
        (path(user), {"Accept": VERSION}, 401, "unauthorized"),
        (path(user), wrong, 401, "unauthorized"),
        (path(user), powerless, 403, "forbidden"),
        (path(team), headers(user), 404, "not_found"),
        (f"{path(user)}?page=2", headers(user), 400, "bad_request"),
        (path(user), headers(user, Range="bytes=0-9"), 416, "requested_range_not_satisfiable"),
    ):
        answer = client.get(target, headers=given)
        assert (answer.status_code, answer.json()["id"]) == (status, word)


@pytest.mark.parametrize("number", [0, 1])
def test_a_user_has_no_invoices_of_the_team(
    sandbox: Sandbox, client: httpx.Client, number: int
) -> None:
    account = sandbox.world.accounts("heroku")[number]
    listed = client.get("/heroku/account/invoices", headers=headers(account)).json()
    assert bool(listed) == (account.profile == "user")

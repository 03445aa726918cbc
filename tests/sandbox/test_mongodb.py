from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox, running
from sandbox.world import World

ACCEPT = {"Accept": "application/vnd.atlas.2023-01-01+json"}


def token(client: httpx.Client, account: Account) -> str:
    credentials = (account.settings["client_id"], account.settings["client_secret"])
    response = client.post(
        "/mongodb/api/oauth/token", auth=credentials, data={"grant_type": "client_credentials"}
    )
    body: dict[str, Any] = response.raise_for_status().json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    return str(body["access_token"])


def sign_in(client: httpx.Client, account: Account) -> None:
    """From here on the client speaks for the account."""
    client.headers = httpx.Headers(ACCEPT if account.settings["api"] == "atlas/v2" else {})
    client.auth = httpx.Auth()
    if "client_id" in account.settings:
        client.headers["Authorization"] = f"Bearer {token(client, account)}"
    else:
        settings = account.settings
        client.auth = httpx.DigestAuth(settings["public_key"], settings["private_key"])


def path(account: Account) -> str:
    return f"/mongodb/api/{account.settings['api']}/orgs/{account.identity}/invoices"


def walk(client: httpx.Client, start: str) -> list[dict[str, Any]]:
    """All rows, following `rel: next` to the end."""
    rows: list[dict[str, Any]] = []
    url: str | None = start
    while url is not None:
        body = client.get(url).raise_for_status().json()
        rows += body["results"]
        url = next((link["href"] for link in body["links"] if link["rel"] == "next"), None)
    return rows


@pytest.mark.parametrize("size", [1, 5, 500])
def test_pages_hold_each_invoice_once(sandbox: Sandbox, client: httpx.Client, size: int) -> None:
    for account in sandbox.world.accounts("mongodb"):
        sign_in(client, account)
        rows = walk(client, f"{path(account)}?itemsPerPage={size}")
        expected = {each.key: each for each in sandbox.world.invoices("mongodb", account)}
        assert [row["id"] for row in rows] == list(expected)[::-1]
        for row in rows:
            invoice = expected[row["id"]]
            assert row["amountBilledCents"] == invoice.total
            assert row.get("statusName", row.get("status")) == invoice.status


def test_every_status_occurs(sandbox: Sandbox) -> None:
    statuses = {
        invoice.status
        for account in sandbox.world.accounts("mongodb")
        for invoice in sandbox.world.invoices("mongodb", account)
    }
    documented = "PENDING CLOSED FORGIVEN FAILED PAID FREE PREPAID INVOICED CHARGE_FAILED"
    assert statuses == set(documented.split())


def test_total_count_is_an_estimate(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("mongodb")[0]
    sign_in(client, account)
    count = len(sandbox.world.invoices("mongodb", account))
    told = {
        client.get(f"{path(account)}?itemsPerPage=5&pageNum={number}").json()["totalCount"]
        for number in (1, 2, 3)
    }
    assert told == {count - 1, count, count + 3}
    assert "totalCount" not in client.get(f"{path(account)}?includeCount=false").json()
    assert client.get(f"{path(account)}?pageNum=99").json()["results"] == []


def test_linked_invoices_are_embedded_unless_declined(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    account = sandbox.world.accounts("mongodb")[0]
    sign_in(client, account)
    assert any(row["linkedInvoices"] for row in walk(client, path(account)))
    without = walk(client, f"{path(account)}?viewLinkedInvoices=false")
    assert not any(row["linkedInvoices"] for row in without)


def test_filters_and_order(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("mongodb")[0]
    sign_in(client, account)
    rows = walk(client, f"{path(account)}?statusNames=PAID&statusNames=FREE&itemsPerPage=3")
    assert {row["statusName"] for row in rows} == {"PAID", "FREE"}
    rows = walk(client, f"{path(account)}?toDate=2026-03-17&fromDate=2026-01-01&orderBy=asc")
    assert [row["startDate"][:7] for row in rows] == ["2026-01", "2026-02"]


def test_details_add_up(sandbox: Sandbox, client: httpx.Client) -> None:
    for account in sandbox.world.accounts("mongodb"):
        sign_in(client, account)
        for invoice in sandbox.world.invoices("mongodb", account)[:9]:
            document = client.get(f"{path(account)}/{invoice.key}").raise_for_status().json()
            net = [
                line["totalPriceCents"] - line.get("discountCents", 0)
                for line in document["lineItems"]
            ]
            assert sum(each for each in net if each > 0) == document["subtotalCents"]
            assert document["amountBilledCents"] == (
                document["subtotalCents"]
                + document["salesTaxCents"]
                - document["startingBalanceCents"]
                - document.get("creditsCents", 0)
            )
            assert len(document["payments"]) == len(invoice.payments)
            assert {each["paymentId"] for each in document["refunds"]} <= {
                each["id"] for each in document["payments"]
            }


def test_media_types(sandbox: Sandbox, client: httpx.Client) -> None:
    account, _, old, _ = sandbox.world.accounts("mongodb")
    sign_in(client, account)
    response = client.get(path(account))
    assert response.headers["content-type"] == "application/vnd.atlas.2023-01-01+json;charset=utf-8"
    for accept in ("*/*", "application/json", "application/vnd.atlas.2023-01-01+csv"):
        refused = client.get(path(account), headers={"Accept": accept})
        assert refused.status_code == 406
        assert refused.headers["content-type"] == "application/json"
        assert {"error", "errorCode", "detail", "reason", "parameters"} == set(refused.json())
    sign_in(client, old)
    assert client.get(path(old)).headers["content-type"] == "application/json"


def test_old_paths_take_a_trailing_slash(sandbox: Sandbox, client: httpx.Client) -> None:
    new, _, *old = sandbox.world.accounts("mongodb")
    for account in old:
        sign_in(client, account)
        plain = client.get(path(account)).json()["results"]
        response = client.get(f"{path(account)}/?pretty=true")
        assert response.json()["results"] == plain
        assert response.text.startswith("{\n")
        assert client.get(f"{path(account)}?statusNames=PAID").status_code == 400
        enveloped = client.get(f"{path(account)}?envelope=true").json()
        assert enveloped["status"] == 200
        assert enveloped["content"]["results"] == plain
    sign_in(client, new)
    assert client.get(f"{path(new)}/").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "itemsPerPage=501",
        "itemsPerPage=0",
        "pageNum=0",
        "includeCount=yes",
        "fromDate=yesterday",
        "orderBy=up",
        "page=2",
    ],
)
def test_bad_parameters(sandbox: Sandbox, client: httpx.Client, query: str) -> None:
    account = sandbox.world.accounts("mongodb")[0]
    sign_in(client, account)
    response = client.get(f"{path(account)}?{query}")
    assert response.status_code == 400
    assert response.json()["error"] == 400


def test_refusals(sandbox: Sandbox, client: httpx.Client) -> None:
    account, other, *_ = sandbox.world.accounts("mongodb")
    assert client.get(path(account), headers=ACCEPT).status_code == 401
    sign_in(client, account)
    assert client.get(path(other)).json()["errorCode"] == "USER_CANNOT_ACCESS_ORG"
    assert client.get(path(account).replace(account.identity, "0" * 24)).status_code == 404
    missing = client.get(f"{path(account)}/{'0' * 24}")
    assert (missing.status_code, missing.json()["errorCode"]) == (404, "INVOICE_NOT_FOUND")
    assert client.post(path(account)).status_code == 405
    client.auth = httpx.DigestAuth(
        account.unprivileged["public_key"], account.unprivileged["private_key"]
    )
    assert client.get(path(account)).status_code == 403


@pytest.mark.parametrize(
    ("user", "secret", "grant", "status", "error"),
    [
        ("client_id", "client_secret", "password", 400, "unsupported_grant_type"),
        ("client_id", "client_secret", None, 400, "invalid_request"),
        ("client_id", "client_id", "client_credentials", 401, "invalid_client"),
        ("client_secret", "client_secret", "client_credentials", 401, "invalid_client"),
    ],
)
def test_token_refusals(
    sandbox: Sandbox,
    client: httpx.Client,
    user: str,
    secret: str,
    grant: str | None,
    status: int,
    error: str,
) -> None:
    settings = sandbox.world.accounts("mongodb")[1].settings
    form = {"grant_type": grant} if grant else {"scope": "none"}
    response = client.post(
        "/mongodb/api/oauth/token", auth=(settings[user], settings[secret]), data=form
    )
    assert (response.status_code, response.json()) == (status, {"error": error})
    assert client.get("/mongodb/api/oauth/token").status_code == 405


@pytest.mark.parametrize(
    ("more", "basic", "status", "error"),
    [
        ({"client_id": "client_id", "client_secret": "client_secret"}, False, 200, None),
        ({"client_id": "client_id"}, True, 200, None),
        ({"client_id": "client_id", "client_secret": "client_id"}, False, 401, "invalid_client"),
        ({"client_id": "client_id"}, False, 401, "invalid_client"),
        ({}, False, 401, "invalid_client"),
        # "The client MUST NOT use more than one authentication method in each request."
        ({"client_secret": "client_secret"}, True, 400, "invalid_request"),
        (
            {"client_id": "client_id", "client_secret": "client_secret"},
            True,
            400,
            "invalid_request",
        ),
        ({"client_id": "client_secret"}, True, 400, "invalid_request"),
    ],
)
def test_a_client_names_itself_in_one_way(
    sandbox: Sandbox,
    client: httpx.Client,
    more: dict[str, str],
    basic: bool,
    status: int,
    error: str | None,
) -> None:
    """RFC 6749, 2.3: by Basic or in the form."""
    account = sandbox.world.accounts("mongodb")[1]
    settings = account.settings
    auth = (
        httpx.BasicAuth(settings["client_id"], settings["client_secret"]) if basic else httpx.Auth()
    )
    form = {"grant_type": "client_credentials"} | {
        name: settings[key] for name, key in more.items()
    }
    response = client.post("/mongodb/api/oauth/token", auth=auth, data=form)
    assert (response.status_code, response.json().get("error")) == (status, error)
    assert ("www-authenticate" in response.headers) == (status == 401)
    if error is None:
        headers = {**ACCEPT, "Authorization": f"Bearer {response.json()['access_token']}"}
        assert client.get(path(account), headers=headers).status_code == 200


def test_a_token_request_s_parameters_come_once(sandbox: Sandbox, client: httpx.Client) -> None:
    settings = sandbox.world.accounts("mongodb")[1].settings
    response = client.post(
        "/mongodb/api/oauth/token",
        auth=(settings["client_id"], settings["client_secret"]),
        data={"grant_type": ["client_credentials", "client_credentials"]},
    )
    assert (response.status_code, response.json()) == (400, {"error": "invalid_request"})


def test_tokens_expire_after_an_hour(sandbox: Sandbox, client: httpx.Client) -> None:
    account = sandbox.world.accounts("mongodb")[1]
    sign_in(client, account)
    sandbox.world.now = sandbox.world.now.add(minutes=59)
    assert client.get(path(account)).status_code == 200
    sandbox.world.now = sandbox.world.now.add(minutes=1)
    assert client.get(path(account)).status_code == 401
    old = path(account).replace("atlas/v2", "atlas/v1.0")
    sign_in(client, account)
    assert client.get(old).status_code == 401


def test_volume() -> None:
    world = World(seed=7, invoices_per_account=2_345, line_items_per_invoice=40)
    with running(world) as sandbox, httpx.Client(base_url=sandbox.url) as client:
        account = world.accounts("mongodb")[0]
        sign_in(client, account)
        rows = walk(client, f"{path(account)}?itemsPerPage=500")
        assert len({row["id"] for row in rows}) == len(rows) == 2_345
        detail = client.get(f"{path(account)}/{rows[0]['id']}").json()
        assert len(detail["lineItems"]) >= 40
        sandbox.advance()
        assert len(walk(client, path(account))) == 2_346

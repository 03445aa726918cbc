"""The whole job against servers that we didn't write: Prism, over the vendors' specifications.

No request violates them, and each document that they allow becomes a fact or a rejection with its
reason.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import httpx
import pytest

from sandbox.model import Account
from sandbox.money import rounded
from sandbox.registry import VENDORS
from sandbox.server import Sandbox, running
from sandbox.world import World
from tests.contract import prism
from tests.contract.prism import Door, Exchange
from tests.contract.specification import IDENTIFIER, parameters

ROOT = Path(__file__).resolve().parents[2]
STATIC = "57a71c57a71c57a71c57a71c"
DRAWN = [f"{number:024x}" for number in range(1, 13)]
ORGANISATIONS = [STATIC, *DRAWN]
LISTS = {
    r"/turso/v1/organizations/(\w+)/invoices": ("invoices",),
    r"/versori/organisations/(\w+)/billing/invoices": (),
    r"/mongodb/api/atlas/v2/orgs/(\w+)/invoices": ("results",),
    r"/northflank(?:/teams/(\w+))?/billing/invoices": ("data", "invoices"),
    r"/planetscale/organizations/(\w+)/invoices": ("data",),
    r"/aiven/organization/(\w+)/invoices": ("invoices",),
    r"/scaleway/billing/v2beta1/invoices/(\w+)": ("invoices",),
    r"/linode/v4/account(/\w+)?/invoices": ("data",),
    r"/fastly(/\w+)?/billing/v3/invoices": ("data",),
    r"/heroku(?:/account|/teams/(\w+))/invoices": (),
    r"/cockroachdb(/\w+)?/api/v1/invoices": ("invoices",),
}
LINES = {
    r"/mongodb/api/atlas/v2/orgs/(\w+)/invoices/([^/]+)": ("lineItems",),
    r"/northflank(?:/teams/(\w+))?/billing/invoices/([^/]+)": ("data", "lineItems"),
    r"/planetscale/organizations/(\w+)/invoices/([^/]+)/line-items": ("data",),
    r"/digitalocean/v2/customers/my(/\w+)?/invoices/([^/]+)": ("invoice_items",),
    r"/aiven/organization/(\w+)/invoice/([^/]+)/lines": ("lines",),
    r"/linode/v4/account(/\w+)?/invoices/([^/]+)/items": ("data",),
}
# Whose they are, the token says; and beside them is the one that still accrues.
PREVIEWED = "/digitalocean/v2/customers/my/invoices"
MONTH_TO_DATE = "/fastly/billing/v3/invoices/month-to-date"


@dataclass(frozen=True)
class Run:
    finished: subprocess.CompletedProcess[str]
    exchanges: list[Exchange]
    accounts: int
    tables: dict[str, list[dict[str, Any]]]

    def documents(self, places: dict[str, tuple[str, ...]]) -> Iterator[tuple[re.Match[str], Any]]:
        """The list that each of these answers holds, with the match of its path."""
        for exchange in self.exchanges:
            for pattern, way in places.items():
                if match := re.fullmatch(pattern, place(exchange)):
                    found = json.loads(exchange.body, parse_float=Decimal)
                    for name in way:
                        found = found[name]
                    yield match, found


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """It gives MongoDB's tokens, of which the specification says only where they are to be had.
    (Prism takes no digest, not even an answer to its own challenge: its realm is `*`, which it
    refuses.)
    """
    if reason := prism.missing():
        pytest.skip(reason)
    with running(World(accounts=2, months=1)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def door(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    token_url = f"{sandbox.url}/mongodb/api/oauth/token"
    with prism.opened(tmp_path_factory.mktemp("prism"), STATIC, token_url) as door:
        yield door


@pytest.fixture(scope="module")
def run(sandbox: Sandbox, door: Door, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("foreign")
    variables = {"PYTHONPATH": str(ROOT)}
    chosen = configured(sandbox.world.accounts("mongodb")[1])
    for vendor, accounts in chosen.items():
        variables[f"SOURCES__{vendor.upper()}__ACCOUNTS"] = json.dumps(accounts)
        variables[f"SOURCES__{vendor.upper()}__BASE_URL"] = f"{door.url}/{vendor}"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pipelines.cli", "run", "--log-format", "json"],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode in (0, 3), finished.stderr
    tables = {}
    with duckdb.connect(folder / "warehouse" / "billhouse.duckdb", read_only=True) as connection:
        for table in ("fct_invoices", "fct_invoice_lines", "rejected_documents", "load_results"):
            result = connection.execute(f"FROM {table}")
            columns = [column[0] for column in result.description or []]
            tables[table] = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    return Run(finished, list(door.exchanges), sum(map(len, chosen.values())), tables)


def configured(client: Account) -> dict[str, list[Mapping[str, object]]]:
    """An account for each organisation; of Northflank and Heroku also the token's own, and of
    PlanetScale one that is read by id. Those of DigitalOcean, Linode, Fastly and CockroachDB
    Cloud have no name but their token's."""
    month = date.today().replace(day=1).isoformat()
    token = {name: client.settings[name] for name in ("client_id", "client_secret")}
    service = {"service_token_id": "id", "service_token": "token"}
    accounts: dict[str, list[Mapping[str, object]]] = {vendor: [] for vendor in VENDORS}
    for each in ORGANISATIONS:
        accounts["turso"].append({"organization": each, "api_token": "token"})
        versori = {"organisation_id": each, "api_key": "key", "start_date": month}
        accounts["versori"].append(versori)
        accounts["mongodb"].append({"org_id": each, **token})
        accounts["northflank"].append({"team_id": each, "api_token": "token"})
        accounts["planetscale"].append({"organization": each, **service})
        accounts["aiven"].append({"organization_id": each, "api_token": "token"})
        accounts["scaleway"].append({"organization_id": each, "secret_key": "key"})
        accounts["heroku"].append({"team": each, "api_token": "token"})
    accounts["northflank"].append({"name": "own", "api_token": "token"})
    accounts["digitalocean"].append({"name": "own", "api_token": "token"})
    accounts["linode"].append({"name": "own", "api_token": "token"})
    accounts["fastly"].append({"name": "own", "api_token": "token"})
    accounts["ovhcloud"].append({"name": "own", **token})
    accounts["heroku"].append({"name": "own", "api_token": "token"})
    accounts["cockroachdb"].append({"name": "own", "secret_key": "key"})
    by_id = {"organization": "by-id", "oauth_token": "token", "invoice_ids": [IDENTIFIER]}
    accounts["planetscale"].append(by_id)
    return accounts


def test_no_request_violates_a_specification(run: Run) -> None:
    refused = [each for each in run.exchanges if each.status != 200 or each.violations]
    assert refused == []


def test_every_path_and_parameter_is_a_documented_one(run: Run) -> None:
    documented = parameters()
    patterns = {path: re.sub(r"\{\w+\}", "[^/]+", path) for path in documented}
    asked = set()
    for exchange in run.exchanges:
        [path] = [each for each in patterns if re.fullmatch(patterns[each], exchange.path)]
        assert set(exchange.query) <= documented[path], exchange
        asked.add(path)
    assert asked == set(documented)


def test_what_prism_would_refuse_is_seen(door: Door) -> None:
    """Else the tests above could not fail."""
    asked = len(door.exchanges)
    atlas = f"/mongodb/api/atlas/v2/orgs/{DRAWN[0]}/invoices"
    bearer = {"Authorization": "Bearer token"}
    statuses = [
        httpx.get(f"{door.url}{target}", headers=headers).status_code
        for target, headers in (
            ("/planetscale/organizations/acme/invoices?per_page=many", {}),
            ("/turso/v1/organizations/acme/invoices?type=past", {}),
            ("/northflank/billing/invoices", {}),
            (atlas, {"Accept": "application/vnd.atlas.2023-01-01+json"}),
            (atlas, {**bearer, "Accept": "text/plain"}),
            (atlas.replace(DRAWN[0], "acme"), bearer),
        )
    ]
    assert statuses == [422, 422, 401, 401, 406, 422]
    assert [each.status for each in door.exchanges[asked:]] == statuses


def test_every_account_comes_whole(run: Run) -> None:
    failed = [each for each in run.tables["load_results"] if each["outcome"] != "ok"]
    assert failed == []
    assert len(run.tables["load_results"]) == run.accounts


def test_each_document_is_a_fact_or_rejected(run: Run) -> None:
    assert all(each["reason"] for each in run.tables["rejected_documents"])
    # A breakdown that is set aside shows the invoice that it stands in, which may itself be a fact.
    rejected = {
        rejection(each) for each in run.tables["rejected_documents"] if each["entity"] == "invoices"
    }
    facts = Counter(
        (each["vendor"], each["account"], each["total_cents"])
        for each in run.tables["fct_invoices"]
    )
    expected: Counter[tuple[str, str, int]] = Counter()
    for (vendor, account, _), document in listed(run).items():
        if (vendor, account, canonical(document)) not in rejected:
            total = minor(vendor, document)
            assert total is not None, document
            expected[vendor, account, total] += 1
    assert facts - expected == expected - facts == Counter()
    assert {vendor for vendor, _, _ in facts} == set(VENDORS)
    assert facts.total() > len(DRAWN)


def test_each_line_is_a_line_or_rejected(run: Run) -> None:
    numbers = {each["invoice_id"]: each["invoice_number"] for each in run.tables["fct_invoices"]}
    billed = {
        (each["vendor"], each["account"], each["invoice_number"])
        for each in run.tables["fct_invoices"]
    }
    lines = Counter(
        (each["vendor"], each["account"], numbers[each["invoice_id"]])
        for each in run.tables["fct_invoice_lines"]
        if each["record_type"] == "line"
    )
    rejected = Counter(
        (each["vendor"], each["account"], each["listing"])
        for each in run.tables["rejected_documents"]
        if each["entity"] != "invoices"
    )
    compared = set()
    for match, found in run.documents(LINES):
        vendor, account, invoice = vendor_of(match), match[1] or "own", unquote(match[2])
        key = (vendor, account, invoice)
        if key not in billed:
            continue
        if vendor == "planetscale":  # each line is a document of its own
            compared.add(vendor)
            assert lines[key] + rejected[key] == len({each["id"] for each in found}), key
        elif vendor == "digitalocean":  # so is the summary, which may state credits
            compared.add(vendor)
            assert lines[key] + rejected[key] - len(found) in (0, 1), key
        elif key not in rejected:
            compared.add(vendor)
            assert lines[key] == len(found), key
    assert compared == {vendor_of(each) for each, _ in run.documents(LINES)}


def listed(run: Run) -> dict[tuple[str, str, object], Any]:
    """The newest document of each invoice, by what names it."""
    found = {}
    for match, documents in run.documents(LISTS):
        for each in documents:
            period = (each.get("invoiceStartDate"), each.get("invoiceEndDate"))
            name = each.get("invoice_number") or each.get("invoice_id") or each.get("id") or period
            found[vendor_of(match), match[1] or "own", name] = each
    by_id = "/planetscale/organizations/by-id/invoices/"
    for exchange in run.exchanges:
        if exchange.path == f"{by_id}{IDENTIFIER}":
            document = json.loads(exchange.body, parse_float=Decimal)
            found["planetscale", "by-id", document["id"]] = document
        if exchange.path == MONTH_TO_DATE:
            document = json.loads(exchange.body, parse_float=Decimal)
            found["fastly", "own", exchange.path] = document
        if exchange.path == PREVIEWED:
            page = json.loads(exchange.body, parse_float=Decimal)
            is_preview = exchange.query["per_page"] == ["1"]
            for each in [page["invoice_preview"]] if is_preview else page["invoices"]:
                found["digitalocean", "own", each.get("invoice_uuid")] = each
    found |= {("ovhcloud", "own", kind): composed(run, kind) for kind in ("bill", "refund")}
    return found


def composed(run: Run, kind: str) -> dict[str, Any]:
    """Of several answers, and without secrets."""
    path = f"/ovhcloud/me/{kind}/{IDENTIFIER}"
    answers = {
        each.path.removeprefix(path): json.loads(each.body, parse_float=Decimal)
        for each in run.exchanges
        if each.path.startswith(path)
    }
    secrets = ("password", "pdfUrl", "url")
    bill = {name: value for name, value in answers[""].items() if name not in secrets}
    document = {kind: bill, "details": [answers[f"/details/{IDENTIFIER}"]]}
    states = ("payment",) if kind == "refund" else ("debt", "payment")
    return document | {name: answers[f"/{name}"] for name in states}


def place(exchange: Exchange) -> str:
    """The path, and behind it the organisation that Scaleway has in the query."""
    return "/".join([exchange.path, *exchange.query.get("organization_id", [])])


def vendor_of(match: re.Match[str]) -> str:
    return match.string.split("/")[1]


def rejection(row: dict[str, Any]) -> tuple[str, str, str]:
    document = json.loads(row["document"], parse_float=Decimal)
    return row["vendor"], row["account"], canonical(document)


def canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True, default=str)


def minor(vendor: str, document: dict[str, Any]) -> int | None:
    """The total in hundredths, reckoned by Decimal; none where there is no number."""
    try:
        match vendor:
            case "turso":
                return rounded(Decimal(document["amount_due"]) * 100)
            case "mongodb":
                return int(document["amountBilledCents"])
            case "versori":
                money = document["totalAmount"]
                hundredths = int(money["integral"]) * 100 + int(money["fractional"])
                return -abs(hundredths) if money["isNegative"] else hundredths
            case "digitalocean":
                return rounded(Decimal(document["amount"]) * 100)
            case "cockroachdb":
                return rounded(Decimal(document["totals"][0]["amount"]) * 100)
            case "fastly":
                return rounded(Decimal(document["monthly_transaction_amount"]) * 100)
            case "scaleway":
                money = document["total_taxed"]
                return rounded(Decimal(money["units"]) * 100 + Decimal(money["nanos"]) / 10**7)
            case "ovhcloud":
                bill = document.get("bill") or document["refund"]
                total = rounded(Decimal(bill["priceWithTax"]["value"]) * 100)
                return -abs(total) if "refund" in document else total
            case "heroku":
                return rounded(Decimal(document["total"]))
            case "aiven" if document["currency"] == "JPY":
                return rounded(Decimal(document["total"]))
            case _:
                return rounded(Decimal(document["total"]) * 100)
    except InvalidOperation:
        return None

"""The example of each vendor's own documentation, as it stands there, through the whole job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.sources.scripted import Request, response, scripted

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = Path(__file__).parent / "documented"
ANSWERS = {
    ("/v1/organizations/acme/invoices", "issued"): "turso.json",
    ("/api/public/v1.0/orgs/5980/invoices/", ""): "mongodb.json",
    ("/billing/invoices", ""): "northflank.json",
    ("/organizations/acme/invoices/aabb12123434", ""): "planetscale.json",
    ("/organisations/acme/billing/invoices", "2024-03-01"): "versori.json",
}
EMPTY = {
    "/v1/organizations/acme/invoices": '{"invoices": []}',
    "/organisations/acme/billing/invoices": "[]",
}
ACCOUNTS: dict[str, dict[str, Any]] = {
    "TURSO": {"organization": "acme", "api_token": "t"},
    "VERSORI": {"organisation_id": "acme", "api_key": "k", "start_date": "2024-03-01"},
    "MONGODB": {"org_id": "5980", "public_key": "p", "private_key": "s", "api": "public/v1.0"},
    "NORTHFLANK": {"api_token": "t"},
    "PLANETSCALE": {
        "organization": "acme",
        "service_token_id": "i",
        "service_token": "s",
        "invoice_ids": ["aabb12123434"],
    },
}


def answer(request: Request) -> bytes:
    choice = request.query.get("type") or request.query.get("from") or ""
    if file := ANSWERS.get((request.path, choice)):
        return response((DOCUMENTS / file).read_bytes())
    if body := EMPTY.get(request.path):
        return response(body)
    return response('{"error": "not found"}', "404 Not Found")


@pytest.fixture(scope="module")
def invoices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("documented")
    with scripted(answer) as server:
        variables = {"PYTHONPATH": str(ROOT)}
        for vendor, account in ACCOUNTS.items():
            variables[f"SOURCES__{vendor}__ACCOUNTS"] = json.dumps([account])
            variables[f"SOURCES__{vendor}__BASE_URL"] = server.url
        finished = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "run"],
            cwd=folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    # The documentation shows no detail for its examples, so that those accounts are not whole.
    assert finished.returncode == 3, finished.stderr
    with duckdb.connect(folder / "warehouse" / "billhouse.duckdb", read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        result = connection.execute("FROM fct_invoices ORDER BY billing_period_start DESC")
        columns = [column[0] for column in result.description or []]
        rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    return {
        vendor.lower(): [row for row in rows if row["vendor"] == vendor.lower()]
        for vendor in ACCOUNTS
    }


def period(invoice: dict[str, Any]) -> tuple[datetime, datetime]:
    return invoice["billing_period_start"], invoice["billing_period_end"]


def test_turso(invoices: dict[str, list[dict[str, Any]]]) -> None:
    [invoice] = invoices["turso"]
    assert (invoice["total_cents"], invoice["currency"]) == (1029, "USD")
    assert period(invoice) == (datetime(2023, 12, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))
    assert (invoice["billing_period_basis"], invoice["payment_status"]) == ("derived", "paid")
    assert invoice["invoice_number"] == "LFONTK-00001"


def test_mongodb(invoices: dict[str, list[dict[str, Any]]]) -> None:
    pending, paid = invoices["mongodb"]
    assert (pending["total_cents"], pending["payment_status"]) == (0, "upcoming")
    assert (paid["total_cents"], paid["tax_cents"], paid["payment_status"]) == (726, 57, "paid")
    assert period(paid) == (datetime(2018, 2, 1, tzinfo=UTC), datetime(2018, 3, 1, tzinfo=UTC))


def test_northflank(invoices: dict[str, list[dict[str, Any]]]) -> None:
    [invoice] = invoices["northflank"]
    assert (invoice["total_cents"], invoice["payment_status"]) == (1200, "unknown")
    start, end = (datetime.fromtimestamp(second, UTC) for second in (1655823815, 1655910215))
    assert period(invoice) == (start, end)


def test_planetscale(invoices: dict[str, list[dict[str, Any]]]) -> None:
    [invoice] = invoices["planetscale"]
    assert (invoice["total_cents"], invoice["payment_status"]) == (3950, "unknown")
    assert period(invoice) == (datetime(2025, 7, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC))


def test_versori(invoices: dict[str, list[dict[str, Any]]]) -> None:
    [invoice] = invoices["versori"]
    assert (invoice["total_cents"], invoice["currency"]) == (1250, "GBP")
    assert period(invoice) == (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC))
    assert invoice["payment_status"] == "unknown"

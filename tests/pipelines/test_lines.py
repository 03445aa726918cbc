"""What the sandbox billed, line by line, against what is published; reckoned by Decimal."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config.configuration import Configuration
from pipelines.job import run as job
from pipelines.job.result import RunResult
from pipelines.warehouse.files import Warehouse
from sandbox.model import Invoice
from sandbox.money import rounded
from sandbox.registry import VENDORS
from sandbox.server import running
from sandbox.world import World
from sources.accounts.values import GivenValues

Key = tuple[str, str, str | datetime | None, str]


class Loaded:
    """A warehouse after two runs, a month apart, and the world as it then was."""

    def __init__(
        self, world: World, copy: Path, reports: list[RunResult], requests: Counter[str]
    ) -> None:
        self.world = world
        self.copy = copy
        self.reports = reports
        self.requests = requests
        self.invoices = {
            key_of(each): each
            for vendor in VENDORS
            for account in world.accounts(vendor)
            for each in world.invoices(vendor, account)
            # An account that is read by configured ids shows no invoice that is newer than these.
            if account.profile != "by-id" or not each.upcoming
        }

    def rows(self, query: str) -> list[dict[str, Any]]:
        with closing(duckdb.connect(self.copy, read_only=True)) as connection:
            result = connection.execute(query)
            names = [column[0] for column in result.description or []]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def by_invoice(self, query: str) -> dict[Key, list[dict[str, Any]]]:
        grouped: dict[Key, list[dict[str, Any]]] = {}
        for row in self.rows(query):
            grouped.setdefault(published_key(row), []).append(row)
        return grouped


def key_of(invoice: Invoice) -> Key:
    # A Turso draft has no number, and mostly no period.
    draft = invoice.vendor == "turso" and invoice.upcoming
    which = invoice.number or (None if draft else invoice.period_start)
    return invoice.vendor, invoice.account, which, invoice.currency


def published_key(row: dict[str, Any]) -> Key:
    draft = row["vendor"] == "turso" and row["payment_status"] == "upcoming"
    which = row["invoice_number"] or (None if draft else row["billing_period_start"])
    # A line may be in another currency than its invoice.
    currency = row.get("invoice_currency", row["currency"])
    return row["vendor"], row["account"], which, currency


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("lines")
    warehouse = Warehouse(folder / "warehouse")
    with running(World(months=13, now="2026-09-17T12:00:00Z")) as sandbox:
        configuration = Configuration(GivenValues({"sources": sandbox.configuration()}))
        reports = [job.run(warehouse, configuration.accounts(), listener=lambda _: None)]
        sandbox.advance()
        sandbox.reset_requests()
        reports.append(job.run(warehouse, configuration.accounts(), listener=lambda _: None))
        copy = shutil.copyfile(warehouse.published, folder / "copy.duckdb")
        yield Loaded(sandbox.world, copy, reports, Counter(sandbox.requests))


def expected_lines(invoice: Invoice) -> Counter[tuple[object, ...]]:
    # PlanetScale's database and resource go by their ids where they have no name.
    nameless = ("db-", "res-") if invoice.vendor == "planetscale" else (None, None)
    return Counter(
        (
            None
            if line.amount is None
            else rounded(line.amount + line.discount) - rounded(line.discount),
            line.description,
            line.project or nameless[0],
            line.resource or nameless[1],
        )
        for line in invoice.lines
    )


def expected_headers(invoice: Invoice) -> dict[str, int]:
    """All but what the lines leave unexplained."""
    if not invoice.lines:
        tax = invoice.tax or 0
        return {"usage": invoice.total - tax} | ({"tax": tax} if tax else {})
    credited = any(line.credit for line in invoice.lines)
    headers = {
        "tax": invoice.tax or 0,
        "discount": -(invoice.discount or 0),
        "credit": 0 if credited else -(invoice.credit or 0),
        "adjustment": -(invoice.starting_balance or 0),
    }
    return {category: cents for category, cents in headers.items() if cents}


LINES = """
    SELECT line.*, fct_invoices.currency AS invoice_currency, invoice_number, billing_period_start,
        total_cents
    FROM fct_invoice_lines AS line JOIN fct_invoices USING (vendor, account, invoice_id)
    WHERE delisted_at IS NULL
"""


def test_every_line_of_every_vendor(loaded: Loaded) -> None:
    published = loaded.by_invoice(LINES)
    assert published.keys() == loaded.invoices.keys()
    assert {vendor for vendor, *_ in published} == set(VENDORS)
    for key, invoice in loaded.invoices.items():
        stated = [row for row in published[key] if row["record_type"] == "line"]
        names = ("amount_cents", "description", "project", "resource")
        assert Counter(tuple(row[name] for name in names) for row in stated) == expected_lines(
            invoice
        ), key
        credits = sum(row["category"] == "credit" for row in stated)
        assert credits == sum(line.credit for line in invoice.lines)


def test_what_stands_on_the_invoice_only(loaded: Loaded) -> None:
    for key, rows in loaded.by_invoice(LINES).items():
        invoice = loaded.invoices[key]
        headers = {
            row["category"]: row["amount_cents"] for row in rows if row["record_type"] == "header"
        }
        unexplained = headers.pop("unexplained", 0)
        assert headers == expected_headers(invoice), key
        assert sum(row["amount_cents"] or 0 for row in rows) == invoice.total
        # The sandbox's sums are exact before they are rounded: only roundings are left.
        roundings = sum(
            line.amount != line.amount.to_integral_value() for line in invoice.lines if line.amount
        )
        assert abs(unexplained) * 2 <= (roundings + 3 if roundings else 0), key


def test_roundings_are_no_warning(loaded: Loaded) -> None:
    assert loaded.rows("FROM fct_invoice_lines WHERE category = 'unexplained'")
    transform = loaded.reports[-1].transform
    assert transform is not None
    # Totals that hold what is billed through Cloudflare are met only with those lines.
    expected = ["cloudflare_billed_lines", "delisted_invoices"]
    assert [finding.name for finding in transform.findings] == expected


def test_payments_and_refunds(loaded: Loaded) -> None:
    published = loaded.by_invoice(
        """
        SELECT payment.*, fct_invoices.currency AS invoice_currency, payment_status,
            invoice_number, billing_period_start, refunded_cents
        FROM fct_payments AS payment JOIN fct_invoices USING (vendor, account, invoice_id)
        WHERE delisted_at IS NULL
        """
    )
    kinds: set[str] = set()
    for key, invoice in loaded.invoices.items():
        rows = published.get(key, [])
        kinds.update(row["kind"] for row in rows)
        assert Counter(
            (row["kind"], row["status"], row["amount_cents"], row["created_at"]) for row in rows
        ) == Counter(
            [
                (
                    "payment",
                    each.status,
                    rounded(each.amount) if each.status == "PAID" else 0,
                    each.created_at,
                )
                for each in invoice.payments
            ]
            + [("refund", None, rounded(each.amount), each.created_at) for each in invoice.refunds]
        )
        assert {row["refunded_cents"] for row in rows} <= {invoice.refunded}
    assert kinds == {"payment", "refund"}


def test_amounts_that_only_the_detail_states(loaded: Loaded) -> None:
    published = loaded.by_invoice("FROM fct_invoices WHERE delisted_at IS NULL")
    accounts = set()
    for key, [row] in published.items():
        invoice = loaded.invoices[key]
        if invoice.vendor == "northflank":
            accounts.add(invoice.account)
            assert (row["subtotal_cents"], row["tax_cents"], row["discount_cents"]) == (
                invoice.subtotal,
                invoice.tax,
                invoice.discount,
            )
    with_invoices = {
        each.account for each in loaded.invoices.values() if each.vendor == "northflank"
    }
    assert accounts == with_invoices


def test_the_second_run_asks_for_few_details(loaded: Loaded) -> None:
    details = sum(count for route, count in loaded.requests.items() if "{invoice" in route.lower())
    assert details > 0
    assert details < len(loaded.invoices) / 4


def test_the_summary_names_what_changed(loaded: Loaded) -> None:
    assert loaded.reports[0].changes == []
    changes = loaded.reports[1].changes
    stored = loaded.rows("SELECT kind, before, after FROM invoice_changes")
    assert Counter((each.kind, each.before, each.after) for each in changes) == Counter(
        (row["kind"], row["before"], row["after"]) for row in stored
    )
    assert {"amount_corrected", "delisted"} <= {each.kind for each in changes}
    delisted = {each.invoice for each in changes if each.kind == "delisted"}
    assert delisted == {
        row["invoice"]
        for row in loaded.rows(
            "SELECT coalesce(invoice_number, invoice_id) AS invoice FROM fct_invoices"
            " WHERE delisted_at IS NOT NULL"
        )
    }

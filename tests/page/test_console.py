"""`billhouse invoices` and `billhouse show`, as processes."""

from __future__ import annotations

import csv
import io
import json
import shutil
from contextlib import closing
from decimal import Decimal

import duckdb
import pytest

from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from sandbox.registry import VENDORS
from tests.page.conftest import Command


def test_unpaid_invoices_and_their_sums(
    example: Warehouse, billhouse: Command, published: duckdb.DuckDBPyConnection
) -> None:
    finished = billhouse(example, "invoices", "--unpaid", "--vendor", "northflank")
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    rows = published.execute(
        "SELECT currency, count(*), sum(total_cents), sum(balance_due_cents) FROM fct_invoices"
        " WHERE vendor = 'northflank' AND balance_due_cents <> 0 GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    sums = [line.split() for line in lines[-len(rows) :]]
    assert sums == [
        [currency, str(count), *(f"{Decimal(cents).scaleb(-2):,f}" for cents in amounts)]
        for currency, count, *amounts in rows
    ]
    assert sum(line.startswith("northflank") for line in lines) == sum(row[1] for row in rows)
    assert "paid" not in {line.split()[6] for line in lines if line.startswith("northflank")}


def test_invoices_of_a_month(
    example: Warehouse, billhouse: Command, published: duckdb.DuckDBPyConnection
) -> None:
    finished = billhouse(example, "invoices", "--month", "2025-02", "--account", "turso-1-full",
                         "--account", "versori-1-anniversary")  # fmt: skip
    ids = published.execute(
        "SELECT left(invoice_id, 12) FROM fct_invoices"
        " WHERE account IN ('turso-1-full', 'versori-1-anniversary')"
        " AND billing_period_start < '2025-03-01 00:00:00Z'"
        " AND billing_period_end > '2025-02-01 00:00:00Z'"
    ).fetchall()
    assert len(ids) == 3
    shown = [line for line in finished.stdout.splitlines() if line.startswith(("turso", "versori"))]
    assert len(shown) == 3
    assert all(invoice_id in finished.stdout for (invoice_id,) in ids)


def test_formats_for_programs(
    example: Warehouse, billhouse: Command, published: duckdb.DuckDBPyConnection
) -> None:
    """Exact amounts and dates, as a spreadsheet or a script takes them."""
    as_csv = billhouse(example, "invoices", "--unpaid", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(as_csv)))
    wanted = published.execute(
        "SELECT invoice_id, CAST(due_on AS TEXT), total, to_pay FROM payables WHERE is_known"
    ).fetchall()
    assert sorted(
        (row["invoice_id"], row["due_on"] or None, Decimal(row["total"]), Decimal(row["to_pay"]))
        for row in rows
    ) == sorted(wanted)
    none = billhouse(example, "invoices", "--vendor", "versori", "--unpaid", "--format", "csv")
    assert none.stdout == as_csv.splitlines()[0] + "\n"

    [(invoice_id, total, lines)] = published.execute(
        "SELECT invoice_id, total_cents, count(*) FROM fct_invoices"
        " INNER JOIN fct_invoice_lines USING (invoice_id) WHERE fct_invoices.vendor = 'mongodb'"
        " GROUP BY ALL ORDER BY count(*) DESC, invoice_id LIMIT 1"
    ).fetchall()
    shown = billhouse(example, "show", invoice_id, "--format", "json")
    assert shown.returncode == 0, shown.stderr
    record = json.loads(shown.stdout, parse_float=Decimal)
    assert record["invoice"]["total"] == Decimal(total).scaleb(-2)
    assert sum(line["amount"] for line in record["lines"]) == Decimal(total).scaleb(-2)
    assert record["history"][0]["valid_from"].endswith("Z")
    as_csv = billhouse(example, "show", invoice_id, "--format", "csv").stdout
    amounts = [row["amount"] for row in csv.DictReader(io.StringIO(as_csv))]
    assert len(amounts) == lines
    assert sum(map(Decimal, amounts)) == Decimal(total).scaleb(-2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "x", "--document", "--format", "json"], "leave --format out"),
        (
            ["invoices", "--vendor", "nobody"],
            f"There are: {sorted(VENDORS)[0]}, {sorted(VENDORS)[1]}",
        ),
        (["invoices", "--month", "2025-13"], "like 2026-03"),
        (["show", "no-such"], "billhouse invoices"),
        (["show", ""], "billhouse invoices"),
    ],
)
def test_wrong_usage(
    arguments: list[str], sentence: str, example: Warehouse, billhouse: Command
) -> None:
    finished = billhouse(example, *arguments)
    assert finished.returncode == 2
    assert sentence in finished.stderr
    assert finished.stdout == ""


def test_show_everything_of_an_invoice(
    example: Warehouse, billhouse: Command, published: duckdb.DuckDBPyConnection
) -> None:
    [(invoice_id, number, total, lines)] = published.execute(
        "SELECT invoice_id, invoice_number, total_cents, count(DISTINCT line_id)"
        " FROM fct_invoices INNER JOIN fct_payments USING (invoice_id)"
        " INNER JOIN fct_invoice_lines USING (invoice_id)"
        " WHERE total_cents > 0 GROUP BY ALL ORDER BY invoice_id LIMIT 1"
    ).fetchall()
    shown = billhouse(example, "show", invoice_id[:12])
    assert shown.returncode == 0, shown.stderr
    for text in (number, invoice_id, f"{Decimal(total).scaleb(-2):,f}", "Payments", "History"):
        assert text in shown.stdout
    assert lines < 40
    section = shown.stdout.partition("Lines")[2].partition("Payments")[0]
    assert len(section.strip().splitlines()) == lines + 2

    verbatim = billhouse(example, "show", number, "--document").stdout.splitlines()
    with closing(connect(example)) as connection:
        kept = connection.execute(
            "SELECT document FROM raw.mongodb__invoices"
            " WHERE document_key = ?1 AND valid_to IS NULL"
            " UNION ALL SELECT document FROM raw.mongodb__invoice_details"
            " WHERE listing = ?1 AND valid_to IS NULL",
            [number],
        ).fetchall()
    assert verbatim == [document for (document,) in kept]


def test_show_while_a_run_is_at_work(
    example: Warehouse, billhouse: Command, published: duckdb.DuckDBPyConnection
) -> None:
    [(invoice_id,)] = published.execute("SELECT min(invoice_id) FROM fct_invoices").fetchall()
    with holding(example, lock_timeout=0):
        shown = billhouse(example, "show", invoice_id)
        verbatim = billhouse(example, "show", invoice_id, "--document")
    assert shown.returncode == 0
    assert "while a run is at work" in shown.stdout
    assert verbatim.returncode == 1
    assert "ask again when it is done" in " ".join(verbatim.stderr.split())


def test_a_document_steers_no_terminal(
    example: Warehouse, altered: Warehouse, billhouse: Command
) -> None:
    shutil.copy(example.work, altered.work)
    with closing(connect(altered)) as connection:
        connection.execute(
            "UPDATE raw.turso__invoices SET document = replace(document, '{', ?)",
            ['{"a\u009b": 1, '],
        )
    with duckdb.connect(altered.published, read_only=True) as connection:
        [(invoice_id,)] = connection.execute(
            "SELECT min(invoice_id) FROM fct_invoices WHERE vendor = 'turso'"
        ).fetchall()
    shown = billhouse(altered, "show", invoice_id)
    assert shown.returncode == 0, shown.stderr
    assert "a␡" in shown.stdout
    assert "\x9b" not in shown.stdout


def test_compare_by_line(
    example: Warehouse, billhouse: Command, published: duckdb.DuckDBPyConnection
) -> None:
    """With the invoice before it, or with a named one; the changes add up to the totals'."""
    [(this, earlier, change)] = published.execute(
        "SELECT a.invoice_id, b.invoice_id, a.total_cents - b.total_cents FROM fct_invoices AS a"
        " INNER JOIN fct_invoices AS b USING (vendor, account)"
        " WHERE account = 'mongodb-1-digest-v2' AND a.billing_period_start = b.billing_period_end"
        " AND b.payment_status <> 'upcoming' AND a.total_cents <> b.total_cents"
        " ORDER BY a.billing_period_start DESC LIMIT 1"
    ).fetchall()
    wanted = Decimal(change).scaleb(-2)
    for arguments in ([this], [this, earlier]):
        found = billhouse(example, "compare", *arguments, "--format", "json")
        assert found.returncode == 0, found.stderr
        lines = json.loads(found.stdout, parse_float=Decimal)
        assert sum(line["change"] for line in lines) == wanted
        sizes = [abs(line["change"]) for line in lines]
        assert sizes == sorted(sizes, reverse=True)
    shown = billhouse(example, "compare", this).stdout
    assert f"{wanted:+,f}" in shown.splitlines()[-1]
    assert this[:12] in shown
    assert earlier[:12] in shown
    reverse = billhouse(example, "compare", earlier, this, "--format", "csv").stdout
    assert sum(Decimal(row["change"]) for row in csv.DictReader(io.StringIO(reverse))) == -wanted
    [(first,)] = published.execute(
        "SELECT arg_min(invoice_id, billing_period_start) FROM fct_invoices"
        " WHERE account = 'mongodb-1-digest-v2'"
    ).fetchall()
    alone = billhouse(example, "compare", first)
    assert alone.returncode == 2
    assert "no invoice before this one" in alone.stderr


def test_a_number_of_two_invoices(altered: Warehouse, billhouse: Command) -> None:
    with duckdb.connect(altered.published) as connection:
        connection.execute("UPDATE fct_invoices SET invoice_number = '7' WHERE vendor = 'versori'")
    finished = billhouse(altered, "show", "7")
    assert finished.returncode == 2
    assert "Give one's id" in finished.stderr
    assert "versori versori-1-anniversary" in finished.stderr

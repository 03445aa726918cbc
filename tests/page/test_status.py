"""`billhouse status`: its figures are the published tables', and it fits a terminal."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from decimal import Decimal

import duckdb
import pytest

from pipelines.errors import JobError
from pipelines.publish.read import opened
from pipelines.report.contents import contents
from pipelines.report.finances import findings, gaps, positions
from pipelines.warehouse.files import Warehouse
from tests.page.conftest import Command

WIDTH = 80


def test_figures_of_each_currency(
    example: Warehouse, billhouse: Command, published: duckdb.DuckDBPyConnection
) -> None:
    finished = billhouse(example, "status")
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    shown = {words[0]: words[1:] for line in lines if len(words := line.split()) == 9}
    assert set(shown) == {"EUR", "GBP", "USD"}
    for currency, (month, total, have, _, of, unpaid, to_pay, overdue) in shown.items():
        owners = set(
            published.execute(
                "SELECT vendor, account FROM fct_invoices WHERE currency = ?", [currency]
            ).fetchall()
        )
        states = defaultdict(list)
        for vendor, account, first_day, is_closed in published.execute(
            "SELECT vendor, account, strftime(month, '%Y-%m'), is_closed FROM dim_billing_periods"
        ).fetchall():
            if (vendor, account) in owners:
                states[first_day].append(is_closed)
        assert month == max(name for name, closed in states.items() if all(closed))
        assert (int(have), int(of)) == (len(states[month]), len(owners))
        [(amount,)] = published.execute(
            "SELECT sum(amount) FROM spend WHERE currency = ? AND month = ?",
            [currency, f"{month}-01"],
        ).fetchall()
        assert Decimal(total.replace(",", "")) == amount
        rows = published.execute(
            "SELECT payment_status, balance_due_cents FROM fct_invoices"
            " WHERE currency = ? AND balance_due_cents <> 0",
            [currency],
        ).fetchall()
        assert int(unpaid) == len(rows)
        assert to_pay == f"{Decimal(sum(each for _, each in rows)).scaleb(-2):,f}"
        late = sum(each for status, each in rows if status in ("past_due", "failed"))
        assert overdue == f"{Decimal(late).scaleb(-2):,f}"


def test_missing_months_and_width(
    example: Warehouse, billhouse: Command, published: duckdb.DuckDBPyConnection
) -> None:
    told, _, files = billhouse(example, "status").stdout.partition("file ")
    assert files
    assert max(map(len, told.splitlines())) <= WIDTH
    missing = published.execute(
        "SELECT account, strftime(month, '%Y-%m') FROM dim_billing_periods WHERE is_gap"
    ).fetchall()
    assert missing
    section = told.partition("missing")[2]
    for account, month in missing:
        assert any(account in line and month in line for line in section.splitlines())


def test_a_month_is_closed_when_every_account_has_closed_it(altered: Warehouse) -> None:
    with duckdb.connect(altered.published) as connection:
        connection.execute("DELETE FROM fct_invoices WHERE account NOT LIKE 'versori-%'")
        connection.execute("UPDATE fct_invoices SET currency = 'JPY'")
        connection.execute("DELETE FROM payables WHERE account NOT LIKE 'versori-%'")
        connection.execute("UPDATE fct_monthly_spend SET currency = 'JPY'")
        connection.execute("UPDATE dim_billing_periods SET is_closed = month <= '2025-02-01'")
        connection.execute("UPDATE dim_billing_periods SET is_gap = false, invoices = 1")
        connection.execute(
            "UPDATE dim_billing_periods SET invoices = 0, is_gap = true, is_closed = false"
            " WHERE account = 'versori-3-calendar' AND month = '2025-02-01'"
        )
        [(cents, accounts)] = connection.execute(
            "SELECT (SELECT sum(amount_cents) FROM fct_monthly_spend WHERE month = '2025-01-01'),"
            " count(DISTINCT account) FROM fct_invoices"
        ).fetchall()
    with opened(altered) as connection:
        [position] = positions(connection)
        assert gaps(connection) == [
            {"vendor": "versori", "account": "versori-3-calendar", "months": "2025-02"}
        ]
    # Versori doesn't say what is paid, so nothing is known to be unpaid; yen have no decimals.
    assert list(position.values()) == ["JPY", "2025-01", cents, accounts, accounts, 0, 0, 0]


def test_nothing_is_closed_and_nothing_there(altered: Warehouse) -> None:
    with duckdb.connect(altered.published) as connection:
        connection.execute("UPDATE dim_billing_periods SET is_closed = false, is_gap = false")
    with opened(altered) as connection:
        assert {(each["month"], each["total"]) for each in positions(connection)} == {(None, None)}
        assert gaps(connection) == []
    with duckdb.connect(altered.published) as connection:
        connection.execute("DELETE FROM fct_invoices")
    with opened(altered) as connection:
        assert positions(connection) == []
    with duckdb.connect(altered.published) as connection:
        connection.execute("DROP TABLE dim_billing_periods")
    with opened(altered) as connection, pytest.raises(JobError, match="billhouse rebuild"):
        positions(connection)


def test_what_audits_found_is_told(
    example: Warehouse, altered: Warehouse, billhouse: Command
) -> None:
    with opened(altered) as connection:
        stored = connection.execute("SELECT audit, rows_found FROM audit_results").fetchall()
        assert {(each["audit"], each["rows_found"]) for each in findings(connection)} == set(stored)
        assert stored
    finished = billhouse(example, "status")
    assert finished.returncode == 0, finished.stderr
    for audit, _ in stored:
        assert audit in finished.stdout
    with duckdb.connect(altered.published) as connection:
        connection.execute("UPDATE audit_results SET rows_found = 4711")
    with opened(altered) as connection:
        assert {each["count"] for each in contents(connection, 13).audits} == {0, 4711}


def test_one_month_is_one_number(
    example: Warehouse, billhouse: Command, published: duckdb.DuckDBPyConnection
) -> None:
    """Of the status, a list of invoices and `spend`."""
    status = json.loads(
        billhouse(example, "status", "--format", "json").stdout, parse_float=Decimal
    )
    assert {each["currency"] for each in status["currencies"]} == {"EUR", "GBP", "USD"}
    for each in status["currencies"]:
        listed = billhouse(example, "invoices", "--month", each["month"], "--format", "json").stdout
        invoices = json.loads(listed, parse_float=Decimal)
        parts = [row["in_month"] for row in invoices if row["currency"] == each["currency"]]
        [(spent,)] = published.execute(
            "SELECT sum(amount) FROM spend WHERE currency = ? AND month = ?",
            [each["currency"], f"{each['month']}-01"],
        ).fetchall()
        assert sum(parts) == each["total"] == spent
    shown = billhouse(example, "invoices", "--month", each["month"]).stdout
    assert "without void invoices, as in spend" in " ".join(shown.split())


def test_void_invoices_are_in_no_sum(altered: Warehouse) -> None:
    with opened(altered) as connection:
        before = {each["currency"]: each["total"] for each in positions(connection)}
    with duckdb.connect(altered.published) as connection:
        connection.execute("UPDATE fct_monthly_spend SET payment_status = 'void'")
    with opened(altered) as connection:
        assert {each["total"] for each in positions(connection)} == {None}
        assert None not in before.values()


def test_max_age(example: Warehouse, altered: Warehouse, billhouse: Command) -> None:
    """Of what is published, and of accounts that are still tried."""
    shutil.copyfile(example.work, altered.work)
    fresh = billhouse(altered, "status", "--max-age", "26h", "--format", "json")
    assert fresh.returncode == 0, fresh.stderr
    assert json.loads(fresh.stdout)["outdated"] == []

    with duckdb.connect(altered.work) as work, duckdb.connect(altered.published) as published:
        for connection, table in ((work, "marts.load_results"), (published, "load_results")):
            connection.execute(
                f"UPDATE {table} SET started_at = started_at - INTERVAL 3 DAY"
                " WHERE account IN ('turso-1-full', 'versori-2-paged')"
            )
        work.execute(
            "INSERT INTO marts.load_results BY NAME SELECT * REPLACE ('next' AS run_id,"
            " now() AS started_at, 'failed' AS outcome, 'a 503' AS error, run_number + 1 AS"
            " run_number) FROM marts.load_results WHERE account = 'turso-1-full'"
            " ORDER BY run_number DESC LIMIT 1"
        )
    late = billhouse(altered, "status", "--max-age", "26h")
    assert late.returncode == 1
    assert "Older than 26h: turso turso-1-full (last loaded 20" in late.stderr
    assert "versori" not in late.stderr
    assert "a 503" in late.stdout
    assert billhouse(altered, "status", "--max-age", "4d").returncode == 0

    with duckdb.connect(altered.published) as published:
        published.execute("UPDATE load_results SET started_at = started_at - INTERVAL 3 DAY")
    late = billhouse(altered, "status", "--max-age", "26h", "--format", "json")
    assert late.returncode == 1
    assert "Older than 26h: all that is published" in late.stderr
    assert json.loads(late.stdout)["outdated"][0]["vendor"] == ""
    wrong = billhouse(altered, "status", "--max-age", "tomorrow")
    assert wrong.returncode == 2
    assert "like 26h" in wrong.stderr

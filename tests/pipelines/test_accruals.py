"""Accruals as lines to book, and their reversals; which accounts they name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.configuration import Configuration
from pipelines.errors import UsageError
from pipelines.warehouse.files import Warehouse
from sources.accounts.values import GivenValues
from tests.pipelines.publishing import publish_tables

ACCRUED = (
    ("2026-10-01", "turso", "=acme", "USD", "20.5", "mean", "3"),
    ("2026-10-01", "mongodb", "a", "JPY", "-7", "upcoming", "NULL"),
    ("2026-10-01", "mongodb", "b", "JPY", "0", "upcoming", "NULL"),
    ("2026-11-01", "mongodb", "a", "JPY", "9", "upcoming", "NULL"),
)


@pytest.fixture(scope="module")
def accruing(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """What is published: a mean, a credit that is upcoming, one of nothing, and another month."""
    warehouse = Warehouse(tmp_path_factory.mktemp("accruals") / "warehouse")
    tables = {
        "dim_currencies": "SELECT 'USD' AS currency, 100 AS minor_units_per_unit"
        " UNION ALL SELECT 'JPY', 1",
        "accruals": " UNION ALL ".join(
            f"SELECT DATE '{month}' AS month, '{vendor}' AS vendor, '{account}' AS account,"
            f" '{currency}' AS currency, {amount} AS amount, '{basis}' AS basis,"
            f" {months} AS months_averaged"
            for month, vendor, account, currency, amount, basis, months in ACCRUED
        ),
    }
    publish_tables(warehouse, tables)
    return warehouse


def asked(warehouse: Warehouse, *arguments: str) -> Any:
    return CliRunner().invoke(
        app, ["--warehouse", str(warehouse.directory), "accruals", *arguments]
    )


OCTOBER = """booked_on,debit,credit,amount,currency,text
2026-10-31,3070,6815,7,JPY,Accrual 2026-10 mongodb a (upcoming invoice)
2026-10-31,6815,3070,20.50,USD,Accrual 2026-10 turso =acme (mean of 3 month(s))
2026-11-01,6815,3070,7,JPY,Reversal of accrual 2026-10 mongodb a (upcoming invoice)
2026-11-01,3070,6815,20.50,USD,Reversal of accrual 2026-10 turso =acme (mean of 3 month(s))
"""


def test_lines_to_book(accruing: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCRUALS__DEBIT", "6815")
    monkeypatch.setenv("ACCRUALS__CREDIT", "3070")
    assert asked(accruing, "--month", "2026-10", "--format", "csv").stdout == OCTOBER
    table = asked(accruing, "--month", "2026-11")
    assert "2026-11-30   6815    3070          9   JPY" in table.stdout
    assert asked(accruing, "--month", "2026-09").stdout == (
        "Nothing is to be accrued for 2026-09.\n"
    )


def test_a_workbook_to_book(accruing: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "made" / "accruals.xlsx"
    done = asked(accruing, "--month", "2026-10", "--format", "xlsx", "--output", str(file))
    assert done.exit_code == 0, done.output
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["accruals 2026-10"]
    head, first, second, *_ = book.active.iter_rows(values_only=True)
    assert head == ("booked_on", "debit", "credit", "amount", "currency", "text")
    assert first[:5] == (datetime(2026, 10, 31), "Accrued liabilities", "Cloud costs", 7, "JPY")
    assert second[3:5] == (20.5, "USD")


def test_mistakes(accruing: Warehouse, tmp_path: Path) -> None:
    for arguments, sentence in (
        (["--month", "October"], "There is no month 'October'"),
        (["--format", "xlsx"], "--output FILE and --format xlsx go together"),
        (["--output", str(tmp_path / "x")], "--output FILE and --format xlsx go together"),
    ):
        refused = asked(accruing, *arguments)
        assert refused.exit_code == 2
        assert sentence in refused.output
    for section, sentence in (
        ({"debt": "x"}, "Did you mean debit?"),
        ({"debit": " "}, "`debit` in .accruals. .ACCRUALS__DEBIT. names no account"),
        ({"credit": ["x"]}, "`credit` in .accruals."),
    ):
        with pytest.raises(UsageError, match=sentence):
            Configuration(GivenValues({"accruals": section})).booking_accounts()


def test_the_last_month_that_is_over_is_asked_for() -> None:
    from pipelines.report.months import asked_month

    assert asked_month(None, datetime(2026, 11, 1, tzinfo=UTC)) == "2026-10"
    assert asked_month(None, datetime(2026, 1, 31, tzinfo=UTC)) == "2025-12"

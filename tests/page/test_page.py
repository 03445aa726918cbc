"""The report's parts: what they lay out, how the file is written, what they say when they can't."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import JobError
from pipelines.publish.read import opened
from pipelines.report import columns
from pipelines.report.amounts import format_amount
from pipelines.report.columns import sparkline, stacked
from pipelines.report.contents import contents
from pipelines.report.writing import page, write
from pipelines.warehouse.files import Warehouse
from tests.page.conftest import Command

Cents = st.integers(min_value=-(10**14), max_value=10**14)
BOTTOM = columns.HEIGHT - columns.BOTTOM


@given(Cents, st.integers(min_value=0, max_value=4))
def test_amounts_are_written_as_decimal_writes_them(cents: int, decimals: int) -> None:
    assert format_amount(cents, decimals) == f"{Decimal(cents).scaleb(-decimals):,f}"


@given(st.integers(min_value=1, max_value=24).flatmap(
    lambda months: st.lists(st.lists(Cents, min_size=months, max_size=months), max_size=6)
))  # fmt: skip
def test_columns_stand_on_zero_and_stay_on_the_paper(series: list[list[int]]) -> None:
    months = len(series[0]) if series else 3
    chart = stacked(series, months)
    zero = next(tick.y for tick in chart.ticks if tick.cents == 0)
    assert len(chart.ticks) <= columns.MOST_INTERVALS + 2
    assert [tick.cents for tick in chart.ticks] == sorted(tick.cents for tick in chart.ticks)
    for column in chart.columns:
        parts = [part for part in chart.segments if part.month == column.month]
        assert sum(part.cents for part in parts) == column.cents
        above = [part for part in parts if part.cents > 0]
        below = [part for part in parts if part.cents < 0]
        assert sum(part.height for part in above) == zero - column.y
        assert all(part.y + part.height <= zero for part in above)
        assert all(part.y >= zero for part in below)
        assert all(columns.TOP <= part.y <= part.y + part.height <= BOTTOM for part in parts)
        assert all(part.x + part.width <= columns.WIDTH for part in parts)


@given(st.lists(Cents, max_size=13))
def test_sparklines_fit(values: list[int]) -> None:
    for value, (y, height) in zip(values, sparkline(values, 20), strict=True):
        assert -1 <= y <= y + height <= 21
        assert (height > 0) == (value != 0)


def test_other_decimals_and_an_empty_currency(altered: Warehouse) -> None:
    with duckdb.connect(altered.published) as connection:
        for table in ("fct_invoices", "fct_monthly_spend"):
            connection.execute(f"UPDATE {table} SET currency = 'JPY' WHERE currency = 'EUR'")
            connection.execute(f"UPDATE {table} SET currency = 'BHD' WHERE currency = 'GBP'")
        connection.execute("UPDATE fct_monthly_spend SET month = NULL WHERE currency = 'JPY'")
        [(cents, undated)] = connection.execute(
            "SELECT sum(amount_cents) FILTER (currency = 'BHD' AND month ="
            " (SELECT max(month) FROM fct_monthly_spend WHERE currency = 'BHD')),"
            " sum(amount_cents) FILTER (currency = 'JPY') FROM fct_monthly_spend"
            " WHERE payment_status <> 'void'"
        ).fetchall()
    with opened(altered) as connection:
        text = page(contents(connection, 13))
    assert f">{Decimal(cents).scaleb(-3):,f}</span>" in text
    assert f"in no month: {undated:,}." in text
    assert "No invoice in this currency has a known period." in text


def test_nothing_published_but_tables(altered: Warehouse) -> None:
    with duckdb.connect(altered.published) as connection:
        for (name,) in connection.execute(
            "SELECT table_name FROM duckdb_tables()"
            " WHERE schema_name = 'main' AND table_name <> 'dim_currencies'"
        ).fetchall():
            connection.execute(f"DELETE FROM {name}")
    with opened(altered) as connection:
        assert "No invoice is published yet." in page(contents(connection, 13))


def test_more_changes_than_a_page_shows(altered: Warehouse, billhouse: Command) -> None:
    with duckdb.connect(altered.published) as connection:
        connection.execute(
            "INSERT INTO invoice_changes SELECT invoice_id, first_seen_at, 'voided', 'open', 'void'"
            " FROM fct_invoices"
        )
        [(total,)] = connection.execute("SELECT count(*) FROM invoice_changes").fetchall()
    with opened(altered) as connection:
        text = page(contents(connection, 13))
    assert f"the newest 200 of {total} changes" in text
    [query] = re.findall(r'<code>billhouse query "(.+)"</code>', text)
    finished = billhouse(altered, "query", query, "--format", "csv")
    assert len(finished.stdout.splitlines()) == total + 1, finished.stderr


def test_all_changes_on_the_page(altered: Warehouse) -> None:
    with opened(altered) as connection:
        [(total,)] = connection.execute("SELECT count(*) FROM invoice_changes").fetchall()
        made = contents(connection, 13)
    assert [each["total"] for each in made.changes] == [total] * total
    assert total
    assert "Shown: the newest" not in page(made)


def test_what_to_accrue_and_what_closed_months_would_say(altered: Warehouse) -> None:
    with opened(altered) as connection:
        text = page(contents(connection, 13))
        amounts = connection.execute(
            "SELECT strftime(month, '%Y-%m'), is_over, amount FROM accruals WHERE amount <> 0"
        ).fetchall()
    assert "No month is." in text
    assert amounts
    section = text[text.index('id="accruals"') : text.index('id="closed"')]
    shown = re.findall(r"<td>(\S+)( so far)?</td>.*<td class=.number.>(.+)</td>", section)
    assert sorted(
        (month, not so_far, Decimal(amount.replace(",", "").replace("−", "-")))
        for month, so_far, amount in shown
    ) == sorted(amounts)
    with duckdb.connect(altered.published) as connection:
        connection.execute(
            "INSERT INTO month_closes VALUES ('2026-03-01', '2026-03', now(), now())"
        )
    with opened(altered) as connection:
        assert "What is closed would say the same now." in page(contents(connection, 13))
    with duckdb.connect(altered.published) as connection:
        connection.execute(
            "INSERT INTO close_differences BY NAME SELECT DATE '2026-03-01' AS month,"
            " 'acme' AS account, 'turso' AS vendor, 'EUR' AS currency, 'line ' || i AS description,"
            " 1.5 AS amount_at_close, -0.25 AS difference FROM range(201) AS lines (i)"
        )
    with opened(altered) as connection:
        text = page(contents(connection, 13))
    assert "What closed months would say now" in text
    cells = re.findall(r"line 7</td><td>EUR</td>(.*)</tr>", text)
    assert re.findall(r">([^<]+)</td>", cells[0]) == ["1.50", "–", "-0.25"]
    assert "Shown: 200 of 201 lines." in text


def test_a_copy_of_another_version(altered: Warehouse) -> None:
    with duckdb.connect(altered.published) as connection:
        connection.execute("DROP TABLE dim_billing_periods")
    with opened(altered) as connection, pytest.raises(JobError, match="billhouse rebuild"):
        contents(connection, 13)


def test_the_file_is_replaced_in_one_step_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("old")
    file.chmod(0o644)
    write("new", file)
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o644
    with pytest.raises(JobError, match="--output"):
        write("new", tmp_path / "missing" / "report.html")
    with pytest.raises(JobError, match="--output"):
        write("new", tmp_path)
    assert list(tmp_path.iterdir()) == [file]

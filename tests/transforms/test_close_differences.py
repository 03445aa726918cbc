"""What closed months would now be: whatever went, came or changed, the differences add up to it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.transform.model import TRANSFORMS
from pipelines.transform.names import make

MONTHS = [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]
CLOSED = MONTHS[:2]
UNITS = {"USD": 100, "JPY": 1, "BHD": 1000}
QUERY = (TRANSFORMS / "marts" / "close_differences.sql").read_text(encoding="utf-8")

Spend = dict[tuple[date, str, str], tuple[int, str]]
"""By month, line and currency: the cents, and the invoice's status."""

cents = st.integers(-300, 300) | st.integers(-(10**15), 10**15)
spends: st.SearchStrategy[Spend] = st.dictionaries(
    st.tuples(st.sampled_from(MONTHS), st.sampled_from("abcd"), st.sampled_from(sorted(UNITS))),
    st.tuples(cents, st.sampled_from(["paid", "paid", "upcoming", "void"])),
    max_size=12,
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as opened:
        make(opened, TRANSFORMS)
        opened.execute(
            "CREATE TABLE marts.fct_monthly_spend (month DATE, line_id TEXT, currency TEXT,"
            " vendor TEXT, account TEXT, category TEXT, invoice_id TEXT, amount_cents BIGINT,"
            " payment_status TEXT);"
            "CREATE TABLE marts.fct_invoice_lines (line_id TEXT, description TEXT);"
            "CREATE TABLE marts.dim_currencies (currency TEXT, minor_unit DECIMAL(5, 4));"
            "INSERT INTO marts.fct_invoice_lines (line_id) SELECT unnest(['a', 'b', 'c', 'd'])"
        )
        opened.executemany(
            "INSERT INTO marts.dim_currencies VALUES (?, ?)",
            [[name, Decimal(1) / units] for name, units in UNITS.items()],
        )
        opened.executemany(
            "INSERT INTO staging.closed_months BY NAME SELECT ? AS month",
            [[month] for month in CLOSED],
        )
        yield opened


def billed(spend: Spend) -> dict[tuple[date, str, str], int]:
    """What counts of it: closed months, without void invoices."""
    return {
        key: amount
        for key, (amount, status) in spend.items()
        if key[0] in CLOSED and status != "void"
    }


@settings(max_examples=int(os.environ.get("BILLHOUSE_WAREHOUSES", "20")))
@given(then=spends, now=spends)
def test_differences_add_up(connection: duckdb.DuckDBPyConnection, then: Spend, now: Spend) -> None:
    connection.execute("DELETE FROM staging.closed_spend; DELETE FROM marts.fct_monthly_spend")
    tables: list[tuple[str, list[list[Any]]]] = [
        (
            "staging.closed_spend BY NAME SELECT ? AS month, ? AS line_id, ? AS currency,"
            " ? AS amount_cents",
            [[*key, amount] for key, amount in billed(then).items()],
        ),
        (
            "marts.fct_monthly_spend BY NAME SELECT ? AS month, ? AS line_id, ? AS currency,"
            " ? AS amount_cents, ? AS payment_status",
            [[*key, *told] for key, told in now.items()],
        ),
    ]
    for table, rows in tables:
        if rows:
            connection.executemany(f"INSERT INTO {table}", rows)
    difference = Counter(billed(now))
    difference.subtract(billed(then))
    found = connection.execute(
        f"SELECT month, line_id, currency, difference FROM ({QUERY})"
    ).fetchall()
    assert {
        (month, line, currency): amount * UNITS[currency] for month, line, currency, amount in found
    } == {key: amount for key, amount in difference.items() if amount}
    assert len(found) == sum(amount != 0 for amount in difference.values())

"""Months: each line spread by time over the calendar, in whole cents, against exact fractions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.transform.model import TRANSFORMS

FIRST, LAST = datetime(2023, 1, 1), datetime(2027, 1, 1)
MOMENTS = st.datetimes(FIRST, LAST).map(lambda each: each.replace(microsecond=0, tzinfo=UTC))
DAYS = st.dates(FIRST.date(), LAST.date()).map(
    lambda each: datetime(each.year, each.month, each.day, tzinfo=UTC)
)
PERIODS = st.tuples(MOMENTS | DAYS, MOMENTS | DAYS).filter(lambda pair: pair[0] < pair[1])
CENTS = st.integers(-(10**13), 10**13) | st.integers(-40, 40)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        opened.execute("CREATE SCHEMA intermediate; CREATE SCHEMA marts")
        months = Path(TRANSFORMS, "intermediate", "calendar_months.sql").read_text()
        opened.execute(f"CREATE TABLE intermediate.calendar_months AS {months}")
        opened.execute(
            "CREATE TABLE marts.fct_invoice_lines (line_id TEXT, invoice_id TEXT, vendor TEXT,"
            " account TEXT, category TEXT, currency TEXT, amount_cents BIGINT,"
            " period_start TIMESTAMPTZ, period_end TIMESTAMPTZ, payment_status TEXT)"
        )
        periods = Path(TRANSFORMS, "intermediate", "line_periods.sql").read_text()
        opened.execute(f"CREATE VIEW intermediate.line_periods AS {periods}")
        yield opened


def spread(
    connection: duckdb.DuckDBPyConnection,
    cents: int | None,
    start: datetime | None,
    end: datetime | None,
) -> dict[date | None, int | None]:
    connection.execute("DELETE FROM marts.fct_invoice_lines")
    connection.execute(
        "INSERT INTO marts.fct_invoice_lines VALUES"
        " ('1', 'i', 'v', 'a', 'usage', 'USD', ?, ?, ?, 'paid')",
        [cents, start, end],
    )
    query = Path(TRANSFORMS, "marts", "fct_monthly_spend.sql").read_text()
    rows = connection.execute(
        f"SELECT month, amount_cents FROM ({query}) ORDER BY month"
    ).fetchall()
    assert len({month for month, _ in rows}) == len(rows)
    return dict(rows)


def following(month: datetime) -> datetime:
    return (month + timedelta(days=31)).replace(day=1)


def exact_shares(cents: int, start: datetime, end: datetime) -> dict[date, Fraction]:
    shares = {}
    month = start.replace(day=1, hour=0, minute=0, second=0)
    while month < end:
        seconds = (min(end, following(month)) - max(start, month)) // timedelta(seconds=1)
        shares[month.date()] = Fraction(abs(cents) * seconds, (end - start) // timedelta(seconds=1))
        month = following(month)
    return shares


def by_largest_remainder(cents: int, start: datetime, end: datetime) -> dict[date, int]:
    shares = exact_shares(cents, start, end)
    whole = {month: int(share) for month, share in shares.items()}
    ranked = sorted(shares, key=lambda month: (whole[month] - shares[month], month))
    for month in ranked[: abs(cents) - sum(whole.values())]:
        whole[month] += 1
    return {month: part if cents >= 0 else -part for month, part in whole.items()}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cents=CENTS, period=PERIODS)
@example(
    cents=55_865_210_062,
    period=(datetime(2023, 4, 20, tzinfo=UTC), datetime(2023, 9, 1, 7, 0, 34, tzinfo=UTC)),
).via("a share that a double can't hold")
def test_months_add_up_and_follow_the_largest_remainder(
    connection: duckdb.DuckDBPyConnection, cents: int, period: tuple[datetime, datetime]
) -> None:
    months = spread(connection, cents, *period)
    assert sum(part or 0 for part in months.values()) == cents
    assert months == by_largest_remainder(cents, *period)


@pytest.mark.parametrize("cents", [1000, -1000])
def test_a_period_is_half_open(connection: duckdb.DuckDBPyConnection, cents: int) -> None:
    january, february = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert spread(connection, cents, january, february) == {january.date(): cents}
    second = timedelta(seconds=1)
    assert spread(connection, cents, january, february + second) == {
        january.date(): cents,
        february.date(): 0,
    }


def test_what_cannot_be_spread(connection: duckdb.DuckDBPyConnection) -> None:
    january, march = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    assert spread(connection, 5, None, None) == {None: 5}
    assert spread(connection, 5, january, None) == {None: 5}
    assert spread(connection, None, january, march) == {
        january.date(): None,
        date(2026, 2, 1): None,
    }

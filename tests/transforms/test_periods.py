"""Periods: exclusive ends, whatever form the vendor states them in."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.transform import project

dates = st.dates(date(1971, 1, 1), date(2190, 1, 1))
# Unix seconds of nine digits begin in 1973: fewer are no time.
recent_moments = st.datetimes(datetime(1974, 1, 1), datetime(2190, 1, 1), timezones=st.just(UTC))
moments = st.datetimes(datetime(1971, 1, 1), datetime(2190, 1, 1), timezones=st.just(UTC))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        for statements in project.macros():
            opened.execute(statements)
        yield opened


def read(
    connection: duckdb.DuckDBPyConnection, start: str, end: str
) -> tuple[datetime | None, datetime | None]:
    row = connection.execute(
        """
        WITH texts AS (SELECT $start AS starts, $end AS ends),
        times AS MATERIALIZED (
            SELECT moment(starts) AS started, moment(ends) AS ended, is_date(ends) AS on_date
            FROM texts
        )
        SELECT started, exclusive_end(started, ended, on_date) FROM times
        """,
        {"start": start, "end": end},
    ).fetchone()
    assert row
    return row


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def is_anniversary(start: date, end: date) -> bool:
    shorter = min(start.day, monthrange(end.year, end.month)[1])
    return (end.year, end.month) > (start.year, start.month) and end.day == shorter


@settings(max_examples=50)
@given(dates, st.integers(0, 800))
@example(date(2024, 1, 31), 29)
@example(date(2024, 2, 29), 365)
@example(date(2026, 7, 1), 30)
@example(date(2026, 7, 1), 31)
def test_dates(connection: duckdb.DuckDBPyConnection, start: date, days: int) -> None:
    end = start + timedelta(days=days)
    exclusive = end if is_anniversary(start, end) else end + timedelta(days=1)
    assert read(connection, start.isoformat(), end.isoformat()) == (
        midnight(start),
        midnight(exclusive),
    )


@settings(max_examples=50)
@given(moments, st.integers(1, 400), st.integers(0, 1_000_000))
@example(datetime(2105, 8, 24, 7, 0, 0, 170, UTC), 167, 1_000_000)
def test_the_last_second_of_whole_days(
    connection: duckdb.DuckDBPyConnection, start: datetime, days: int, missing_microseconds: int
) -> None:
    end = start + timedelta(days=days)
    stated = end - timedelta(microseconds=missing_microseconds)
    assert read(connection, start.isoformat(), stated.isoformat()) == (start, end)


@settings(max_examples=50)
@given(moments, st.integers(1, 400 * 86_400))
@example(datetime(2026, 9, 3, 10, 15, tzinfo=UTC), 1800)
def test_the_last_microsecond_of_whole_seconds(
    connection: duckdb.DuckDBPyConnection, start: datetime, seconds: int
) -> None:
    end = start + timedelta(seconds=seconds)
    stated = end - timedelta(microseconds=1)
    assert read(connection, start.isoformat(), stated.isoformat()) == (start, end)


@settings(max_examples=50)
@given(moments, st.integers(1, 400 * 86_400))
def test_other_times_are_exclusive(
    connection: duckdb.DuckDBPyConnection, start: datetime, seconds: int
) -> None:
    assert read(connection, start.isoformat(), start.isoformat()) == (
        start,
        start + timedelta(days=1),
    )
    end = start + timedelta(seconds=seconds + (seconds % 86_400 == 86_399))
    assert read(connection, start.isoformat(), end.isoformat()) == (start, end)


@settings(max_examples=50)
@given(
    recent_moments.map(lambda moment: moment.replace(microsecond=0)), st.integers(-12 * 60, 14 * 60)
)
def test_one_moment_in_many_forms(
    connection: duckdb.DuckDBPyConnection, moment: datetime, offset_minutes: int
) -> None:
    sign, (hours, minutes) = "-" if offset_minutes < 0 else "+", divmod(abs(offset_minutes), 60)
    local = (moment + timedelta(minutes=offset_minutes)).strftime("%Y-%m-%dT%H:%M:%S")
    forms = [
        f"{local}{sign}{hours:02}:{minutes:02}",
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        moment.strftime("%Y-%m-%dt%H:%M:%S.000z"),
        moment.strftime("%Y-%m-%d %H:%M:%S"),
        str(int(moment.timestamp())),
        f"{int(moment.timestamp())}.0",
        f"{int(moment.timestamp())}.0000000",
        f"{local}.000000999{sign}{hours:02}{minutes:02}",
        moment.strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
        moment.strftime("%Y-%m-%dT%H:%M:%S Z"),
    ]
    for form in forms:
        assert read(connection, form, form)[0] == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-12-31T23:59:60Z", datetime(2025, 1, 1, tzinfo=UTC)),
        ("2024-12-31T18:59:60.5-05:00", datetime(2025, 1, 1, 0, 0, 0, 500_000, UTC)),
        ("2024-01-01T24:00:00Z", datetime(2024, 1, 2, tzinfo=UTC)),
        ("2024-01-01T05:00Z", datetime(2024, 1, 1, 5, tzinfo=UTC)),
        ("2024-01-01T05:00", datetime(2024, 1, 1, 5, tzinfo=UTC)),
        ("2024-01-01T05:00:00-05", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("2024-01-01T05", datetime(2024, 1, 1, 5, tzinfo=UTC)),
        ("2024-01-01T05Z", datetime(2024, 1, 1, 5, tzinfo=UTC)),
        ("2024-01-01T05+05:30", datetime(2023, 12, 31, 23, 30, tzinfo=UTC)),
        ("2024-01-01T05:00:00,500Z", datetime(2024, 1, 1, 5, 0, 0, 500_000, UTC)),
        ("2024-01-01T050000Z", datetime(2024, 1, 1, 5, tzinfo=UTC)),
        ("20240101T050000,5+0000", datetime(2024, 1, 1, 5, 0, 0, 500_000, UTC)),
        ("20240101T0500Z", datetime(2024, 1, 1, 5, tzinfo=UTC)),
        ("20240101", datetime(2024, 1, 1, tzinfo=UTC)),
        # New York's own time is known to the engine; what nobody knows isn't taken for UTC.
        ("2024-01-01T00:00:00 EST", datetime(2024, 1, 1, 5, tzinfo=UTC)),
        ("2024-01-01T00:00:00 GMT", datetime(2024, 1, 1, tzinfo=UTC)),
        ("1.782864E9", datetime(2026, 7, 1, tzinfo=UTC)),
        ("1782864000e0", datetime(2026, 7, 1, tzinfo=UTC)),
        ("1782864E+03", datetime(2026, 7, 1, tzinfo=UTC)),
        ("17828640005e-1", datetime(2026, 7, 1, 0, 0, 0, 500_000, UTC)),
        ("1655823815.123456", datetime(2022, 6, 21, 15, 3, 35, 123_456, UTC)),
        ("2199-12-31", datetime(2199, 12, 31, tzinfo=UTC)),
    ],
)
def test_unusual_forms(connection: duckdb.DuckDBPyConnection, text: str, moment: datetime) -> None:
    assert read(connection, text, text)[0] == moment


def test_no_time_hangs_on_the_row_before(connection: duckdb.DuckDBPyConnection) -> None:
    stated = [
        "2024-01-01T05:00",
        "2024-01-01 05:00:00",
        "2024-01-01",
        "20240101T0500",
        "1704085200",
    ]
    zones = ["EST", "Asia/Tokyo", "+05:30", "Z", "XQZ"]
    texts = [
        each for zone in zones for text in stated for each in (f"2024-01-01 05:00:00 {zone}", text)
    ]
    read_together = connection.execute(
        "SELECT moment(text) FROM (SELECT unnest($1) AS text)", [texts]
    ).fetchall()
    assert [row[0] for row in read_together] == [read(connection, text, text)[0] for text in texts]


@pytest.mark.parametrize(
    ("value", "is_absent"),
    [
        *((text, True) for text in ("", "0001-01-01", "0001-01-01T00:00:00Z")),
        *((f"0001-01-01T00:00:00{rest}", True) for rest in (".000000000Z", "+00:00", "")),
        *((text, True) for text in ("0001-01-01 00:00:00 +0000 UTC", "0000-12-31T19:03:58-04:56")),
        *((text, True) for text in ("0001-01-01T08:05:43+08:05", "-62135596800", "0000-00-00")),
        *((text, False) for text in ("soon", "2024-01-01", "0", "1970-01-01T00:00:00Z", "0002")),
    ],
)
def test_absent_times(
    connection: duckdb.DuckDBPyConnection, value: str | None, is_absent: bool
) -> None:
    row = connection.execute("SELECT is_absent_time($1), moment($1) IS NULL", [value]).fetchone()
    assert row is not None
    assert row[0] == is_absent
    assert row[1] or not is_absent


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "0000-00-00",
        "9999-12-31",
        "2024-02-30",
        "2024-13-01T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "2024-01-01T00:00:00Z; DROP TABLE x",
        "١٢٣٤-٠١-٠١",
        "1655823815000",
        "-5",
        *("2024", "1e7", "8e9", "9999999999", "2024-01-01T00:00:61Z", "-1e9", "1e9999"),
        *("2024-01-01T00:00:00 XQZ", "2024-01-01T", "2024-01-01T5", "20241301", "1.5e12"),
    ],
)
def test_what_is_no_time_is_not_read(connection: duckdb.DuckDBPyConnection, value: str) -> None:
    assert read(connection, value, value) == (None, None)

"""The exchange rates of the corpus: the ECB's rows as five nights of fetching would have left them,
in which one day was corrected, one was missing at first, and some cells can't be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb

from pipelines.config.reporting import Override, ReportingSettings
from pipelines.warehouse import exchange_rates

SETTINGS = ReportingSettings(
    "GBP",
    (
        Override("2026-05", "BHD", Decimal("0.4975")),
        Override("2026-05", "EUR", Decimal("1.2")),
        Override("2026-05", "USD", Decimal("1.357911131719")),
    ),
)
_FIRST = date(2025, 12, 1)
_HOLIDAYS = {date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1)}
# Longer than the ECB ever rests.
_GAP = (date(2026, 1, 10), date(2026, 1, 20))
# Of the last day of April, seen first in July, corrected in August, and corrected back in October.
_CORRECTED = "2026-04-30"
# In the file from September on: invoices that were issued by then go by the day before.
_LATE = "2026-06-30"
_ODD = {"2026-02-27": {"USD": "N/A"}, "2026-08-21": {"USD": "0"}, "2026-07-31": {"USD": "?"}}
_ODD |= {"2026-09-18": {"GBP": "N/A"}}


def load(connection: duckdb.DuckDBPyConnection, nights: list[datetime]) -> None:
    """Into the schema `raw`, which is there."""
    exchange_rates.configure(connection, SETTINGS)
    for number, night in enumerate(nights, 1):
        days = {day: json.dumps(_cells(day, number)) for day in _days(night, number)}
        exchange_rates.keep(connection, days, night, f"night {number}")


def _days(night: datetime, number: int) -> Iterator[str]:
    day = _FIRST
    while day < night.date():
        text = day.isoformat()
        is_published = day.weekday() < 5 and day not in _HOLIDAYS
        if is_published and not _GAP[0] <= day <= _GAP[1] and (text != _LATE or number >= 3):
            yield text
        day += timedelta(days=1)


def _cells(day: str, number: int) -> dict[str, str]:
    """Other rates each day, so that one day's aren't taken for another's."""
    place = date.fromisoformat(day).toordinal() % 1000
    cells = {
        "USD": f"{1 + Decimal(place) / 10000:.4f}",
        "JPY": f"{150 + Decimal(place) / 100:.2f}",
        "GBP": f"{Decimal('0.83') + Decimal(place) / 100000:.5f}",
    }
    if day == _CORRECTED and number in (2, 3):
        cells["USD"] = "1.5"
    return cells | _ODD.get(day, {})

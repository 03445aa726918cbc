"""Billing periods: which months are billed in full, and which days no invoice covers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.transforms.test_readings import NORTHFLANK, PLANETSCALE
from tests.transforms.work_database import NIGHT, WorkDatabase

Month = tuple[bool, int]


def months(work: WorkDatabase, started_at: datetime = NIGHT) -> dict[str, Month]:
    """Of each month: is it closed, and how many of its days nobody billed."""
    assert not work.build(started_at).has_errors
    rows = work.rows("FROM marts.dim_billing_periods ORDER BY month")
    assert all(row["is_gap"] == (row["uncovered_days"] > 0) for row in rows)
    return {f"{row['month']:%m}": (row["is_closed"], row["uncovered_days"]) for row in rows}


def bill(work: WorkDatabase, first: str, last: str, **fields: Any) -> None:
    """A paid PlanetScale invoice from the first day to the last."""
    period = {"billing_period_start": f"2026-{first}", "billing_period_end": f"2026-{last}"}
    document = PLANETSCALE | period | {"id": first, "paid": True, "overdue": False} | fields
    work.add("planetscale", document, key=first)


def bill_seconds(work: WorkDatabase, start: datetime, end: datetime, **fields: Any) -> None:
    """A Northflank invoice; `end` is exclusive."""
    key = f"{start:%m%d%H%M%S}"
    period = {"start": int(start.timestamp()), "end": int(end.timestamp())}
    document = NORTHFLANK | {"id": key, "status": "paid", "period": period} | fields
    work.add("northflank", document, key=key)


def test_a_missing_period_between_anniversaries(work: WorkDatabase) -> None:
    for first, last in (("01-15", "02-14"), ("02-15", "03-14"), ("04-15", "05-14")):
        bill(work, first, last)
    assert months(work) == {
        "01": (True, 0),
        "02": (True, 0),
        "03": (False, 17),
        "04": (False, 14),
        "05": (False, 0),
    }


def test_a_single_missing_day(work: WorkDatabase) -> None:
    bill(work, "01-01", "01-31")
    bill(work, "02-02", "02-28")
    assert months(work) == {"01": (True, 0), "02": (False, 1)}


def test_a_missing_month(work: WorkDatabase) -> None:
    bill(work, "01-01", "01-31")
    bill(work, "03-01", "03-31")
    assert months(work) == {"01": (True, 0), "02": (False, 28), "03": (True, 0)}


def test_overlapping_and_contained_periods_cover_a_day_once(work: WorkDatabase) -> None:
    bill(work, "01-01", "03-31")
    bill(work, "02-10", "02-12")
    bill(work, "03-20", "04-30")
    assert set(months(work).values()) == {(True, 0)}


def test_seams_within_a_day(work: WorkDatabase) -> None:
    """Billed by thresholds: periods adjoin somewhere in a day, some seconds apart."""
    start = datetime(2026, 3, 10, 7, 30, tzinfo=UTC)
    for days in range(0, 40, 8):
        begins = start + timedelta(days=days, seconds=30)
        bill_seconds(work, begins, start + timedelta(days=days + 8))
    assert months(work) == {"03": (True, 0), "04": (False, 0)}


def test_what_still_accrues_closes_no_month_and_is_no_gap(work: WorkDatabase) -> None:
    bill(work, "09-15", "10-14")
    bill(work, "10-15", "11-14", paid=False)
    assert months(work, datetime(2026, 11, 2, tzinfo=UTC)) == {
        "09": (True, 0),
        "10": (False, 0),
        "11": (False, 0),
    }
    assert months(work, datetime(2026, 12, 1, tzinfo=UTC)) == {
        "09": (True, 0),
        "10": (True, 0),
        "11": (False, 0),
    }


def test_what_was_billed_in_advance_closes_no_month_before_it_is_over(work: WorkDatabase) -> None:
    bill(work, "09-15", "10-14")
    bill(work, "10-15", "11-14")
    assert months(work, datetime(2026, 11, 2, tzinfo=UTC)) == {
        "09": (True, 0),
        "10": (False, 0),
        "11": (False, 0),
    }


def test_a_last_month_that_is_billed_in_part_is_not_closed(work: WorkDatabase) -> None:
    bill(work, "08-15", "09-14")
    assert months(work) == {"08": (True, 0), "09": (False, 0)}
    bill(work, "09-15", "09-29")
    assert months(work)["09"] == (False, 0)
    bill(work, "09-30", "09-30")
    assert months(work)["09"] == (True, 0)


def test_a_void_invoice_bills_no_day(work: WorkDatabase) -> None:
    for month in (1, 2, 3):
        bill_seconds(
            work,
            datetime(2026, month, 1, tzinfo=UTC),
            datetime(2026, month + 1, 1, tzinfo=UTC),
            status="void" if month == 2 else "paid",
        )
    assert months(work) == {"01": (True, 0), "02": (False, 28), "03": (True, 0)}


def test_one_off_invoices_neither_open_nor_fill_a_gap(work: WorkDatabase) -> None:
    for month in (1, 4, 9):
        moment = datetime(2026, month, 7, 12, tzinfo=UTC)
        bill_seconds(work, moment, moment)
    assert not any(days for _, days in months(work).values())
    for month in (5, 7):
        bill_seconds(
            work, datetime(2026, month, 1, tzinfo=UTC), datetime(2026, month + 1, 1, tzinfo=UTC)
        )
    assert {name for name, (_, days) in months(work).items() if days} == {"06"}


@pytest.mark.parametrize(
    ("due", "gaps"),
    [
        (["2026-01-31", "2026-03-02", "2026-03-31", "2026-04-30"], {}),
        (["2026-01-05", "2026-02-09", "2026-03-05"], {}),
        (["2026-01-31", "2026-03-31"], {"01": 1, "02": 27}),
    ],
)
def test_derived_periods_may_move_by_days(
    work: WorkDatabase, due: list[str], gaps: dict[str, int]
) -> None:
    for number, day in enumerate(due):
        assert date.fromisoformat(day)
        document = {"invoice_number": str(number), "amount_due": "1", "due_date": day}
        work.add("turso", document | {"status": "paid"}, listing="issued", key=str(number))
    assert {name: days for name, (_, days) in months(work).items() if days} == gaps

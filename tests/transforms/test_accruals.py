"""What is accrued: what is upcoming, else a mean of what was billed; nothing for what ended."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.transforms.test_alerts import bill
from tests.transforms.work_database import WorkDatabase

FOUND = (
    "SELECT strftime(month, '%m') AS month, amount, basis, months_averaged, is_over"
    " FROM marts.accruals ORDER BY ALL"
)


def accrued(work: WorkDatabase, now: datetime) -> list[tuple[Any, ...]]:
    assert not work.build(now).has_errors
    return [tuple(row.values()) for row in work.rows(FOUND)]


def test_the_mean_of_three_months(work: WorkDatabase) -> None:
    for month, total in ((5, "999.00"), (6, "1000.00"), (7, "10.01"), (8, "20.00"), (9, "30.01")):
        bill(work, month, total)
    # All of September is billed: nothing is waiting before October.
    assert accrued(work, datetime(2026, 9, 30, tzinfo=UTC)) == []
    # (10.01 + 20.00 + 30.01) / 3 is 20.00666…
    october = ("10", Decimal("20.01"), "mean", 3)
    assert accrued(work, datetime(2026, 10, 1, tzinfo=UTC)) == [(*october, False)]
    november = ("11", *october[1:], False)
    assert accrued(work, datetime(2026, 11, 30, 23, tzinfo=UTC)) == [(*october, True), november]
    # For two months before this one there was no invoice: it may have ended.
    assert accrued(work, datetime(2026, 12, 1, tzinfo=UTC)) == []


def period(work: WorkDatabase, first: str, end: str, total: str, *, upcoming: bool = False) -> None:
    document = {
        "invoice_number": None if upcoming else first,
        "amount_due": total,
        "due_date": end,
        "paid_at": None if upcoming else end,
    }
    listing = "upcoming" if upcoming else "issued"
    work.add("turso", document, listing=listing, key="upcoming" if upcoming else first)


def test_what_is_upcoming_stands_above_the_mean(work: WorkDatabase) -> None:
    for month in (7, 8, 9, 10):
        period(work, f"2026-{month:02}-01", f"2026-{month:02}-15", "31.00")
    november = datetime(2026, 11, 1, tzinfo=UTC)
    # The first half of October is billed, with 14.47; July to September cost 31.00 on average.
    assert accrued(work, november)[0] == ("10", Decimal("16.53"), "mean", 3, True)
    period(work, "next", "2026-11-15", "62.00", upcoming=True)
    rows = accrued(work, november)
    assert [row[0] for row in rows] == ["10", "11"]
    assert {row[2:4] for row in rows} == {("upcoming", None)}
    assert sum(row[1] for row in rows) == 62
    assert accrued(work, datetime(2026, 10, 31, tzinfo=UTC))[-1][0] == "10"


def test_credits_and_what_is_billed_already_are_no_reason_to_accrue(work: WorkDatabase) -> None:
    for month in (8, 9, 10):
        bill(work, month, "-5.00")
    # As much as usual is billed for the first half of November.
    for start, end in (("09-01", "10-01"), ("10-01", "11-01"), ("11-01", "11-15")):
        document = {
            "id": start,
            "total": "9.00",
            "billing_period_start": f"2026-{start}",
            "billing_period_end": f"2026-{end}",
            "paid": True,
        }
        work.add("planetscale", document, key=start, account="half")
    assert accrued(work, datetime(2026, 11, 20, tzinfo=UTC)) == []


def bill_in(work: WorkDatabase, currency: str, start: str, end: str, total: str) -> None:
    first, last = (datetime.fromisoformat(f"2026-{day}T00:00:00+00:00") for day in (start, end))
    key = f"{currency} {start}"
    document = {
        "id": key,
        "status": "paid",
        "currency": currency,
        "total": float(total),
        "period": {"start": int(first.timestamp()), "end": int(last.timestamp())},
    }
    work.add("northflank", document, key=key, account="two")


def test_each_currency_of_an_account_ends_for_itself(work: WorkDatabase) -> None:
    for start, end in (("07-01", "08-01"), ("08-01", "09-01"), ("09-01", "10-01")):
        bill_in(work, "eur", start, end, "20.00")
        bill_in(work, "usd", start, end if end < "10" else "09-16", "10.00")
    # Of dollars, September is billed to its middle.
    assert accrued(work, datetime(2026, 10, 20, tzinfo=UTC)) == [
        ("10", Decimal("10.00"), "mean", 2, False),
        ("10", Decimal("20.00"), "mean", 3, False),
    ]


def test_a_cent_is_accrued_and_nothing_is_not(work: WorkDatabase) -> None:
    now = datetime(2026, 10, 20, tzinfo=UTC)
    bill_in(work, "usd", "09-01", "10-01", "0.01")
    assert accrued(work, now) == [("10", Decimal("0.01"), "mean", 1, False)]
    # What is 0 in full, and has a credit for the days since.
    bill_in(work, "eur", "09-01", "10-01", "0.00")
    bill_in(work, "eur", "10-01", "10-15", "-5.00")
    assert accrued(work, now) == [("10", Decimal("0.01"), "mean", 1, False)]

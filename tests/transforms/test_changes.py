"""What happened to issued invoices, and which months they cover."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.transforms.test_readings import MONGODB, PLANETSCALE, TURSO, VERSORI
from tests.transforms.work_database import NIGHT, WorkDatabase

EARLIER, LATER, LATEST = (NIGHT - timedelta(days=days) for days in (40, 20, 10))


def changes(work: WorkDatabase) -> list[tuple[Any, ...]]:
    rows = work.rows("FROM marts.invoice_changes ORDER BY changed_at, kind")
    return [(row["changed_at"], row["kind"], row["before"], row["after"]) for row in rows]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {"amountBilledCents": 700}, [("amount_corrected", "726", "700")]),
        ({}, {"statusName": "FAILED"}, [("became_unpaid", "paid", "failed")]),
        ({}, {"statusName": "CLOSED"}, [("became_unpaid", "paid", "open")]),
        ({"statusName": "CLOSED"}, {}, []),
        ({"statusName": "PENDING", "amountBilledCents": 9}, {}, []),
        (
            {},
            {"statusName": "FAILED", "amountBilledCents": 700},
            [("amount_corrected", "726", "700"), ("became_unpaid", "paid", "failed")],
        ),
    ],
)
def test_two_versions(
    work: WorkDatabase,
    first: dict[str, Any],
    second: dict[str, Any],
    expected: list[tuple[str, str, str]],
) -> None:
    work.add("mongodb", MONGODB | first, valid_from=EARLIER, valid_to=LATER)
    work.add("mongodb", MONGODB | second, valid_from=LATER)
    work.build()
    assert changes(work) == [(LATER, *each) for each in expected]
    work.build()
    assert changes(work) == [(LATER, *each) for each in expected]


def test_void(work: WorkDatabase) -> None:
    work.add("turso", TURSO, listing="issued", valid_from=EARLIER, valid_to=LATER)
    work.add("turso", TURSO | {"status": "void"}, listing="issued", valid_from=LATER)
    work.build()
    assert changes(work) == [(LATER, "voided", "paid", "void")]


def test_delisted_and_listed_again(work: WorkDatabase) -> None:
    work.add("mongodb", MONGODB, valid_from=EARLIER, valid_to=LATER)
    work.add("mongodb", MONGODB, valid_from=LATEST)
    work.build()
    assert changes(work) == [
        (LATER, "delisted", "paid", None),
        (LATEST, "relisted", None, "paid"),
    ]


def test_upcoming_and_unreadable_versions_are_no_changes(work: WorkDatabase) -> None:
    work.add("turso", TURSO, listing="upcoming", key="upcoming", valid_from=EARLIER, valid_to=LATER)
    work.add("mongodb", MONGODB, valid_from=EARLIER, valid_to=LATER)
    work.add("mongodb", MONGODB | {"amountBilledCents": "x"}, valid_from=LATER)
    work.add(
        "versori", VERSORI, listing="upcoming", key="upcoming", valid_from=EARLIER, valid_to=LATER
    )
    work.add("versori", VERSORI, listing="2024-03", key="2024-03-01/2024-04-01", valid_from=LATER)
    work.build()
    assert changes(work) == []


def test_refunds_as_the_versions_of_the_detail_show_them(work: WorkDatabase) -> None:
    work.add("mongodb", MONGODB)
    one = {"amountCents": 100, "created": "2018-04-01T00:00:00Z", "paymentId": "p"}
    for refunds, since, until in (
        ([], EARLIER, LATER),
        ([one], LATER, LATEST),
        ([one, one | {"amountCents": 26}], LATEST, None),
    ):
        work.add(
            "mongodb",
            MONGODB | {"refunds": refunds},
            entity="invoice_details",
            listing="1",
            valid_from=since,
            valid_to=until,
        )
    work.build()
    assert changes(work) == [(LATER, "refunded", "0", "100"), (LATEST, "refunded", "100", "126")]
    assert work.invoices()[0]["refunded_cents"] == 126


def test_history_joins_equal_neighbours_and_ends_with_the_listing(work: WorkDatabase) -> None:
    work.add("mongodb", MONGODB | {"statusName": "CLOSED"}, valid_from=EARLIER, valid_to=LATER)
    work.add(
        "mongodb",
        MONGODB | {"statusName": "CLOSED", "note": "x"},
        valid_from=LATER,
        valid_to=LATEST,
    )
    work.add("mongodb", MONGODB, valid_from=LATEST, valid_to=NIGHT)
    work.build()
    rows = work.rows("FROM marts.fct_payment_status_history ORDER BY valid_from")
    assert [(row["payment_status"], row["valid_from"], row["valid_to"]) for row in rows] == [
        ("open", EARLIER, LATEST),
        ("paid", LATEST, NIGHT),
    ]


def periods(work: WorkDatabase) -> list[tuple[str, int, bool, bool]]:
    return [
        (f"{row['month']:%Y-%m}", row["invoices"], row["is_closed"], row["is_gap"])
        for row in work.rows("FROM marts.dim_billing_periods ORDER BY month")
    ]


def test_months_with_gaps_and_an_open_end(work: WorkDatabase) -> None:
    for month, last, fields in (
        ("2026-07", 31, {"paid": True}),
        ("2026-10", 31, {"paid": False, "overdue": False}),
        ("2026-11", 30, {"paid": False, "overdue": False}),
    ):
        document = PLANETSCALE | {
            "id": month,
            "billing_period_start": f"{month}-01",
            "billing_period_end": f"{month}-{last}",
        }
        work.add("planetscale", document | fields, key=month)
    work.build(started_at=datetime(2026, 11, 1, 2, tzinfo=UTC))
    assert periods(work) == [
        ("2026-07", 1, True, False),
        ("2026-08", 0, False, True),
        ("2026-09", 0, False, True),
        ("2026-10", 1, True, False),
        ("2026-11", 1, False, False),
    ]


def test_an_anniversary_period_touches_two_months(work: WorkDatabase) -> None:
    document = VERSORI | {"invoiceStartDate": "2026-09-15", "invoiceEndDate": "2026-10-15"}
    upcoming = VERSORI | {"invoiceStartDate": "2026-10-15", "invoiceEndDate": "2026-11-15"}
    work.add("versori", document, listing="2026-09", key="2026-09-15/2026-10-15")
    work.add("versori", upcoming, listing="upcoming", key="upcoming")
    work.build(started_at=datetime(2026, 11, 1, 2, tzinfo=UTC))
    assert periods(work) == [
        ("2026-09", 1, True, False),
        ("2026-10", 2, False, False),
        ("2026-11", 1, False, False),
    ]

"""Periods that no invoice states, and its lines tell: Linode's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.transforms.work_database import NIGHT, WorkDatabase

ITEMS: list[dict[str, Any]] = [
    {"from": "2026-09-10T14:22:05", "to": "2026-09-30T23:59:59", "amount": 1},
    {"from": "2026-09-03T00:00:00", "to": "2026-09-12T10:22:30", "amount": 1},
    {"from": None, "to": None, "amount": 1},
]
DETAIL: dict[str, Any] = {"entity": "invoice_details", "listing": "1"}
UNKNOWN = (None, None, "unknown")
DERIVED = (datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC), "derived")


def test_a_period_follows_the_lines_from_night_to_night(work: WorkDatabase) -> None:
    """Also where the listed document stays the same."""

    def period(nights: int) -> tuple[object, ...]:
        assert not work.build(NIGHT + timedelta(days=nights)).has_errors
        [row] = work.rows(
            "SELECT billing_period_start, billing_period_end, billing_period_basis"
            " FROM marts.fct_invoices"
        )
        return tuple(row.values())

    work.add("linode", {"id": 1, "total": 3})
    assert period(0) == UNKNOWN
    work.add("linode", {"data": ITEMS}, **DETAIL, valid_from=NIGHT + timedelta(days=1))
    assert period(1) == DERIVED
    ends = work.rows(
        "SELECT period_end FROM marts.fct_invoice_lines WHERE record_type = 'line' ORDER BY ALL"
    )
    assert [row["period_end"] for row in ends] == [
        datetime(2026, 9, 12, 10, 22, 30, tzinfo=UTC),
        # One ends with the invoice, and one has no term of its own.
        *[DERIVED[1]] * 2,
    ]

"""Each alert's rule: what raises it, and what just doesn't."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.publish import closing
from pipelines.transform.model import TRANSFORMS
from pipelines.warehouse import rule_files
from tests.transforms.work_database import NIGHT, WorkDatabase


def found(work: WorkDatabase, kind: str, started_at: datetime = NIGHT) -> list[str]:
    assert not work.build(started_at).has_errors
    query = (TRANSFORMS / "alerts" / f"{kind}.sql").read_text(encoding="utf-8")
    return sorted(row["message"] for row in work.rows(query))


def bill(
    work: WorkDatabase, month: int, total: str, *, paid: bool = True, overdue: bool = False
) -> None:
    work.add(
        "planetscale",
        {
            "id": f"inv-{month:02}",
            "total": total,
            "billing_period_start": f"2026-{month:02}-01",
            "billing_period_end": f"2026-{month + 1:02}-01",
            "paid": paid,
            "overdue": overdue,
        },
        key=f"inv-{month:02}",
    )


def test_unpaid_invoices(work: WorkDatabase) -> None:
    bill(work, 8, "10.05", paid=False, overdue=True)
    bill(work, 9, "0.00", paid=False, overdue=True)
    bill(work, 10, "11.00")
    failed = {"invoice_number": "T-1", "amount_due": "7.50", "payment_failed_at": "2026-10-02"}
    work.add("turso", failed | {"due_date": "2026-10-01"}, listing="issued", key="T-1")
    assert found(work, "unpaid_invoice") == [
        "planetscale acme invoice inv-08: past due, USD 10.05 to pay",
        "turso acme invoice T-1: the payment failed, USD 7.50 to pay, due 2026-10-01",
    ]


@pytest.mark.parametrize(
    ("total", "is_told"),
    [("300.01", True), ("300.00", False), ("99.99", True), ("100.00", False)],
)
def test_amounts_beyond_half_the_median(work: WorkDatabase, total: str, is_told: bool) -> None:
    for month, usual in enumerate(("100.00", "200.00", "900.00"), start=7):
        bill(work, month, usual)
    bill(work, 10, total)
    message = (
        "planetscale acme invoice inv-10 for the period from 2026-10-01:"
        f" USD {total}, usually about 200.00"
    )
    assert found(work, "unusual_amount") == ([message] if is_told else [])


def test_small_differences_short_histories_and_old_periods_are_quiet(work: WorkDatabase) -> None:
    for month in (4, 5, 6):
        bill(work, month, "1.00")
    bill(work, 7, "100.99")
    assert found(work, "unusual_amount", datetime(2026, 8, 2, tzinfo=UTC)) == []
    bill(work, 8, "5000.00")
    assert found(work, "unusual_amount", datetime(2026, 10, 15, tzinfo=UTC)) != []
    assert found(work, "unusual_amount", datetime(2026, 10, 16, tzinfo=UTC)) == []


def test_two_invoices_are_no_history(work: WorkDatabase) -> None:
    bill(work, 8, "1.00")
    bill(work, 9, "1.00")
    bill(work, 10, "5000.00")
    assert found(work, "unusual_amount") == []


def test_what_accrues_is_told_only_when_too_high(work: WorkDatabase) -> None:
    for month in (7, 8, 9):
        bill(work, month, "1000.00")
    bill(work, 10, "3.00", paid=False)
    during = datetime(2026, 10, 5, tzinfo=UTC)
    assert found(work, "unusual_amount", during) == []
    work.connection.execute(
        "UPDATE raw.planetscale__invoices SET version_hash = 'another', document ="
        " replace(document, '\"3.00\"', '\"3000.00\"') WHERE document LIKE '%\"3.00\"%'"
    )
    [message] = found(work, "unusual_amount", during)
    assert "USD 3000.00 so far, usually about 1000.00" in message


def test_a_missing_invoice(work: WorkDatabase) -> None:
    for month in (6, 7, 8):
        bill(work, month, "1.00")
    # The last period ended on September 1; the longest interval is 31 days, and 7 are the grace.
    assert found(work, "missing_invoice", datetime(2026, 10, 9, 23, tzinfo=UTC)) == []
    assert found(work, "missing_invoice", datetime(2026, 10, 10, tzinfo=UTC)) == [
        "planetscale acme: no invoice since the period that ended 2026-09-01;"
        " until then one came every 31 days or sooner"
    ]


def test_two_periods_are_no_rhythm(work: WorkDatabase) -> None:
    bill(work, 2, "1.00")
    bill(work, 3, "1.00")
    assert found(work, "missing_invoice") == []


def test_budgets_that_were_passed(work: WorkDatabase) -> None:
    for month in (8, 9, 10):
        bill(work, month, "10.00")
    share = {"team": "search", "line": 2, "percentage": "50"}
    anything = dict.fromkeys(
        ("vendor", "account", "project", "resource", "tag", "category", "sku"), ""
    )
    rules = [{"rule": 2, "method": "percentage", "shares": [share], **anything}]
    for budget, told in (("5.00", 0), ("4.99", 2)):
        budgets = [{"team": "search", "month": None, "currency": "USD", "amount": budget}]
        documents = {"allocation": json.dumps(rules), "budgets": json.dumps(budgets)}
        rule_files.remember(work.connection, documents, NIGHT)
        messages = [
            f"search has spent USD 5.00 in 2026-{month:02}, more than its budget of 4.99"
            for month in (9, 10)
        ]
        assert found(work, "budget_passed") == messages[:told]
    # October ended 45 days before.
    end = datetime(2026, 12, 16, tzinfo=UTC)
    assert found(work, "budget_passed", end - timedelta(seconds=1)) == messages[1:]
    assert found(work, "budget_passed", end) == []


def test_closed_months_that_would_now_be_something_else(work: WorkDatabase) -> None:
    closing.create(work.connection)
    bill(work, 9, "10.00")
    bill(work, 10, "20.00")
    assert found(work, "closed_month_changed") == []
    work.connection.execute(
        "INSERT INTO raw.closed_months VALUES ('2026-09', '2026-09-01', $now, $now, NULL);",
        {"now": NIGHT},
    )
    columns = "invoice_id, vendor, account, category, NULL, currency, amount_cents"
    work.connection.execute(
        f"INSERT INTO raw.closed_spend SELECT '2026-09', month, line_id, {columns}"
        " FROM marts.fct_monthly_spend WHERE month = '2026-09-01'"
    )
    assert found(work, "closed_month_changed") == []
    for change, told in (("- 1", "0.01 more"), ("+ 101", "1.00 less")):
        work.connection.execute(f"UPDATE raw.closed_spend SET amount_cents = amount_cents {change}")
        assert found(work, "closed_month_changed") == [
            f"2026-09 is closed, and would now be USD {told}, by 1 line(s): see `billhouse changes"
            " --since-close`"
        ]

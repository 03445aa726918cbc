"""What stands in which listing, and since when: upcoming, issued, delisted, rejected."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.transforms.test_readings import FASTLY, FOCUS, MONGODB, PLANETSCALE, TURSO, VERSORI
from tests.transforms.work_database import NIGHT, WorkDatabase

EARLIER = NIGHT - timedelta(days=40)
LATER = NIGHT - timedelta(days=10)


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    [row] = rows
    return row


def test_a_changed_document_keeps_its_first_time(work: WorkDatabase) -> None:
    work.add("mongodb", MONGODB | {"statusName": "CLOSED"}, valid_from=EARLIER, valid_to=LATER)
    work.add("mongodb", MONGODB, valid_from=LATER)
    work.build()
    invoice = only(work.invoices())
    assert (invoice["payment_status"], invoice["delisted_at"]) == ("paid", None)
    assert (invoice["first_seen_at"], invoice["updated_at"]) == (EARLIER, LATER)


def test_an_issued_invoice_that_is_no_longer_listed_stays(work: WorkDatabase) -> None:
    work.add("turso", TURSO, listing="issued", valid_from=EARLIER, valid_to=LATER)
    report = work.build()
    assert only(work.invoices())["delisted_at"] == LATER
    assert [(finding.severity, finding.name) for finding in report.findings] == [
        ("warning", "delisted_invoices")
    ]


def test_an_upcoming_one_that_is_no_longer_listed_is_gone(work: WorkDatabase) -> None:
    work.add("turso", TURSO, listing="upcoming", key="upcoming", valid_from=EARLIER, valid_to=LATER)
    work.add("mongodb", MONGODB | {"statusName": "PENDING"}, valid_from=EARLIER, valid_to=LATER)
    accruing = PLANETSCALE | {"paid": False, "billing_period_end": "2026-10-31"}
    work.add("planetscale", accruing, valid_from=EARLIER, valid_to=LATER)
    work.build()
    assert work.invoices() == []


def test_versori_issued_wins_over_upcoming_of_the_same_period(work: WorkDatabase) -> None:
    work.add("versori", VERSORI, listing="upcoming", key="upcoming")
    work.add("versori", VERSORI, listing="2024-03", key="2024-03-01/2024-04-01", valid_from=EARLIER)
    assert not work.build().has_errors
    assert only(work.invoices())["payment_status"] == "unknown"


def test_versori_issued_stays_though_it_was_upcoming_for_longer(work: WorkDatabase) -> None:
    key = "2024-03-01/2024-04-01"
    work.add("versori", VERSORI, listing="2024-03", key=key, valid_from=EARLIER, valid_to=LATER)
    work.add(
        "versori", VERSORI, listing="upcoming", key="upcoming", valid_from=EARLIER, valid_to=NIGHT
    )
    assert not work.build().has_errors
    invoice = only(work.invoices())
    assert (invoice["payment_status"], invoice["delisted_at"]) == ("unknown", NIGHT)


def test_versori_months_that_overlap_count_an_invoice_once(work: WorkDatabase) -> None:
    corrected = VERSORI | {"totalAmount": VERSORI["totalAmount"] | {"integral": 13}}
    work.add("versori", VERSORI, listing="2024-03", key="2024-03-01/2024-04-01", valid_from=EARLIER)
    work.add("versori", corrected, listing="2024-04", key="2024-03-01/2024-04-01", valid_from=LATER)
    assert not work.build().has_errors
    assert only(work.invoices())["total_cents"] == 1350


def test_versori_invoices_of_one_period_are_all_kept(work: WorkDatabase) -> None:
    for listing in ("2024-03", "2024-04"):
        for ordinal in ("", "#2"):
            work.add("versori", VERSORI, listing=listing, key=f"2024-03-01/2024-04-01{ordinal}")
    assert not work.build().has_errors
    assert len(work.invoices()) == 2


def test_the_next_upcoming_invoice_is_not_the_last_one(work: WorkDatabase) -> None:
    work.add(
        "versori", VERSORI, listing="upcoming", key="upcoming", valid_from=EARLIER, valid_to=LATER
    )
    work.add("versori", VERSORI, listing="2024-03", key="2024-03-01/2024-04-01", valid_from=LATER)
    april = VERSORI | {"invoiceStartDate": "2024-04-01", "invoiceEndDate": "2024-05-01"}
    work.add("versori", april, listing="upcoming", key="upcoming", valid_from=LATER)
    assert not work.build().has_errors
    assert sorted(invoice["payment_status"] for invoice in work.invoices()) == [
        "unknown",
        "upcoming",
    ]


def test_a_newest_version_that_cannot_be_read_is_not_shown_as_it_was(work: WorkDatabase) -> None:
    work.add("turso", TURSO, listing="issued", valid_from=EARLIER, valid_to=LATER)
    work.add("turso", TURSO | {"amount_due": "?"}, listing="issued", valid_from=LATER)
    assert not work.build().has_errors
    assert work.invoices() == []
    assert len(work.reasons()) == 1


def test_a_document_that_was_mended_is_no_longer_rejected(work: WorkDatabase) -> None:
    work.add(
        "turso",
        {"amount_due": "10.29"},
        listing="issued",
        key="?",
        valid_from=EARLIER,
        valid_to=LATER,
    )
    work.add("turso", TURSO, listing="issued", key="LFONTK-00001", valid_from=LATER)
    work.build()
    assert (len(work.invoices()), work.reasons()) == (1, [])


def test_accounts_of_one_key_are_two_invoices(work: WorkDatabase) -> None:
    for account in ("a", "a/1", "a'; DROP SCHEMA raw; --"):
        work.add("mongodb", MONGODB, account=account)
    assert not work.build().has_errors
    assert len({invoice["invoice_id"] for invoice in work.invoices()}) == 3


def test_what_was_known_on_an_earlier_day(work: WorkDatabase) -> None:
    work.add("mongodb", MONGODB | {"statusName": "CLOSED"}, valid_from=EARLIER, valid_to=LATER)
    work.add("mongodb", MONGODB, valid_from=LATER)
    for as_of, statuses in [
        (EARLIER - timedelta(seconds=1), []),
        (EARLIER, ["open"]),
        (LATER - timedelta(seconds=1), ["open"]),
        (LATER, ["paid"]),
    ]:
        work.build(started_at=as_of, as_of=as_of)
        assert [invoice["payment_status"] for invoice in work.invoices()] == statuses
        assert not [invoice for invoice in work.invoices() if invoice["delisted_at"]]


def test_a_month_to_date_is_in_the_currency_of_the_account_s_newest_invoice(
    work: WorkDatabase,
) -> None:
    older = FASTLY | {"billing_end_date": "2026-04-30T00:00:00Z", "currency_code": "GBP"}
    work.add("fastly", FASTLY | {"currency_code": " eur "}, listing="issued", key="f-2")
    work.add("fastly", older, listing="issued", key="f-1", valid_from=NIGHT + timedelta(days=1))
    july = FASTLY | {"billing_start_date": "2026-07-01", "billing_end_date": "2026-07-31"}
    work.add("fastly", july | {"currency_code": None}, listing="upcoming", key="f-3")
    work.build(started_at=NIGHT + timedelta(days=2))
    [upcoming] = [each for each in work.invoices() if each["payment_status"] == "upcoming"]
    assert (upcoming["currency"], upcoming["currency_basis"]) == ("EUR", "assumed")


def test_charges_that_are_on_no_invoice_stand_there_once_beside_several(
    work: WorkDatabase,
) -> None:
    late = NIGHT + timedelta(days=300)
    for number in (None, "I-1", "I-2"):
        document = FOCUS | {"InvoiceId": number, "x_IsInvoiced": False}
        work.add("focus", document, key=number or "A/2026-03", valid_from=late)
    work.build(started_at=late)
    found = [(each["invoice_number"], each["payment_status"]) for each in work.invoices()]
    assert sorted(found, key=repr) == [
        ("I-1", "unknown"),
        ("I-2", "unknown"),
        (None, "upcoming"),
    ]

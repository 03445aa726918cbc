"""What each vendor's documents mean: the examples of their documentation, and every status word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.transforms.work_database import WorkDatabase

ReadOne = Callable[..., dict[str, Any]]

TURSO = {
    "invoice_number": "LFONTK-00001",
    "amount_due": "10.29",
    "due_date": "2024-01-01T05:00:00+00:00",
    "paid_at": "2024-01-01T05:00:00+00:00",
    "payment_failed_at": "2024-01-01T05:00:00+00:00",
    "invoice_pdf": "https://assets.withorb.com/invoice/...",
}
MONGODB = {
    "amountBilledCents": 726,
    "amountPaidCents": 726,
    "created": "2018-02-01T06:05:04Z",
    "endDate": "2018-03-01T00:00:00Z",
    "id": "5a7299a8",
    "salesTaxCents": 57,
    "startDate": "2018-02-01T00:00:00Z",
    "startingBalanceCents": 0,
    "statusName": "PAID",
    "subtotalCents": 669,
}
NORTHFLANK = {"period": {"start": 1655823815, "end": 1655910214}, "total": 1200}
PLANETSCALE = {
    "id": "aabb12123434",
    "total": 39.5,
    "billing_period_start": "2025-07-01",
    "billing_period_end": "2025-07-31",
}
VERSORI = {
    "invoiceStartDate": "2024-03-01",
    "invoiceEndDate": "2024-04-01",
    "totalAmount": {"isNegative": False, "currencyCode": "GBP", "integral": 12, "fractional": 50},
    "invoiceURL": "https://invoice.stripe.com/i/1",
    "productBreakdowns": [],
}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_turso_example(read_one: ReadOne) -> None:
    invoice = read_one("turso", TURSO, listing="issued", key="LFONTK-00001")
    assert invoice["total_cents"] == 1029
    assert (invoice["currency"], invoice["currency_basis"]) == ("USD", "documented")
    assert invoice["billing_period_start"] == utc(2023, 12, 1)
    assert invoice["billing_period_end"] == utc(2024, 1, 1)
    assert invoice["billing_period_basis"] == "derived"
    assert (invoice["payment_status"], invoice["paid_cents"], invoice["balance_due_cents"]) == (
        "paid",
        1029,
        0,
    )
    assert invoice["invoice_url"] == TURSO["invoice_pdf"]


def test_turso_due_date_in_another_zone_and_a_short_month(read_one: ReadOne) -> None:
    document = TURSO | {
        "due_date": "2024-03-30T22:00:00-05:00",
        "hosted_invoice_url": "https://orb/1",
    }
    invoice = read_one("turso", document, listing="issued")
    assert invoice["billing_period_start"] == utc(2024, 2, 29)
    assert invoice["billing_period_end"] == utc(2024, 3, 31)
    assert invoice["invoice_url"] == "https://orb/1"


@pytest.mark.parametrize("absent", [{}, {"due_date": ""}, {"due_date": None}])
def test_turso_without_due_date_has_no_period(read_one: ReadOne, absent: dict[str, Any]) -> None:
    document = {key: value for key, value in TURSO.items() if key != "due_date"} | absent
    invoice = read_one("turso", document, listing="issued")
    assert invoice["billing_period_start"] is None
    assert invoice["billing_period_basis"] == "unknown"


@pytest.mark.parametrize(
    ("listing", "fields", "status"),
    [
        ("issued", {"status": "void", "paid_at": "2024-01-01T05:00:00Z"}, "void"),
        ("issued", {"status": "paid"}, "paid"),
        (
            "issued",
            {"paid_at": "2024-01-01T05:00:00Z", "payment_failed_at": "2024-01-02T05:00:00Z"},
            "paid",
        ),
        ("upcoming", {"payment_failed_at": "2024-01-02T05:00:00Z"}, "upcoming"),
        ("issued", {"status": "draft"}, "upcoming"),
        ("issued", {"payment_failed_at": "2024-01-02T05:00:00Z"}, "failed"),
        ("issued", {"paid_at": "", "payment_failed_at": None}, "past_due"),
        ("issued", {"status": "synced", "due_date": "2026-11-02T00:00:00Z"}, "open"),
        ("issued", {"status": "issued", "due_date": "2026-11-01T01:59:59Z"}, "past_due"),
    ],
)
def test_turso_statuses(
    read_one: ReadOne, listing: str, fields: dict[str, Any], status: str
) -> None:
    document = {
        "invoice_number": "1",
        "amount_due": "$1,234.50",
        "due_date": TURSO["due_date"],
    } | fields
    invoice = read_one("turso", document, listing=listing)
    assert (invoice["payment_status"], invoice["total_cents"]) == (status, 123450)


def test_versori_example(read_one: ReadOne) -> None:
    invoice = read_one("versori", VERSORI, listing="2024-03", key="2024-03-01/2024-04-01")
    assert (invoice["total_cents"], invoice["currency"]) == (1250, "GBP")
    assert invoice["billing_period_end"] == utc(2024, 4, 1)
    assert (invoice["payment_status"], invoice["paid_cents"], invoice["balance_due_cents"]) == (
        "unknown",
        None,
        None,
    )


def test_versori_currencies_that_contradict(work: WorkDatabase) -> None:
    work.add("versori", VERSORI | {"currencyCode": "USD"}, listing="2024-03")
    work.build()
    assert work.reasons() == ["the invoice's currencyCode USD is not its total's, GBP"]


def test_mongodb_example(read_one: ReadOne) -> None:
    invoice = read_one("mongodb", MONGODB)
    assert (invoice["total_cents"], invoice["tax_cents"], invoice["subtotal_cents"]) == (
        726,
        57,
        669,
    )
    assert (invoice["billing_period_start"], invoice["billing_period_end"]) == (
        utc(2018, 2, 1),
        utc(2018, 3, 1),
    )
    assert (invoice["payment_status"], invoice["vendor_status"]) == ("paid", "PAID")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PENDING", "upcoming"),
        ("CLOSED", "open"),
        ("INVOICED", "open"),
        ("FAILED", "failed"),
        ("PAID", "paid"),
        ("CHARGE_FAILED", "failed"),
        ("FREE", "no_charge"),
        ("PREPAID", "no_charge"),
        ("FORGIVEN", "written_off"),
        ("SOMETHING_NEW", "unknown"),
        (None, "unknown"),
    ],
)
@pytest.mark.parametrize("field", ["statusName", "status"])
def test_mongodb_statuses(read_one: ReadOne, field: str, word: str | None, status: str) -> None:
    document = {key: value for key, value in MONGODB.items() if key != "statusName"}
    invoice = read_one("mongodb", document | {field: word, "amountPaidCents": 26})
    assert invoice["payment_status"] == status
    due = {"open": 700, "failed": 700, "upcoming": None, "unknown": None}.get(status, 0)
    assert (invoice["paid_cents"], invoice["balance_due_cents"]) == (26, due)


def test_mongodb_invoiced_and_paid_in_full(read_one: ReadOne) -> None:
    assert read_one("mongodb", MONGODB | {"statusName": "INVOICED"})["payment_status"] == "paid"


def test_northflank_example(read_one: ReadOne) -> None:
    invoice = read_one("northflank", NORTHFLANK, key="1655823815/1655910214")
    assert (invoice["total_cents"], invoice["currency"], invoice["currency_basis"]) == (
        1200,
        "USD",
        "assumed",
    )
    assert invoice["billing_period_start"] == utc(2022, 6, 21, 15, 3, 35)
    assert invoice["billing_period_end"] == utc(2022, 6, 22, 15, 3, 35)
    assert (invoice["payment_status"], invoice["paid_cents"]) == ("unknown", None)


@pytest.mark.parametrize(
    ("fields", "total_cents", "status"),
    [
        ({"id": "1", "total": 69.22, "status": "open", "currency": "usd"}, 6922, "open"),
        ({"id": "1", "total": 69.225, "status": "paid", "currency": "eur"}, 6923, "paid"),
        ({"id": "1", "total": 69, "status": "uncollectible", "currency": "jpy"}, 69, "written_off"),
        ({"id": "1", "total": 1.0005, "status": "void", "currency": "bhd"}, 1001, "void"),
        ({"id": "1", "total": 0, "status": "payment_failed"}, 0, "failed"),
        ({"id": "1", "total": 5, "status": "draft"}, 500, "unknown"),
        ({"id": "1", "total": 5, "paas": {}}, 500, "unknown"),
        ({"id": "1", "total": 1200.5, "paid": True}, 1201, "paid"),
        ({"id": "1", "total": 1200.4, "paid": False, "status": None}, 1200, "open"),
        ({"id": "1", "total": 1200, "paasUsage": {"price": {}}}, 1200, "unknown"),
        ({"total": -1200, "paid": True}, -1200, "paid"),
    ],
)
def test_northflank_contracts(
    read_one: ReadOne, fields: dict[str, Any], total_cents: int, status: str
) -> None:
    invoice = read_one("northflank", {"period": NORTHFLANK["period"]} | fields)
    assert (invoice["total_cents"], invoice["payment_status"]) == (total_cents, status)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "1"},
        {"id": "1", "status": None},
        {"id": "1", "status": "paid", "paid": True},
        {"paas": {}},
    ],
)
def test_northflank_units_that_are_not_certain(work: WorkDatabase, fields: dict[str, Any]) -> None:
    work.add("northflank", NORTHFLANK | fields)
    work.build()
    assert work.invoices() == []
    [reason] = work.reasons()
    assert reason.startswith("the unit of its amounts is not certain")


def test_planetscale_example(read_one: ReadOne) -> None:
    invoice = read_one("planetscale", PLANETSCALE, key="aabb12123434")
    assert (invoice["total_cents"], invoice["currency"], invoice["currency_basis"]) == (
        3950,
        "USD",
        "assumed",
    )
    assert (invoice["billing_period_start"], invoice["billing_period_end"]) == (
        utc(2025, 7, 1),
        utc(2025, 8, 1),
    )
    assert invoice["payment_status"] == "unknown"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"paid": True, "overdue": True}, "paid"),
        ({"paid": False, "overdue": True}, "past_due"),
        ({"paid": False, "overdue": False}, "open"),
        ({"overdue": False}, "open"),
        ({"paid": None, "overdue": None}, "unknown"),
        ({"paid": False, "overdue": False, "billing_period_end": "2026-11-30"}, "upcoming"),
        ({"paid": True, "overdue": False, "billing_period_end": "2026-11-30"}, "paid"),
    ],
)
def test_planetscale_statuses(read_one: ReadOne, fields: dict[str, Any], status: str) -> None:
    assert (
        read_one("planetscale", PLANETSCALE | {"total": "39.50"} | fields)["payment_status"]
        == status
    )


@pytest.mark.parametrize(
    ("vendor", "document", "reason"),
    [
        ("turso", TURSO | {"amount_due": "ten"}, 'the total can\'t be read as an amount: "ten"'),
        ("turso", TURSO | {"amount_due": None}, "the total is missing"),
        ("turso", TURSO | {"due_date": "soon"}, "the due date can't be read as a time: soon"),
        ("mongodb", MONGODB | {"salesTaxCents": "x"}, 'the tax can\'t be read as an amount: "x"'),
        (
            "mongodb",
            MONGODB | {"startDate": "2018-13-01"},
            "the start of the billing period can't be read as a time: 2018-13-01",
        ),
        (
            "mongodb",
            MONGODB | {"endDate": "2018-01-01T00:00:00Z"},
            "the billing period ends before it starts",
        ),
        (
            "mongodb",
            '{"id": "1", "amountBilledCents": 12345678901234567}',
            "the total can't be read as an amount: 12345678901234567",
        ),
        (
            "planetscale",
            PLANETSCALE | {"billing_period_end": "2025-06-29"},
            "the billing period ends before it starts",
        ),
        ("planetscale", '{"total": "\\ud800"}', "the document is not valid JSON"),
        ("northflank", NORTHFLANK | {"currency": "XXX"}, "the currency is not in ISO 4217: XXX"),
        (
            "northflank",
            NORTHFLANK | {"period": {"start": 1655823815000, "end": 1655910214000}},
            "the start of the billing period can't be read as a time: 1655823815000",
        ),
        (
            "versori",
            VERSORI | {"totalAmount": {"integral": 1, "fractional": 5, "isNegative": False}},
            "the currency is missing",
        ),
        (
            "versori",
            VERSORI | {"totalAmount": {"integral": 1, "fractional": 500, "currencyCode": "GBP"}},
            "the total can't be read as an amount: "
            '{"integral":1,"fractional":500,"currencyCode":"GBP"}',
        ),
    ],
)
def test_what_cannot_be_read_is_set_aside(
    work: WorkDatabase, vendor: str, document: dict[str, Any] | str, reason: str
) -> None:
    work.add(vendor, document, listing="issued")
    assert not work.build().has_errors
    assert work.invoices() == []
    [rejected] = work.rows("FROM marts.rejected_documents")
    assert rejected["reason"] == reason
    assert rejected["document"].startswith("{")


def test_a_document_without_a_key_is_set_aside(work: WorkDatabase) -> None:
    work.add("mongodb", "[]", key="?")
    work.add("mongodb", MONGODB, key="?#2")
    work.build()
    assert work.reasons() == ["the document lacks what its key is made of"] * 2

"""What each vendor's documents mean: examples, every status word, every refusal.

All documents are built together, each in an account of its own, since a build costs the same for
all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.transform.model import TRANSFORMS
from tests.end_to_end.expectation import AIVEN_WORDS as AIVEN_STATES
from tests.transforms.work_database import WorkDatabase

TURSO: dict[str, Any] = {
    "invoice_number": "LFONTK-00001",
    "amount_due": "10.29",
    "due_date": "2024-01-01T05:00:00+00:00",
    "paid_at": "2024-01-01T05:00:00+00:00",
    "payment_failed_at": "2024-01-01T05:00:00+00:00",
    "invoice_pdf": "https://assets.withorb.com/invoice/...",
}
MONGODB: dict[str, Any] = {
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
NORTHFLANK: dict[str, Any] = {"period": {"start": 1655823815, "end": 1655910214}, "total": 1200}
PLANETSCALE: dict[str, Any] = {
    "id": "aabb12123434",
    "total": 39.5,
    "billing_period_start": "2025-07-01",
    "billing_period_end": "2025-07-31",
}
VERSORI: dict[str, Any] = {
    "invoiceStartDate": "2024-03-01",
    "invoiceEndDate": "2024-04-01",
    "totalAmount": {"isNegative": False, "currencyCode": "GBP", "integral": 12, "fractional": 50},
    "invoiceURL": "https://invoice.stripe.com/i/1",
    "productBreakdowns": [],
}
DIGITALOCEAN: dict[str, Any] = {
    "invoice_uuid": "22737513-0ea7-4206-8ceb-98a575af7681",
    "invoice_id": "12345678",
    "amount": "12.34",
    "invoice_period": "2019-12",
}

SCALEWAY: dict[str, Any] = {
    "billing_period": "2024-03-01T00:00:00Z",
    "due_date": "2026-12-02T00:00:00Z",
    "id": "0f2c1c1e-0000-4000-8000-000000000001",
    "issued_date": "2024-04-02T00:00:00Z",
    "number": 1234,
    "start_date": "2024-03-01T00:00:00Z",
    "state": "issued",
    "stop_date": "2024-03-31T23:59:59.999999Z",
    "total_discount": {"currency_code": "EUR", "units": -1, "nanos": -750_000_000},
    "total_tax": {"currency_code": "EUR", "units": 2, "nanos": 10_000_000},
    "total_taxed": {"currency_code": "EUR", "units": 12, "nanos": 50_000_000},
    "total_undiscount": {"currency_code": "EUR", "units": 11, "nanos": 790_000_000},
    "total_untaxed": {"currency_code": "EUR", "units": 10, "nanos": 40_000_000},
    "type": "periodic",
}
AIVEN: dict[str, Any] = {
    "billing_group_id": "b1111111-0000-4000-8000-000000000001",
    "create_time": "2026-07-01T03:12:00Z",
    "currency": "EUR",
    "download_only": False,
    "due_date": "2026-11-01",
    "invoice_number": "1a2b3c-7",
    "invoice_period": {"begin_time": "2026-06-01T00:00:00Z", "end_time": "2026-07-01T00:00:00Z"},
    "issue_date": "2026-07-01",
    "net": "100.00",
    "net_usd": "108.50",
    "organization_id": "org1a2b3c",
    "state": "due",
    "total": "124.00",
    "total_usd": "134.54",
}
LINODE: dict[str, Any] = {
    "billing_source": "linode",
    "date": "2018-01-01T00:01:01",
    "id": 123,
    "label": "Invoice",
    "subtotal": 120.25,
    "tax": 12.25,
    "tax_summary": [{"name": "PA STATE TAX", "tax": 12.25}],
    "total": 132.5,
}
HEROKU: dict[str, Any] = {
    "charges_total": 100.0,
    "created_at": "2012-01-01T12:00:00Z",
    "credits_total": 100.0,
    "id": "01234567-89ab-cdef-0123-456789abcdef",
    "number": 9403943,
    "period_end": "01/31/2014",
    "period_start": "01/01/2014",
    "state": 1,
    "total": 100.0,
    "updated_at": "2012-01-01T12:00:00Z",
}

FASTLY: dict[str, Any] = {
    "billing_end_date": "2026-06-30T00:00:00Z",
    "billing_start_date": "2026-06-01T00:00:00Z",
    "currency_code": "EUR",
    "customer_id": "x4xCwxxJxGCx123Rx5xTx",
    "invoice_id": "1234567",
    "invoice_posted_on": "2026-07-02T00:00:00Z",
    "monthly_transaction_amount": 12.34,
    "statement_number": "S1",
    "transaction_line_items": [],
}

FOCUS: dict[str, Any] = {
    "InvoiceId": "I-1",
    "BillingAccountId": "A",
    "BillingPeriodStart": "2026-03-01T00:00:00Z",
    "BillingPeriodEnd": "2026-04-01T00:00:00Z",
    "BillingCurrency": "USD",
    "BilledCost": "1.5",
    "x_IsInvoiced": True,
    "x_Chunks": [],
}

OVHCLOUD: dict[str, Any] = {
    "bill": {
        "billId": "FR12345678",
        "category": "autorenew",
        "date": "2026-07-01T03:12:00+02:00",
        "orderId": 1234,
        "priceWithTax": {"currencyCode": "EUR", "priceInUcents": 1188000000, "value": 11.88},
        "priceWithoutTax": {"currencyCode": "EUR", "priceInUcents": 990000000, "value": 9.9},
        "tax": {"currencyCode": "EUR", "priceInUcents": 198000000, "value": 1.98},
    },
    "details": [
        {
            "billDetailId": "1",
            "description": "VPS",
            "domain": "vps-1.example.net",
            "periodStart": "2026-06-01",
            "periodEnd": "2026-06-30",
            "quantity": "1",
            "totalPrice": {"currencyCode": "EUR", "priceInUcents": 990000000, "value": 9.9},
            "unitPrice": {"currencyCode": "EUR", "value": 9.9},
        }
    ],
    "debt": None,
    "payment": None,
}

FIVE_PENCE_BACK = {"isNegative": True, "currencyCode": "GBP", "integral": 0, "fractional": 5}


@dataclass(frozen=True)
class Reading:
    """A document, and the columns of its fact."""

    vendor: str
    document: dict[str, Any] | str
    columns: dict[str, Any]
    listing: str = "issued"


@dataclass(frozen=True)
class Refusal:
    """A document that can't be read, and how the reason begins."""

    vendor: str
    document: dict[str, Any] | str
    reason: str
    key: str = "1"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def turso(status: str, fields: dict[str, Any], listing: str = "issued") -> Reading:
    document = {"invoice_number": "1", "amount_due": "$1,234.50", "due_date": TURSO["due_date"]}
    columns = {"payment_status": status, "total_cents": 123450}
    return Reading("turso", document | fields, columns, listing)


def mongodb(status: str, word: str | None, field: str = "statusName") -> Reading:
    document = {key: value for key, value in MONGODB.items() if key != "statusName"}
    due = {"open": 700, "failed": 700, "upcoming": None, "unknown": None}.get(status, 0)
    columns = {"payment_status": status, "vendor_status": word, "balance_due_cents": due}
    return Reading("mongodb", document | {field: word, "amountPaidCents": 26}, columns)


def northflank(payment_status: str, total_cents: int, /, **fields: Any) -> Reading:
    columns = {"payment_status": payment_status, "total_cents": total_cents}
    return Reading("northflank", {"period": NORTHFLANK["period"]} | fields, columns)


def planetscale(payment_status: str, /, **fields: Any) -> Reading:
    columns = {"payment_status": payment_status, "total_cents": 3950}
    return Reading("planetscale", PLANETSCALE | {"total": "39.50"} | fields, columns)


def digitalocean(status: str, /, listing: str = "issued", **fields: Any) -> Reading:
    columns = {"payment_status": status, "invoice_number": "12345678", "currency": "USD"}
    return Reading("digitalocean", DIGITALOCEAN | fields, columns, listing)


def euros(units: int, nanos: int = 0) -> dict[str, Any]:
    return {"currency_code": "EUR", "units": units, "nanos": nanos}


def scaleway(payment_status: str, state: str, total: int = 1205, **fields: Any) -> Reading:
    columns = {"payment_status": payment_status, "vendor_status": state, "total_cents": total}
    return Reading("scaleway", SCALEWAY | {"state": state} | fields, columns)


def fastly(status: str, /, listing: str = "issued", **fields: Any) -> Reading:
    columns = {
        "payment_status": status,
        "invoice_number": "1234567",
        "billing_period_start": utc(2026, 6, 1),
        "billing_period_end": utc(2026, 7, 1),
    }
    return Reading("fastly", FASTLY | fields, columns, listing)


PAYMENT = {"paymentDate": "2026-07-20T12:00:00+02:00", "paymentType": "creditCard"}


def ovhcloud(payment_status: str, word: str | None, paid_at: datetime | None = None) -> Reading:
    """A bill with a debt of that status, or with none, and a payment."""
    debt = {"status": word, "dueDate": "2026-12-01T00:00:00+01:00"} if word else None
    columns = {"payment_status": payment_status, "vendor_status": word, "paid_at": paid_at}
    return Reading("ovhcloud", OVHCLOUD | {"debt": debt, "payment": PAYMENT}, columns)


def price(ucents: object, value: object = 0, currency: str = "EUR") -> dict[str, Any]:
    return {"currencyCode": currency, "priceInUcents": ucents, "value": value}


def billed(total: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A bill of that total, and what stands beside it."""
    bill = {"billId": "FR1", "priceWithTax": total}
    return {"bill": bill, "details": [], "debt": None, "payment": None} | more


def refunded(**amounts: dict[str, Any]) -> dict[str, Any]:
    return {"refund": {"refundId": "AFR1", **amounts}, "details": [], "payment": None}


def entries(*periods: tuple[str | None, str | None]) -> dict[str, Any]:
    found = [{"periodStart": start, "periodEnd": end} for start, end in periods]
    return OVHCLOUD | {"details": found}


def aiven(payment_status: str, word: str | None) -> Reading:
    columns = {"payment_status": payment_status, "vendor_status": word, "total_cents": 12400}
    return Reading("aiven", AIVEN | {"state": word}, columns)


def linode(payment_status: str, total: object, cents: int) -> Reading:
    columns = {"payment_status": payment_status, "vendor_status": None, "total_cents": cents}
    return Reading("linode", LINODE | {"total": total}, columns)


def heroku(payment_status: str, /, **fields: Any) -> Reading:
    word = fields.get("payment_status", fields.get("state", 1))
    columns = {
        "payment_status": payment_status,
        "vendor_status": None if word is None else str(word),
    }
    return Reading("heroku", HEROKU | fields, columns)


OCTOBER, NOVEMBER, DECEMBER = (utc(2026, month, 1) for month in (10, 11, 12))


def heroku_period(start: str, end: str, state: int, *expected: object) -> Reading:
    names = ("billing_period_start", "billing_period_end", "billing_period_basis", "payment_status")
    document = HEROKU | {"period_start": start, "period_end": end, "state": state}
    return Reading("heroku", document, dict(zip(names, expected, strict=True)))


AIVEN_WORDS: list[tuple[str | None, str]] = [
    *AIVEN_STATES.items(),
    ("something new", "unknown"),
    (None, "unknown"),
]
MONGODB_WORDS: dict[str | None, str] = {
    "PENDING": "upcoming",
    "CLOSED": "open",
    "INVOICED": "open",
    "FAILED": "failed",
    "PAID": "paid",
    "CHARGE_FAILED": "failed",
    "FREE": "no_charge",
    "PREPAID": "no_charge",
    "FORGIVEN": "written_off",
    "SOMETHING_NEW": "unknown",
    None: "unknown",
}

EXAMPLES = {
    "turso": Reading(
        "turso",
        TURSO,
        {
            "total_cents": 1029,
            "currency": "USD",
            "currency_basis": "documented",
            "billing_period_start": utc(2023, 12, 1),
            "billing_period_end": utc(2024, 1, 1),
            "billing_period_basis": "derived",
            "payment_status": "paid",
            "paid_cents": 1029,
            "balance_due_cents": 0,
            "invoice_url": TURSO["invoice_pdf"],
        },
    ),
    "turso, due late in another zone, in a short month": Reading(
        "turso",
        TURSO | {"due_date": "2024-03-30T22:00:00-05:00", "hosted_invoice_url": "https://orb/1"},
        {
            "billing_period_start": utc(2024, 2, 29),
            "billing_period_end": utc(2024, 3, 31),
            "invoice_url": "https://orb/1",
        },
    ),
    **{
        f"turso, due {due!r}": Reading(
            "turso",
            TURSO | {"due_date": due},
            {"billing_period_start": None, "billing_period_basis": "unknown", "due_at": None},
        )
        for due in ("", None)
    },
    "versori": Reading(
        "versori",
        VERSORI,
        {
            "total_cents": 1250,
            "currency": "GBP",
            "billing_period_end": utc(2024, 4, 1),
            "payment_status": "unknown",
            "paid_cents": None,
            "balance_due_cents": None,
        },
    ),
    "versori, a credit of five pence": Reading(
        "versori",
        VERSORI | {"totalAmount": FIVE_PENCE_BACK},
        {"total_cents": -5},
    ),
    "mongodb": Reading(
        "mongodb",
        MONGODB,
        {
            "total_cents": 726,
            "tax_cents": 57,
            "subtotal_cents": 669,
            "billing_period_start": utc(2018, 2, 1),
            "billing_period_end": utc(2018, 3, 1),
            "payment_status": "paid",
            "vendor_status": "PAID",
        },
    ),
    "northflank": Reading(
        "northflank",
        NORTHFLANK,
        {
            "total_cents": 1200,
            "currency": "USD",
            "currency_basis": "assumed",
            "billing_period_start": utc(2022, 6, 21, 15, 3, 35),
            "billing_period_end": utc(2022, 6, 22, 15, 3, 35),
            "payment_status": "unknown",
            "paid_cents": None,
        },
    ),
    "planetscale": Reading(
        "planetscale",
        PLANETSCALE,
        {
            "total_cents": 3950,
            "currency": "USD",
            "currency_basis": "assumed",
            "billing_period_start": utc(2025, 7, 1),
            "billing_period_end": utc(2025, 8, 1),
            "payment_status": "unknown",
        },
    ),
    "digitalocean": Reading(
        "digitalocean",
        DIGITALOCEAN,
        {
            "invoice_number": "12345678",
            "total_cents": 1234,
            "currency": "USD",
            "currency_basis": "documented",
            "billing_period_start": utc(2019, 12, 1),
            "billing_period_end": utc(2020, 1, 1),
            "payment_status": "unknown",
            "paid_cents": None,
        },
    ),
    "scaleway": Reading(
        "scaleway",
        SCALEWAY,
        {
            "invoice_number": "1234",
            "total_cents": 1205,
            "subtotal_cents": 1179,
            "tax_cents": 201,
            "discount_cents": 175,
            "currency": "EUR",
            "billing_period_start": utc(2024, 3, 1),
            "billing_period_end": utc(2024, 4, 1),
            "payment_status": "open",
            "due_at": utc(2026, 12, 2),
        },
    ),
    "heroku": Reading(
        "heroku",
        HEROKU,
        {
            "invoice_number": "9403943",
            "total_cents": 100,
            "subtotal_cents": 100,
            "credit_cents": None,
            "currency": "USD",
            "currency_basis": "assumed",
            "billing_period_start": utc(2014, 1, 1),
            "billing_period_end": utc(2014, 2, 1),
            "billing_period_basis": "stated",
            "payment_status": "paid",
            "paid_cents": 100,
        },
    ),
    "linode, whose items are not there yet": Reading(
        "linode",
        LINODE,
        {
            "invoice_number": "123",
            "total_cents": 13250,
            "subtotal_cents": 12025,
            "tax_cents": 1225,
            "currency": "USD",
            "currency_basis": "documented",
            "billing_period_start": None,
            "billing_period_end": None,
            "billing_period_basis": "unknown",
            "payment_status": "unknown",
            "paid_cents": None,
        },
    ),
    "ovhcloud": Reading(
        "ovhcloud",
        OVHCLOUD,
        {
            "invoice_number": "FR12345678",
            "total_cents": 1188,
            "subtotal_cents": 990,
            "tax_cents": 198,
            "currency": "EUR",
            "currency_basis": "stated",
            "billing_period_start": utc(2026, 6, 1),
            "billing_period_end": utc(2026, 7, 1),
            "billing_period_basis": "derived",
            "payment_status": "unknown",
            "invoice_url": None,
        },
    ),
    "aiven": Reading(
        "aiven",
        AIVEN,
        {
            "invoice_number": "1a2b3c-7",
            "total_cents": 12400,
            "subtotal_cents": 10000,
            "tax_cents": 2400,
            "currency": "EUR",
            "currency_basis": "stated",
            "billing_period_start": utc(2026, 6, 1),
            "billing_period_end": utc(2026, 7, 1),
            "payment_status": "open",  # until the day is over
            "due_at": utc(2026, 11, 1, 23, 59, 59),
            "balance_due_cents": 12400,
        },
    ),
}


def told(start: datetime | None, end: datetime | None, basis: str) -> dict[str, Any]:
    return {
        "billing_period_start": start,
        "billing_period_end": end,
        "billing_period_basis": basis,
    }


def lasting(vendor: str, fields: dict[str, Any], columns: dict[str, Any]) -> Reading:
    """An invoice of which only the period is of interest."""
    base = NORTHFLANK if vendor == "northflank" else PLANETSCALE
    return Reading(vendor, base | fields, columns)


# What a vendor may lawfully send, and what a rule too strict would lose.
LAWFUL = {
    "a period of one moment": lasting(
        "northflank",
        {"period": {"start": 1757000886, "end": 1757000886}},
        told(utc(2025, 9, 4, 15, 48, 6), utc(2025, 9, 5, 15, 48, 6), "derived"),
    ),
    "a period of one day": lasting(
        "planetscale",
        {"billing_period_end": "2025-07-01"},
        told(utc(2025, 7, 1), utc(2025, 7, 2), "stated"),
    ),
    "a period with nanoseconds and a leap second": lasting(
        "planetscale",
        {
            "billing_period_start": "2016-12-01T00:00:00.000000001Z",
            "billing_period_end": "2016-12-31T23:59:60Z",
        },
        told(utc(2016, 12, 1), utc(2017, 1, 1), "stated"),
    ),
    "a period that nobody can read": lasting(
        "northflank",
        {"period": {"start": 1655823815000, "end": "soon"}},
        told(None, None, "unknown"),
    ),
    "a period of zero times": lasting(
        "planetscale",
        {"billing_period_start": "0001-01-01T00:00:00Z", "billing_period_end": ""},
        told(None, None, "unknown"),
    ),
    "a start that nobody can read": lasting(
        "planetscale",
        {"billing_period_start": "2018-13-01"},
        told(None, utc(2025, 8, 1), "stated"),
    ),
    "a due date that nobody can read": Reading(
        "turso", TURSO | {"due_date": "soon"}, {"total_cents": 1029, "due_at": None}
    ),
    "a due date before the first month": Reading(
        "turso",
        TURSO | {"due_date": "1970-01-01T00:00:00Z"},
        {"total_cents": 1029} | told(None, utc(1970, 1, 1), "derived"),
    ),
    "absent amounts as empty texts": Reading(
        "mongodb",
        MONGODB | {"salesTaxCents": "", "subtotalCents": " ", "creditsCents": None},
        {"total_cents": 726, "tax_cents": None, "subtotal_cents": None},
    ),
    "an amount as a text with blanks": Reading(
        "mongodb", MONGODB | {"amountBilledCents": " 726.0\n"}, {"total_cents": 726}
    ),
    "a number of more than fifteen digits": Reading(
        "planetscale", '{"id": "1", "total": 0.1000000000000000055}', {"total_cents": 10}
    ),
    "an id as a number of more than fifteen digits": Reading(
        "planetscale", '{"id": 12345678901234567890, "total": 1}',
        {"invoice_number": "12345678901234567890", "total_cents": 100},
    ),
    "the largest amount": Reading(
        "planetscale", '{"id": "1", "total": "1000000000000000.00"}', {"total_cents": 10**17}
    ),
    "a currency beside its total": Reading(
        "versori",
        VERSORI | {"totalAmount": {"integral": 1, "fractional": 500}, "currencyCode": "gbp"},
        {"total_cents": 600, "currency": "GBP"},
    ),
}  # fmt: skip
STATUSES = [
    turso("void", {"status": "void", "paid_at": "2024-01-01T05:00:00Z"}),
    turso("paid", {"status": "paid"}),
    turso("paid", {"paid_at": "2024-01-01T05:00:00Z", "payment_failed_at": "2024-01-02T05:00:00Z"}),
    turso("upcoming", {"payment_failed_at": "2024-01-02T05:00:00Z"}, "upcoming"),
    turso("upcoming", {"status": "draft"}),
    turso("failed", {"payment_failed_at": "2024-01-02T05:00:00Z"}),
    turso("past_due", {"paid_at": "", "payment_failed_at": None}),
    *(
        turso("past_due", {"paid_at": zero, "payment_failed_at": zero, "status": "issued"})
        for zero in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000+00:00", "  ")
    ),
    turso("failed", {"paid_at": "0001-01-01T00:00:00Z", "payment_failed_at": "2024-01-02"}),
    turso("unknown", {"paid_at": "soon"}),
    turso("open", {"status": "synced", "due_date": "2026-11-02T00:00:00Z"}),
    turso("past_due", {"status": "issued", "due_date": "2026-11-01T01:59:59Z"}),
    *(
        mongodb(status, word, field)
        for field in ("statusName", "status")
        for word, status in MONGODB_WORDS.items()
    ),
    Reading("mongodb", MONGODB | {"statusName": "INVOICED"}, {"payment_status": "paid"}),
    Reading("mongodb", MONGODB | {"statusName": "", "status": "PAID"}, {"payment_status": "paid"}),
    Reading(
        "mongodb",
        '{"id": "x", "statusName": "INVOICED", "amountBilledCents": 100, "amountPaidCents": 100.0,'
        ' "extra": 0.12345678901234567, "note": "\\u0001"}',
        {"payment_status": "paid", "balance_due_cents": 0, "paid_cents": 100},
    ),
    northflank("open", 6922, id="1", total=69.22, status="open", currency="usd"),
    northflank("paid", 6923, id="1", total=69.225, status="paid", currency="eur"),
    northflank("written_off", 69, id="1", total=69, status="uncollectible", currency="jpy"),
    northflank("void", 1001, id="1", total=1.0005, status="void", currency="bhd"),
    northflank("failed", 0, id="1", total=0, status="payment_failed"),
    northflank("upcoming", 500, id="1", total=5, status="draft"),
    *(
        northflank("unknown", 500, id="1", total=5, **{marker: {"price": {"total": 5}}})
        for marker in ("scope", "egressIp", "loadBalancer", "byoc")
    ),
    northflank("paid", 500, id="1", total=5, status="paid", scope=None, paid=None),
    northflank("open", 500, id="1", total=500, paid=False, scope=None, egressIp=None),
    northflank("unknown", 500, id="1", total=5, paas={}),
    northflank("paid", 1201, id="1", total=1200.5, paid=True),
    northflank("open", 1200, id="1", total=1200.4, paid=False, status=None),
    northflank("unknown", 1200, id="1", total=1200, paasUsage={"price": {}}),
    northflank("paid", -1200, total=-1200, paid=True),
    planetscale("paid", paid=True, overdue=True),
    planetscale("past_due", paid=False, overdue=True),
    planetscale("open", paid=False, overdue=False),
    planetscale("open", overdue=False),
    planetscale("unknown", paid=None, overdue=None),
    planetscale("upcoming", paid=False, overdue=False, billing_period_end="2026-11-30"),
    planetscale("paid", paid=True, overdue=False, billing_period_end="2026-11-30"),
    digitalocean("upcoming", "upcoming", amount="0.00", updated_at="2020-01-23T06:31:50Z"),
    digitalocean("unknown", updated_at="2020-01-23T06:31:50Z"),
    digitalocean("no_charge", amount="0.00"),
    digitalocean("unknown", amount="-0.01"),
    fastly("unknown"),
    fastly("unknown", monthly_transaction_amount=-3, billing_end_date="2026-06-30T23:59:59Z"),
    fastly("no_charge", monthly_transaction_amount=0, billing_end_date="2026-07-01T00:00:00Z"),
    fastly("no_charge", monthly_transaction_amount=0.004, billing_end_date="2026-06-30"),
    fastly("upcoming", "upcoming", monthly_transaction_amount="0.00", currency_code=None),
    *(
        Reading("fastly", FASTLY | {"currency_code": code}, columns, listing)
        for listing, code, columns in (
            ("issued", "EUR", {"currency": "EUR", "currency_basis": "stated"}),
            ("upcoming", "EUR", {"currency": "EUR", "currency_basis": "stated"}),
            ("upcoming", None, {"currency": "USD", "currency_basis": "assumed"}),
        )
    ),
    scaleway("upcoming", "draft", number=0),
    scaleway("upcoming", "draft", 0, total_taxed=euros(0)),
    scaleway("upcoming", "stopped"),
    scaleway("no_charge", "stopped", 0, total_taxed=euros(0)),
    scaleway("no_charge", "issued", 0, total_taxed=euros(0)),
    scaleway("no_charge", "incomplete", 0, total_taxed=euros(0)),
    scaleway("open", "issued", 0, total_taxed=euros(0, 4_000_000)),
    scaleway("open", "incomplete"),
    scaleway("paid", "paid", -175, total_taxed=euros(-1, -750_000_000), type="credit_note"),
    scaleway("void", "outdated"),
    scaleway("unknown", "disputed"),
    Reading("scaleway", SCALEWAY | {"number": 0}, {"invoice_number": None}),
    *(heroku("paid", state=state) for state in (1, "1", "successful")),
    *(heroku("failed", state=state) for state in (2, "Failed")),
    *(heroku("open", state=state) for state in (0, "pending")),
    *(heroku("unknown", state=state) for state in (3, -1, "new", None)),
    heroku("paid", payment_status="Paid"),
    heroku("paid", payment_status="paid", state=None),
    heroku("unknown", payment_status="Paid", state=0),
    heroku("unknown", payment_status="Paid", state=2),
    heroku("failed", payment_status="Declined", state=2),
    heroku("unknown", payment_status="Declined", state=None),
    # As recorded: the next month's first day ends a month, and today the running one.
    heroku_period("2026-10-01", "2026-11-01", 1, OCTOBER, NOVEMBER, "stated", "paid"),
    heroku_period("2026-10-01", "2026-11-01", 0, OCTOBER, NOVEMBER, "stated", "open"),
    heroku_period("2026-11-01", "2026-11-01", 0, NOVEMBER, DECEMBER, "derived", "upcoming"),
    heroku_period("11/01/2026", "11/22/2026", 0, NOVEMBER, DECEMBER, "derived", "upcoming"),
    heroku_period("2026-10-01", "2026-10-22", 0, OCTOBER, NOVEMBER, "derived", "open"),
    heroku_period("2026-10-01", "2026-10-22", 1, OCTOBER, utc(2026, 10, 23), "stated", "paid"),
    heroku_period("2026-11-01", "11/30/2026", 0, NOVEMBER, DECEMBER, "stated", "upcoming"),
    heroku_period("2026-11-01", "soon", 0, NOVEMBER, None, "stated", "open"),
    linode("no_charge", 0.0, 0),
    linode("no_charge", 0.00496, 0),
    linode("unknown", -0.01, -1),
    linode("unknown", "120.50", 12050),
    ovhcloud("open", "TO_BE_PAID"),
    ovhcloud("open", "UNMATURED"),
    ovhcloud("past_due", "UNPAID"),
    ovhcloud("paid", "PAID", utc(2026, 7, 20, 10)),
    ovhcloud("paid", "REFUNDED", utc(2026, 7, 20, 10)),
    ovhcloud("written_off", "WRITE_OFF"),
    ovhcloud("unknown", "DISPUTED"),
    ovhcloud("paid", None, utc(2026, 7, 20, 10)),
    Reading("ovhcloud", billed(price(0)), {"payment_status": "no_charge"}),
    Reading("ovhcloud", billed(price(400000)), {"payment_status": "no_charge", "total_cents": 0}),
    Reading(
        "ovhcloud",
        OVHCLOUD | {"debt": {"status": "TO_BE_PAID", "dueDate": "2026-10-31T00:00:00Z"}},
        {"payment_status": "past_due", "due_at": utc(2026, 10, 31), "balance_due_cents": 1188},
    ),
    # What is exact counts, and what is rounded where there is nothing else.
    Reading("ovhcloud", billed(price(1234567890, 12.34)), {"total_cents": 1235}),
    Reading("ovhcloud", billed(price(None, 12.345)), {"total_cents": 1235}),
    Reading("ovhcloud", billed(price(-150000000, -1.5)), {"total_cents": -150}),
    Reading("ovhcloud", billed(price(65595700000, 656, "XOF")), {"total_cents": 656}),
    Reading("ovhcloud", billed(price(123456789012345, 1234567.89)), {"total_cents": 123456789}),
    # A refund takes away, whatever its sign.
    Reading(
        "ovhcloud",
        refunded(priceWithTax=price(120000000, 1.2), tax=price(20000000, 0.2)),
        {"total_cents": -120, "tax_cents": -20, "payment_status": "unknown"},
    ),
    Reading(
        "ovhcloud",
        refunded(priceWithTax=price(-120000000, -1.2), priceWithoutTax=price(None, -1))
        | {"payment": PAYMENT},
        {"total_cents": -120, "subtotal_cents": -100, "payment_status": "paid"},
    ),
    # The period is that of the entries, where all of them have one.
    Reading(
        "ovhcloud",
        entries(("2026-06-10", "2026-07-09"), ("2026-06-01", "2026-06-30")),
        {"billing_period_start": utc(2026, 6, 1), "billing_period_end": utc(2026, 7, 10)},
    ),
    *(
        Reading(
            "ovhcloud",
            entries(("2026-06-10", "2026-07-09"), (start, end)),
            {"billing_period_start": None, "billing_period_basis": "unknown"},
        )
        for start, end in ((None, "2026-06-30"), ("2026-06-01", None), (None, None))
    ),
    Reading("ovhcloud", OVHCLOUD | {"details": None}, {"billing_period_end": None}),
    *(aiven(status, word) for word, status in AIVEN_WORDS),
    Reading("aiven", AIVEN | {"due_date": "2026-10-31"}, {"payment_status": "past_due"}),
]
READINGS = (
    EXAMPLES
    | LAWFUL
    | {
        f"{number} {each.vendor} {each.columns.get('payment_status')}": each
        for number, each in enumerate(STATUSES)
    }
)

NO_UNIT = "the unit of its amounts is not certain"
NO_AMOUNT = "the total can't be read as an amount: "
UNCERTAIN: list[dict[str, Any]] = [
    {"id": "1"},
    {"id": "1", "status": None},
    {"id": "1", "status": "paid", "paid": True},
    {"paas": {}},
    {"id": "1", "scope": {}, "paasUsage": {}},
    {"id": "1", "scope": None, "egressIp": None, "loadBalancer": None},
]
REFUSALS = [
    Refusal("turso", TURSO | {"amount_due": "ten"}, f'{NO_AMOUNT}"ten"'),
    Refusal("turso", TURSO | {"amount_due": None}, "the total is missing"),
    Refusal("turso", TURSO | {"amount_due": " "}, "the total is missing"),
    Refusal(
        "mongodb", MONGODB | {"salesTaxCents": "x"}, 'the tax can\'t be read as an amount: "x"'
    ),
    Refusal(
        "mongodb",
        MONGODB | {"endDate": "2018-01-01T00:00:00Z"},
        "the billing period ends before it starts",
    ),
    Refusal(
        "mongodb",
        '{"id": "1", "amountBilledCents": 123456789012345678901}',
        f"{NO_AMOUNT}123456789012345678901 is too large",
    ),
    Refusal(
        "mongodb",
        '{"id": "1", "amountBilledCents": 1, "creditsCents": "-9223372036854775808"}',
        "the credits can't be read as an amount: -9223372036854775808 is too large",
    ),
    Refusal("planetscale", '{"id": "1", "total": 1.0e16}', f"{NO_AMOUNT}1.0e16 is too large"),
    Refusal(
        "planetscale",
        '{"id": "1", "total": "1000000000000000.01"}',
        f"{NO_AMOUNT}1000000000000000.01 is too large",
    ),
    Refusal("planetscale", '{"id": "1", "total": false}', f"{NO_AMOUNT}false"),
    Refusal(
        "planetscale",
        PLANETSCALE | {"billing_period_end": "2025-06-29"},
        "the billing period ends before it starts",
    ),
    Refusal("planetscale", '{"total": "\\ud800"}', "what the vendor sent is not valid JSON"),
    *(
        Refusal("scaleway", SCALEWAY | {"total_taxed": euros(units, nanos)}, NO_AMOUNT)
        for units, nanos in ((1, -1), (-1, 1), (0, 1_000_000_000), (1, 2**31))
    ),
    Refusal("scaleway", SCALEWAY | {"type": "credit_note"}, "whether a credit note of a positive"),
    Refusal("fastly", FASTLY | {"currency_code": ""}, "the currency is missing"),
    *(
        Refusal("ovhcloud", billed(price(*amounts)), "whether the price with tax is its value")
        for amounts in ((1188000000, 1188), (1188000000, 11.89), (65500000000, 656, "XOF"))
    ),
    *(
        Refusal("ovhcloud", billed(price(1, 0, word)), "the currency is not in ISO 4217: " + upper)
        for word, upper in (("points", "POINTS"), ("N/A", "N/A"))
    ),
    Refusal("ovhcloud", {"bill": {"billId": "FR1"}}, "the currency is missing"),
    Refusal("northflank", NORTHFLANK | {"currency": "XXX"}, "the currency is not in ISO 4217: XXX"),
    Refusal(  # what another vendor alone bills in
        "northflank",
        NORTHFLANK | {"currency": "CRDB_CLOUD_CREDITS"},
        "the currency is not in ISO 4217: CRDB_CLOUD_CREDITS",
    ),
    *(Refusal("northflank", NORTHFLANK | fields, NO_UNIT) for fields in UNCERTAIN),
    Refusal(
        "versori",
        VERSORI | {"totalAmount": {"integral": 1, "fractional": 5, "isNegative": False}},
        "the currency is missing",
    ),
    Refusal(
        "versori",
        VERSORI | {"totalAmount": {"integral": -1, "fractional": 5, "currencyCode": "GBP"}},
        f'{NO_AMOUNT}{{"integral":-1,"fractional":5,"currencyCode":"GBP"}}',
    ),
    Refusal(
        "versori",
        VERSORI | {"currencyCode": "USD"},
        "the invoice's currencyCode USD is not its total's, GBP",
    ),
    Refusal(
        "mongodb",
        "[]",
        "the vendor stated no id and no period that tells this document from others",
        key="?",
    ),
    Refusal(
        "mongodb",
        MONGODB,
        "the vendor stated no id and no period that tells this document from others",
        key="?#2",
    ),
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkDatabase]:
    database = WorkDatabase(Path(tmp_path_factory.mktemp("readings")) / "work.duckdb")
    for name, reading in READINGS.items():
        database.add(reading.vendor, reading.document, listing=reading.listing, account=name)
    for number, refusal in enumerate(REFUSALS):
        database.add(refusal.vendor, refusal.document, key=refusal.key, account=f"refused {number}")
    assert not database.build().has_errors
    yield database
    database.connection.close()


@pytest.fixture(scope="module")
def facts(work: WorkDatabase) -> dict[str, dict[str, Any]]:
    return {row["account"]: row for row in work.invoices()}


@pytest.fixture(scope="module")
def rejected(work: WorkDatabase) -> dict[str, dict[str, Any]]:
    return {row["account"]: row for row in work.rows("FROM marts.rejected_documents")}


@pytest.mark.parametrize("name", READINGS)
def test_reading(facts: dict[str, dict[str, Any]], name: str) -> None:
    columns = READINGS[name].columns
    assert {column: facts[name][column] for column in columns} == columns


@pytest.mark.parametrize("number", range(len(REFUSALS)))
def test_refusal(rejected: dict[str, dict[str, Any]], number: int) -> None:
    row = rejected[f"refused {number}"]
    assert row["reason"].startswith(REFUSALS[number].reason)
    assert row["document"][:1] in "{["


def test_nothing_stands_in_both(
    facts: dict[str, dict[str, Any]], rejected: dict[str, dict[str, Any]]
) -> None:
    assert not facts.keys() & rejected.keys()
    assert len(facts) + len(rejected) == len(READINGS) + len(REFUSALS)


def test_what_another_invoice_replaced_is_no_spend(work: WorkDatabase) -> None:
    """Aiven's consolidated and Scaleway's outdated ones: their amounts stand on the other one."""
    replaced = work.rows(
        "FROM marts.fct_invoices WHERE vendor_status IN ('consolidated', 'outdated')"
    )
    assert {each["vendor"] for each in replaced} == {"aiven", "scaleway"}
    assert all(each["total_cents"] and each["balance_due_cents"] == 0 for each in replaced)
    spent = {each["account"] for each in work.rows("SELECT DISTINCT account FROM marts.spend")}
    assert spent
    assert not spent & {each["account"] for each in replaced}


def test_times_that_nobody_can_read_are_told(work: WorkDatabase) -> None:
    finding = next(each for each in work.findings if each.name == "unread_times")
    assert finding.severity == "warning"
    query = Path(TRANSFORMS, "audits", "unread_times.sql").read_text(encoding="utf-8")
    told_of = {row["account"]: row["unread_times"] for row in work.rows(query)}
    assert told_of["a period that nobody can read"] == (
        "start of the billing period: 1655823815000; end of the billing period: soon"
    )
    assert told_of["a due date that nobody can read"] == "due date: soon"
    assert told_of["a start that nobody can read"] == "start of the billing period: 2018-13-01"
    assert "a period of zero times" not in told_of

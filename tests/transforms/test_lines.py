"""Lines on documents written by hand: what stands where, what is rejected, what is left over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.transform.model import TRANSFORMS
from tests.transforms.corpus.given import GIVEN
from tests.transforms.test_readings import MONGODB, NORTHFLANK, PLANETSCALE, VERSORI
from tests.transforms.work_database import NIGHT, WorkDatabase

LINE = {
    "sku": "ATLAS_AWS_INSTANCE_M10",
    "startDate": "2018-02-03T00:00:00Z",
    "endDate": "2018-02-04T00:00:00Z",
    "unit": "server hours",
    "quantity": 24.0,
    "unitPriceDollars": 0.08,
    "totalPriceCents": 192,
}


def add_mongodb(work: WorkDatabase, listed: dict[str, Any], detail: dict[str, Any] | str) -> None:
    """An invoice without tax and balance, unless the test says so, and its detail."""
    listed = MONGODB | {"salesTaxCents": 0, "subtotalCents": None} | listed
    work.add("mongodb", listed)
    text = detail if isinstance(detail, str) else json.dumps(listed | detail)
    work.add("mongodb", text, entity="invoice_details", listing="1")


def parts(work: WorkDatabase) -> list[tuple[str, str, int | None]]:
    return [
        (row["record_type"], row["category"], row["amount_cents"])
        for row in work.rows(
            "FROM marts.fct_invoice_lines ORDER BY record_type DESC, category DESC, amount_cents"
        )
    ]


def rejected(work: WorkDatabase) -> list[tuple[str, str]]:
    return [
        (row["entity"], row["reason"])
        for row in work.rows("FROM marts.rejected_documents ORDER BY ALL")
    ]


@pytest.mark.parametrize(
    ("listed", "lines", "expected"),
    [
        pytest.param(
            {"amountBilledCents": 142},
            [LINE | {"discountCents": 50}],
            [("line", "usage", 142)],
            id="a line is net of its discount",
        ),
        pytest.param(
            {"amountBilledCents": 92, "creditsCents": 100},
            [LINE, LINE | {"sku": "ATLAS_CREDIT", "totalPriceCents": -100}],
            [("line", "usage", 192), ("line", "credit", -100)],
            id="credits on a line stand there only",
        ),
        pytest.param(
            {"amountBilledCents": 92, "creditsCents": 100},
            [LINE],
            [("line", "usage", 192), ("header", "credit", -100)],
            id="credits on the invoice only",
        ),
        pytest.param(
            {"amountBilledCents": 200, "salesTaxCents": 28, "startingBalanceCents": 20},
            [LINE],
            [("line", "usage", 192), ("header", "tax", 28), ("header", "adjustment", -20)],
            id="tax and a starting balance",
        ),
        pytest.param(
            {"amountBilledCents": 192},
            [LINE | {"totalPriceCents": 200}, LINE | {"totalPriceCents": -8}],
            [("line", "usage", -8), ("line", "usage", 200)],
            id="a negative line that is no credit",
        ),
        pytest.param(
            {"amountBilledCents": 192},
            [LINE, LINE | {"totalPriceCents": None}],
            [("line", "usage", 192), ("line", "usage", None)],
            id="a null amount stays null",
        ),
        pytest.param(
            {"amountBilledCents": 200},
            [LINE],
            [("line", "usage", 192), ("header", "unexplained", 8)],
            id="what is left over has a row",
        ),
        pytest.param(
            {"amountBilledCents": 220, "salesTaxCents": 28},
            [],
            [("header", "usage", 192), ("header", "tax", 28)],
            id="an empty list of lines",
        ),
        pytest.param(
            {"amountBilledCents": 220, "salesTaxCents": 28},
            None,
            [("header", "usage", 192), ("header", "tax", 28)],
            id="no list of lines",
        ),
    ],
)
def test_mongodb_lines(
    work: WorkDatabase,
    listed: dict[str, Any],
    lines: list[dict[str, Any]] | None,
    expected: list[tuple[str, str, int | None]],
) -> None:
    add_mongodb(work, listed, {} if lines is None else {"lineItems": lines})
    report = work.build()
    assert not report.has_errors
    assert parts(work) == expected
    assert sum(cents or 0 for _, _, cents in expected) == work.invoices()[0]["total_cents"]
    warned = "unexplained_amounts" in {finding.name for finding in report.findings}
    assert warned == any(category == "unexplained" for _, category, _ in expected)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE | {"totalPriceCents": "x"}, 'the amount of a line can\'t be read as an amount: "x"'),
        (
            LINE | {"discountCents": [1]},
            "the discount of a line can't be read as an amount: [1]",
        ),
    ],
)
def test_an_unreadable_line_rejects_the_detail_and_leaves_the_invoice(
    work: WorkDatabase, line: dict[str, Any], reason: str
) -> None:
    add_mongodb(work, {"amountBilledCents": 192}, {"lineItems": [LINE, line]})
    assert not work.build().has_errors
    assert rejected(work) == [("invoice_details", reason)]
    assert parts(work) == [("header", "usage", 192)]


def test_a_line_that_is_too_large_is_rejected_with_its_digits(work: WorkDatabase) -> None:
    text = json.dumps({"lineItems": [LINE]}).replace("192", "12345678901234567.5")
    add_mongodb(work, {"amountBilledCents": 192}, text)
    assert not work.build().has_errors
    [(entity, reason)] = rejected(work)
    assert entity == "invoice_details"
    assert reason == (
        "the amount of a line can't be read as an amount: 12345678901234567.5 is too large"
    )


def test_a_detail_that_is_no_json(work: WorkDatabase) -> None:
    add_mongodb(work, {"amountBilledCents": 192}, '{"lineItems": [')
    assert not work.build().has_errors
    assert rejected(work) == [("invoice_details", "what the vendor sent is not valid JSON")]
    assert parts(work) == [("header", "usage", 192)]


def test_the_id_of_a_line_is_not_its_amount_nor_its_place(work: WorkDatabase) -> None:
    second = LINE | {"sku": "ATLAS_SUPPORT", "totalPriceCents": 8}
    ids = []
    for number, lines in enumerate(
        ([LINE, second], [second | {"totalPriceCents": 9}, LINE | {"totalPriceCents": 191}])
    ):
        if number:
            work.connection.execute("DELETE FROM raw.mongodb__invoices")
            work.connection.execute("DELETE FROM raw.mongodb__invoice_details")
        add_mongodb(work, {"amountBilledCents": 200}, {"lineItems": lines})
        work.build()
        ids.append(work.rows("SELECT sku, line_id FROM marts.fct_invoice_lines ORDER BY sku"))
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("contract", "scale", "detail"),
    [
        ({}, 1, {"subTotal": 1000, "discount": 100, "tax": {"percent": 20, "value": 180}}),
        (
            {"id": "A-1", "paid": True, "currency": "usd"},
            1,
            {"subTotal": 1000, "discounts": {"total": 100}, "tax": {"amount": 180}},
        ),
        (
            {"id": "A-1", "status": "paid", "currency": "usd"},
            0.01,
            {"subTotal": 10, "discounts": {"total": 1.00}, "tax": {"amount": 1.80}},
        ),
    ],
)
def test_northflank_details_of_each_contract(
    work: WorkDatabase, contract: dict[str, Any], scale: float, detail: dict[str, Any]
) -> None:
    listed = NORTHFLANK | {"total": 1080 if scale == 1 else 10.8} | contract
    lines = [{"title": "Compute", "total": 600 * scale}, {"title": "Addons", "total": 400 * scale}]
    work.add("northflank", listed)
    work.add(
        "northflank", listed | detail | {"lineItems": lines}, entity="invoice_details", listing="1"
    )
    assert not work.build().has_errors
    [invoice] = work.invoices()
    assert (invoice["subtotal_cents"], invoice["discount_cents"], invoice["tax_cents"]) == (
        1000,
        100,
        180,
    )
    assert parts(work) == [
        ("line", "usage", 400),
        ("line", "usage", 600),
        ("header", "tax", 180),
        ("header", "discount", -100),
    ]


def test_planetscale_lines_of_several_pages(work: WorkDatabase) -> None:
    work.add("planetscale", PLANETSCALE | {"total": "0.30"}, key="inv")
    subtotals = ["0.10", 0.1, None, "0.095", 0.005]
    for number, subtotal in enumerate(subtotals):
        line = {
            "id": f"l{number}",
            "subtotal": subtotal,
            "description": "Storage",
            "metric_name": "storage_gib",
            "database_name": "shop",
            "resource": {"id": "r1", "name": "main"},
        }
        work.add("planetscale", line, entity="line_items", listing="inv", key=f"l{number}")
    work.add("planetscale", {"subtotal": "x"}, entity="line_items", listing="inv", key="?")
    report = work.build()
    assert not report.has_errors
    rows = work.rows("FROM marts.fct_invoice_lines WHERE record_type = 'line'")
    assert sorted(row["amount_cents"] or 0 for row in rows) == [0, 1, 10, 10, 10]
    assert {(row["project"], row["resource"], row["sku"]) for row in rows} == {
        ("shop", "main", "storage_gib")
    }
    # 9.5 and 0.5 cents are each rounded up: a rounding, which is a row but no warning.
    assert parts(work)[-1] == ("header", "unexplained", -1)
    assert rejected(work) == [
        ("line_items", "the vendor stated no id and no period that tells this document from others")
    ]
    assert [finding.name for finding in report.findings] == []


def test_versori_products(work: WorkDatabase) -> None:
    money = {"isNegative": False, "currencyCode": "GBP", "integral": 13, "fractional": 5}
    products = [
        {"productName": "Platform", "quantity": 3, "total": money},
        {
            "productName": "Support",
            "quantity": 1,
            "total": money | {"isNegative": True, "integral": 0, "fractional": 55},
        },
    ]
    work.add("versori", VERSORI | {"productBreakdowns": products}, listing="2024-03")
    assert not work.build().has_errors
    assert parts(work) == [("line", "usage", -55), ("line", "usage", 1305)]


def test_fifteen_thousand_lines_add_up_to_the_cent(work: WorkDatabase) -> None:
    lines = [
        LINE
        | {
            "clusterName": f"c{number}",
            "totalPriceCents": number % 977,
            "discountCents": number % 13,
            "quantity": number / 7,
        }
        for number in range(15_000)
    ]
    credit = LINE | {"sku": "ATLAS_CREDIT", "totalPriceCents": -12_345}
    net = sum(number % 977 - number % 13 for number in range(15_000))
    listed = {
        "amountBilledCents": net - 12_345 + 600,
        "salesTaxCents": 600,
        "creditsCents": 12_345,
    }
    add_mongodb(work, listed, {"lineItems": [*lines, credit]})
    # A second one makes both halves of the reading work.
    second = MONGODB | {
        "id": "2",
        "salesTaxCents": 0,
        "subtotalCents": None,
        "amountBilledCents": net,
    }
    work.add("mongodb", second, key="2")
    work.add(
        "mongodb", second | {"lineItems": lines}, entity="invoice_details", listing="2", key="2"
    )
    report = work.build(started_at=NIGHT)
    assert report.findings == []
    sums = work.rows(
        "SELECT category, count(*) AS lines, count(DISTINCT line_id) AS ids,"
        " sum(amount_cents) AS cents FROM marts.fct_invoice_lines GROUP BY ALL ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in sums] == [
        ("credit", 1, 1, -12_345),
        ("tax", 1, 1, 600),
        ("usage", 30_000, 30_000, 2 * net),
    ]


def test_a_line_of_many_digits_is_a_line(work: WorkDatabase) -> None:
    text = json.dumps({"lineItems": [LINE, LINE | {"sku": "OTHER"}]})
    text = text.replace("192", "192.00000000000003", 1).replace("24.0", "24.123456789012345678", 1)
    add_mongodb(work, {"amountBilledCents": 384}, text)
    assert not work.build().has_errors
    assert rejected(work) == []
    assert parts(work) == [("line", "usage", 192), ("line", "usage", 192)]
    [row] = work.rows(
        "SELECT CAST(quantity AS VARCHAR) AS quantity FROM marts.fct_invoice_lines"
        " WHERE sku = 'ATLAS_AWS_INSTANCE_M10'"
    )
    assert row["quantity"] == "24.123456789012"


def test_a_zero_invoice_whose_line_has_no_amount(work: WorkDatabase) -> None:
    """Null or absent, in each vendor's way; none of them may stop what others publish."""
    for number, line in enumerate(({"sku": "FREE"}, {"sku": "FREE", "totalPriceCents": None})):
        listed = {"id": str(number), "amountBilledCents": 0, "statusName": "FREE"}
        work.add("mongodb", listed, key=str(number))
        detail = listed | {"lineItems": [line]}
        work.add("mongodb", detail, entity="invoice_details", listing=str(number), key=str(number))
    nothing = {"isNegative": False, "integral": 0, "fractional": 0, "currencyCode": "GBP"}
    free = [{"productName": "Free", "quantity": 1, "total": None}]
    work.add("versori", VERSORI | {"totalAmount": nothing, "productBreakdowns": free}, listing="1")
    work.add("northflank", NORTHFLANK | {"total": 0})
    free_plan = {"total": 0, "lineItems": [{"title": "Free plan"}]}
    work.add("northflank", NORTHFLANK | free_plan, entity="invoice_details", listing="1")
    assert not work.build().has_errors
    assert parts(work) == [("line", "usage", None)] * 4


def test_the_lines_of_a_detail_are_in_the_currency_that_it_states(work: WorkDatabase) -> None:
    work.add("northflank", NORTHFLANK | {"currency": "usd"})
    detail = {"currency": " eur ", "lineItems": [{"title": "Compute", "total": 1200}]}
    work.add("northflank", NORTHFLANK | detail, entity="invoice_details", listing="1")
    work.build()
    lines = work.rows("FROM marts.fct_invoice_lines WHERE record_type = 'line'")
    assert [(each["currency"], each["amount_cents"]) for each in lines] == [("EUR", 1200)]
    assert [each["currency"] for each in work.invoices()] == ["USD"]


def test_a_charge_that_can_t_be_read_is_told_with_its_detail(work: WorkDatabase) -> None:
    """Scaleway's amounts are in two numbers, of which one may be too much."""
    total = {"currency_code": "EUR", "units": 1, "nanos": 0}
    listed = {"id": "s-1", "state": "issued", "total_taxed": total}
    work.add("scaleway", listed, key="s-1")
    charge = {"sku": "/compute", "price": total | {"units": "many"}}
    detail = {"charges": [charge], "total_count": 1}
    work.add("scaleway", detail, key="s-1", entity="invoice_details", listing="s-1")
    work.build()
    [(entity, reason)] = rejected(work)
    assert entity == "invoice_details"
    assert "many" in reason


HUGE = 9 * 10**18
TOO_LARGE: list[dict[str, Any]] = [
    {"amountBilledCents": HUGE, "salesTaxCents": -HUGE},
    {"amountBilledCents": HUGE, "amountPaidCents": -HUGE},
    {"creditsCents": "-9223372036854775808"},
    {"subtotalCents": HUGE, "salesTaxCents": HUGE},
    {"amountBilledCents": 9e18},
    {"startingBalanceCents": 10**17 + 1},
]


def test_amounts_that_fit_no_sum_are_rejected_alone(work: WorkDatabase) -> None:
    for number, fields in enumerate(TOO_LARGE):
        listed = MONGODB | {"statusName": "CLOSED"} | fields
        work.add("mongodb", listed, key=str(number))
        detail = listed | {"lineItems": [LINE]}
        work.add("mongodb", detail, entity="invoice_details", listing=str(number), key=str(number))
    work.add("planetscale", PLANETSCALE, key="1")
    assert not work.build().has_errors
    assert [row["vendor"] for row in work.invoices()] == ["planetscale"]
    assert [entity for entity, _ in rejected(work)] == ["invoices"] * len(TOO_LARGE)


def test_the_largest_amounts_of_both_signs_add_up(work: WorkDatabase) -> None:
    most = 10**17
    listed = {
        "amountBilledCents": -most,
        "amountPaidCents": most,
        "salesTaxCents": most,
        "creditsCents": -most,
        "startingBalanceCents": -most,
        "subtotalCents": most,
        "statusName": "CLOSED",
    }
    line = LINE | {"totalPriceCents": 10**13, "discountCents": -(10**13)}
    payment = {"id": "p", "amountPaidCents": most, "currency": "USD"}
    refunds = [{"paymentId": "p", "amountCents": most}] * 2
    lists = {"lineItems": [line] * 3, "payments": [payment], "refunds": refunds}
    add_mongodb(work, listed, lists)
    assert not work.build().has_errors
    assert sum(cents or 0 for _, _, cents in parts(work)) == -most
    [invoice] = work.invoices()
    assert invoice["balance_due_cents"] == -2 * most
    assert invoice["refunded_cents"] is None  # what came back is more than an amount can be
    [months] = work.rows("SELECT CAST(sum(amount_cents) AS BIGINT) s FROM marts.fct_monthly_spend")
    assert months["s"] == -most


def test_more_lines_than_a_sum_holds() -> None:
    """A document of a few megabytes can state them; their sum would end the build for all."""
    query = Path(TRANSFORMS, "intermediate", "rejected_details.sql").read_text(encoding="utf-8")
    key = (
        "'i' AS invoice_id, 'mongodb' AS vendor, 'acme' AS account, 'all' AS entity, '1' AS listing"
    )
    lines = f"SELECT {key}, '1' AS document_key, CAST(NULL AS TEXT) AS rejection_reason"
    document = "'mongodb' AS vendor, 'acme' AS account, 'all' AS entity, '1' AS listing"
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA intermediate")
        connection.execute(f"CREATE TABLE intermediate.details AS {lines} LIMIT 0")
        connection.execute(f"CREATE TABLE intermediate.payments AS {lines} LIMIT 0")
        connection.execute(
            f"CREATE TABLE intermediate.detail_documents AS SELECT {document}, '1' AS document_key,"
            " '{}' AS verbatim, now() AS valid_from, NULL AS valid_to"
        )
        for count, expected in (
            (400_000, []),
            (400_001, ["its lines add up to more than an amount can be"]),
        ):
            connection.execute(
                f"CREATE OR REPLACE TABLE intermediate.line_amounts AS {lines},"
                f" CAST(20000000000000 AS BIGINT) AS amount_cents FROM range({count})"
            )
            reasons = connection.execute(f"SELECT reason FROM ({query})").fetchall()
            assert [reason for (reason,) in reasons] == expected


def money(currency: str | None, integral: int) -> dict[str, Any]:
    return {"isNegative": False, "currencyCode": currency, "integral": integral, "fractional": 0}


def in_currencies(work: WorkDatabase) -> list[tuple[str, str, str, int | None]]:
    return [
        (row["category"], row["description"], row["currency"], row["amount_cents"])
        for row in work.rows("FROM marts.fct_invoice_lines ORDER BY description")
    ]


def test_a_line_in_another_currency_stays_in_it(work: WorkDatabase) -> None:
    products = [
        {"productName": "Boards", "quantity": 1, "total": money("gbp", 60)},
        {"productName": "Runs", "quantity": 1, "total": money("JPY", 50)},
        {"productName": "Seats", "quantity": 1, "total": money(None, 10)},
    ]
    document = VERSORI | {"totalAmount": money("GBP", 100), "productBreakdowns": products}
    work.add("versori", document, listing="2024-03")
    assert not work.build().has_errors
    assert sorted(in_currencies(work)) == [
        ("unexplained", "What the lines leave unexplained", "GBP", 3000),
        ("usage", "Boards", "GBP", 6000),
        ("usage", "Runs", "JPY", 50),
        ("usage", "Seats", "GBP", 1000),
    ]
    spend = work.rows(
        "SELECT currency, CAST(sum(amount_cents) AS BIGINT) AS cents"
        " FROM marts.fct_monthly_spend GROUP BY ALL ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in spend] == [("GBP", 10000), ("JPY", 50)]


def test_an_invoice_of_nothing_with_lines_in_another_currency_only(work: WorkDatabase) -> None:
    products = [{"productName": "Runs", "quantity": 1, "total": money("USD", 5)}]
    document = VERSORI | {"totalAmount": money("GBP", 0), "productBreakdowns": products}
    work.add("versori", document, listing="2024-03")
    assert not work.build().has_errors
    assert in_currencies(work) == [("usage", "Runs", "USD", 500)]


@pytest.mark.parametrize(
    ("total", "reason"),
    [
        (money("ABC", 5), "the currency of a line is not in ISO 4217: ABC"),
        ("x", 'the amount of a line can\'t be read as an amount: "x"'),
    ],
)
def test_a_product_that_cannot_be_read_is_told_and_leaves_the_invoice(
    work: WorkDatabase, total: Any, reason: str
) -> None:
    products = [
        {"productName": "Boards", "total": money("GBP", 60)},
        {"productName": "Runs", "total": total},
    ]
    document = VERSORI | {"totalAmount": money("GBP", 100), "productBreakdowns": products}
    work.add("versori", document, listing="2024-03")
    assert not work.build().has_errors
    assert rejected(work) == [("product_breakdowns", reason)]
    assert parts(work) == [("header", "usage", 10000)]


PAYMENT = {"id": "p", "amountBilledCents": 10000, "amountPaidCents": 10000, "statusName": "PAID"}


PAYMENTS: list[tuple[dict[str, Any], str, int | None]] = [
    ({}, "USD", 10000),
    ({"currency": "USD", "unitPrice": "1.0"}, "USD", 10000),
    ({"currency": "eur"}, "EUR", 10000),
    ({"currency": "EUR", "unitPrice": "0.92"}, "EUR", 9200),
    ({"currency": "EUR", "unitPrice": 0.92}, "EUR", 9200),
    ({"currency": "EUR", "unitPrice": "0.92", "amountPaidCents": 9200}, "EUR", 9200),
    ({"currency": "EUR", "unitPrice": "0.92", "amountPaidCents": 5000}, "EUR", 4600),
    ({"currency": "EUR", "unitPrice": "0.92", "amountPaidCents": 0}, "EUR", 0),
    (
        {"currency": "EUR", "unitPrice": ".5", "salesTaxCents": 19, "amountPaidCents": 5019},
        "EUR",
        5019,
    ),
    (
        {"currency": "EUR", "unitPrice": ".5", "salesTaxCents": 19, "amountPaidCents": 10019},
        "EUR",
        5019,
    ),
    ({"currency": "JPY", "unitPrice": "155.5"}, "JPY", 15550),
    ({"currency": "BHD"}, "BHD", 100000),
    ({"currency": "USD", "unitPrice": "1.00005"}, "USD", 10001),
    ({"currency": "USD", "unitPrice": "much"}, "USD", None),
    ({"currency": "USD", "unitPrice": "9e99"}, "USD", None),
    ({"currency": "USD", "unitPrice": ""}, "USD", 10000),
]


def test_a_payment_is_in_the_currency_that_it_was_paid_in(work: WorkDatabase) -> None:
    for number, (fields, _, _) in enumerate(PAYMENTS):
        key = f"{number:02}"
        work.add("mongodb", MONGODB | {"id": key}, key=key)
        detail = {"id": key, "payments": [PAYMENT | fields]}
        work.add("mongodb", detail, entity="invoice_details", listing=key, key=key)
    assert not work.build().has_errors
    rows = work.rows(
        "SELECT payment.currency, payment.amount_cents FROM marts.fct_payments AS payment"
        " INNER JOIN marts.fct_invoices USING (invoice_id) ORDER BY invoice_number"
    )
    assert [tuple(row.values()) for row in rows] == [case[1:] for case in PAYMENTS]


def test_a_refund_has_its_payment_s_currency(work: WorkDatabase) -> None:
    payments = [
        PAYMENT | {"currency": "USD"},
        PAYMENT | {"id": "e", "currency": "EUR", "unitPrice": "0.5"},
    ]
    refunds = [
        {"paymentId": "p", "amountCents": 300},
        {"paymentId": "e", "amountCents": 5000},
        {"paymentId": "e", "amountCents": 400},
        {"paymentId": "gone", "amountCents": 7},
    ]
    detail = {"payments": payments, "refunds": refunds}
    add_mongodb(work, {"amountBilledCents": 10000}, detail)
    assert not work.build().has_errors
    rows = work.rows(
        "FROM marts.fct_payments WHERE kind = 'refund' ORDER BY currency, amount_cents"
    )
    assert [(row["currency"], row["amount_cents"]) for row in rows] == [
        ("EUR", 200),
        ("EUR", 5000),
        ("USD", 7),
        ("USD", 300),
    ]
    assert work.invoices()[0]["refunded_cents"] == 307


def test_a_payment_in_a_currency_that_nobody_knows(work: WorkDatabase) -> None:
    add_mongodb(work, {"amountBilledCents": 1}, {"payments": [PAYMENT | {"currency": "ACU"}]})
    assert not work.build().has_errors
    assert rejected(work) == [
        ("invoice_details", "the currency of a payment is not in ISO 4217: ACU")
    ]
    assert work.rows("FROM marts.fct_payments") == []


Subtotals = list[tuple[str, bool | None]]
# The total, its lines and whether they are billed through Cloudflare, and what is warned of.
CLOUDFLARE: list[tuple[str, Subtotals, str | None]] = [
    ("3.00", [("1.00", True), ("2.00", False)], "only with"),
    ("2.00", [("1.00", True), ("2.00", False)], "only without"),
    ("2.50", [("1.00", True), ("2.00", False)], "neither with nor without"),
    ("2.00", [("0.00", True), ("2.00", None)], None),
    ("9.00", [("1.00", False), ("2.00", None)], None),
]


def test_lines_billed_through_cloudflare(work: WorkDatabase) -> None:
    for at, (total, subtotals, _) in enumerate(CLOUDFLARE):
        work.add("planetscale", PLANETSCALE | {"id": str(at), "total": total}, key=str(at))
        for number, (subtotal, is_billed) in enumerate(subtotals):
            line = {"id": f"l{number}", "subtotal": subtotal, "cloudflare_billed": is_billed}
            work.add("planetscale", line, entity="line_items", listing=str(at), key=f"l{number}")
    report = work.build()
    assert not report.has_errors
    [finding] = [each for each in report.findings if each.name == "cloudflare_billed_lines"]
    assert finding.severity == "warning"
    query = (TRANSFORMS / "audits" / "cloudflare_billed_lines.sql").read_text(encoding="utf-8")
    assert {row["invoice_number"]: row["total_is_met"] for row in work.rows(query)} == {
        str(at): f"{is_met} the lines billed through Cloudflare"
        for at, (_, _, is_met) in enumerate(CLOUDFLARE)
        if is_met is not None
    }
    tags = work.rows("SELECT tags, count(*) AS lines FROM marts.fct_invoice_lines GROUP BY ALL")
    assert {row["tags"]: row["lines"] for row in tags if row["tags"] is not None} == {
        '{"cloudflare_billed": true}': 4,
        '{"cloudflare_billed": false}': 4,
    }


@pytest.mark.parametrize("vendor", ["cockroachdb", "fastly", "ovhcloud", "versori"])
def test_a_document_that_two_accounts_list_has_its_lines_once_in_each(
    work: WorkDatabase, vendor: str
) -> None:
    [first, *_] = json.loads((GIVEN / f"{vendor}.json").read_text(encoding="utf-8"))
    amounts = []
    for account in ("acme", "other"):
        listing, key = first["listing"], first["key"]
        work.add(vendor, first["document"], listing=listing, key=key, account=account)
        work.build(everything=True)
        lines = work.rows("FROM marts.fct_invoice_lines")
        amounts.append(sorted(repr(row["amount_cents"]) for row in lines))
    alone, both = amounts
    assert len(alone) > 1
    assert both == sorted(alone + alone)

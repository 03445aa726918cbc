"""Lines on documents written by hand: what stands where, what is rejected, what is left over."""

from __future__ import annotations

import json
from typing import Any

import pytest

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


def test_amounts_too_long_for_a_double_are_rejected_not_rounded(work: WorkDatabase) -> None:
    text = json.dumps({"lineItems": [LINE]}).replace("192", "12345678901234567.5")
    add_mongodb(work, {"amountBilledCents": 192}, text)
    assert not work.build().has_errors
    [(entity, reason)] = rejected(work)
    assert entity == "invoice_details"
    assert "the amount of a line can't be read" in reason
    assert "12345678901234567.5" in reason


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

"""CockroachDB Cloud's invoices, of which one document states one a currency."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.transforms.work_database import NIGHT, WorkDatabase

CREDITS = "CRDB_CLOUD_CREDITS"
NIGHTS = [NIGHT + timedelta(days=number) for number in range(5)]
KEPT = [
    f"marts.{name}"
    for name in ("fct_invoices", "fct_invoice_lines", "fct_payment_status_history", "spend")
]
WORDS = {"DRAFT": "upcoming", "draft": "upcoming", "FINALIZED": "unknown", None: "unknown"}
DOUBLES = {
    "0.30000000000000004": 30,
    "1.0049999999999999": 100,
    "2.675": 268,
    "-2.6750000000000003": -268,
    "5e-324": 0,
    "123456789.12345679": 12345678912,
}
TOO_LARGE = "1.7976931348623157e+308"


def amount(value: object, currency: str | None = "USD") -> dict[str, object]:
    return {"amount": value, "currency": currency}


def line(value: object, currency: str | None = "USD", cluster: str = "web") -> dict[str, Any]:
    """A cluster with one line."""
    stated = {
        "description": "Compute",
        "quantity": 744.5,
        "quantity_unit": "VCPU_HOURS",
        "unit_cost": 0.0345,
        "total": amount(value, currency),
    }
    described = {"id": f"id-{cluster}", "name": cluster, "plan": "BASIC", "labels": {"team": "a"}}
    return {"cluster": described, "totals": [], "line_items": [stated]}


def invoice(*totals: object, **fields: Any) -> dict[str, Any]:
    return {
        "invoice_id": "inv",
        "status": "FINALIZED",
        "period_start": "2026-10-01T00:00:00Z",
        "period_end": "2026-11-01T00:00:00Z",
        "totals": list(totals),
        "balances": [amount(900, CREDITS)],
        "invoice_items": [],
        "adjustments": [],
    } | fields


def double(written: str) -> str:
    text = json.dumps(invoice(amount("HERE"), invoice_items=[line("HERE")]))
    return text.replace('"HERE"', written)


def facts(work: WorkDatabase, account: str) -> dict[str, tuple[int, str]]:
    """Total and status by currency."""
    rows = work.rows(f"FROM marts.fct_invoices WHERE account = '{account}'")
    found = {row["currency"]: (row["total_cents"], row["payment_status"]) for row in rows}
    assert len(found) == len(rows)
    return found


SEVERAL = [line(1), line(2, CREDITS), line(4, None), line(8, "COCKROACH_CREDITS")]
GIVEN: dict[str, dict[str, Any] | str] = {
    "both": invoice(
        amount(35),
        amount(-10, CREDITS.lower()),
        invoice_items=[line(30), line(12.5, CREDITS), line(-20, CREDITS, "db")],
        adjustments=[
            {"name": "Premium Support", "amount": amount(5)},
            {"name": "Free Credit", "amount": amount(-2.5, CREDITS)},
        ],
    ),
    "no totals": invoice(),
    "no list": invoice() | {"totals": None},
    "no amount": invoice(amount(None)),
    "twice": invoice(amount(1), amount(2)),
    "twice no code": invoice(amount(1, None), amount(2, None)),
    "unknown code": invoice(amount(3), amount(1, "LEAVES")),
    "no code": invoice(amount(3), amount(1, None)),
    "broken": '{"invoice_id": "inv"',
    "lines beside": invoice(amount(15), invoice_items=SEVERAL),
    "lines of both": invoice(amount(5, CREDITS), amount(5), invoice_items=SEVERAL),
    "nothing yet": invoice(amount(0), status="DRAFT"),
    "nothing": invoice(amount(0.0049)),
    **{f"word {word}": invoice(amount(1), status=word) for word in WORDS},
    **{f"double {written}": double(written) for written in (*DOUBLES, TOO_LARGE)},
}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkDatabase]:
    database = WorkDatabase(Path(tmp_path_factory.mktemp("currencies")) / "work.duckdb")
    for account, document in GIVEN.items():
        database.add("cockroachdb", document, key="inv", account=account)
    database.add(
        "versori",
        {"totalAmount": {"integral": 1, "currencyCode": CREDITS}},
        key="2026-10-01/2026-11-01",
    )
    assert not database.build().has_errors
    yield database
    database.connection.close()


def test_an_invoice_in_two_currencies_is_one_row_each(given: WorkDatabase) -> None:
    assert facts(given, "both") == {"USD": (3500, "unknown"), CREDITS: (-1000, "unknown")}
    rows = given.rows("FROM marts.fct_invoices WHERE account = 'both'")
    assert {row["invoice_number"] for row in rows} == {"inv"}
    assert {row["billing_period_end"] for row in rows} == {datetime(2026, 11, 1, tzinfo=UTC)}
    lines = given.rows(
        "SELECT invoice.currency AS of, line.currency, line.category, line.description,"
        " line.resource, line.tags, spend.amount"
        " FROM marts.spend AS spend JOIN marts.fct_invoices AS invoice USING (invoice_id)"
        " JOIN marts.fct_invoice_lines AS line USING (line_id)"
        " WHERE spend.account = 'both' ORDER BY amount"
    )
    assert [
        (row["of"], row["category"], row["description"], row["resource"], row["amount"])
        for row in lines
    ] == [
        (CREDITS, "usage", "Compute", "db", Decimal(-20)),
        (CREDITS, "credit", "Free Credit", None, Decimal("-2.5")),
        ("USD", "adjustment", "Premium Support", None, Decimal(5)),
        (CREDITS, "usage", "Compute", "web", Decimal("12.5")),
        ("USD", "usage", "Compute", "web", Decimal(30)),
    ]
    assert all(row["of"] == row["currency"] for row in lines)
    assert {row["tags"] for row in lines if row["resource"]} == {'{"team":"a"}'}


def test_credits_are_no_money(given: WorkDatabase) -> None:
    """Nobody owes them, and no other vendor's document may state them."""
    payables = given.rows("FROM marts.payables")
    assert {row["currency"] for row in payables} == {"USD"}
    [row] = given.rows(f"FROM marts.dim_currencies WHERE currency = '{CREDITS}'")
    assert (row["minor_unit"], row["is_money"]) == (Decimal("0.01"), False)
    assert not given.rows("FROM marts.dim_currencies WHERE is_money <> (length(currency) = 3)")
    [row] = given.rows("FROM marts.rejected_documents WHERE vendor = 'versori'")
    assert row["reason"] == f"the currency is not in ISO 4217: {CREDITS}"


def test_totals_that_say_nothing(given: WorkDatabase) -> None:
    """Nothing is billed in whatever currency; but no list is none of nothing."""
    [row] = given.rows("FROM marts.fct_invoices WHERE account = 'no totals'")
    assert (row["total_cents"], row["currency"], row["currency_basis"], row["payment_status"]) == (
        0,
        "USD",
        "assumed",
        "no_charge",
    )
    assert facts(given, "unknown code") == facts(given, "no code") == {"USD": (300, "unknown")}
    rejected = given.rows(
        "FROM marts.rejected_documents WHERE vendor = 'cockroachdb' AND entity = 'invoices'"
    )
    assert {row["account"]: (row["document_key"], row["reason"]) for row in rejected} == {
        "no list": ("inv", "the total is missing"),
        "no amount": ("inv", "the total is missing"),
        "twice": ("inv", "it has several totals in USD"),
        "twice no code": ("inv/", "it has several totals in no currency"),
        "unknown code": ("inv/LEAVES", "the currency is not in ISO 4217: LEAVES"),
        "no code": ("inv/", "the currency is missing"),
        "broken": ("inv", "what the vendor sent is not valid JSON"),
        f"double {TOO_LARGE}": (
            "inv",
            f"the total can't be read as an amount: {TOO_LARGE} is too large",
        ),
    }


@pytest.mark.parametrize(("written", "cents"), DOUBLES.items())
def test_doubles_of_any_length(given: WorkDatabase, written: str, cents: int) -> None:
    account = f"double {written}"
    assert {total for total, _ in facts(given, account).values()} == {cents}
    [row] = given.rows(f"FROM marts.fct_invoice_lines WHERE account = '{account}'")
    assert (row["record_type"], row["amount_cents"]) == ("line", cents)


def test_lines_in_a_currency_without_a_total_stand_beside_the_first(given: WorkDatabase) -> None:
    """In their own currency; a line that states none counts where there is but one."""
    amounts = given.rows(
        "SELECT account, currency, amount_cents FROM marts.fct_invoice_lines"
        " WHERE record_type = 'line' AND starts_with(account, 'lines') ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in amounts] == [
        ("lines beside", "COCKROACH_CREDITS", 800),
        ("lines beside", CREDITS, 200),
        ("lines beside", "USD", 100),
        ("lines beside", "USD", 400),
        ("lines of both", CREDITS, 200),
    ]
    [row] = given.rows("FROM marts.rejected_documents WHERE entity = 'invoice_items'")
    assert row["reason"] == "a line states no currency, and its invoice has several"


def test_its_words(given: WorkDatabase) -> None:
    for word, status in WORDS.items():
        assert facts(given, f"word {word}") == {"USD": (100, status)}
    assert facts(given, "nothing yet") == {"USD": (0, "upcoming")}
    assert facts(given, "nothing") == {"USD": (0, "no_charge")}
    [row] = given.rows("FROM marts.fct_invoices WHERE account = 'word draft'")
    assert row["vendor_status"] == "draft"


# What each account lists, night after night; None is nothing any more.
HISTORIES: dict[str, list[dict[str, Any] | None]] = {
    "comes and goes": [
        invoice(amount(3), status="DRAFT"),
        invoice(amount(1, CREDITS), amount(2), status="DRAFT"),
        invoice(amount(2), amount(5, CREDITS)),
        invoice(amount(7)),
        invoice(amount(7), amount(4, CREDITS)),
    ],
    "gone and back": [
        invoice(amount(1), amount(2, CREDITS), status="DRAFT"),
        None,
        invoice(amount(5, CREDITS)),
        None,
        None,
    ],
    "mistaken": [
        invoice(amount(3), amount(1, "LEAVES"), status="DRAFT"),
        *[invoice(amount(3), status="DRAFT")] * 4,
    ],
}


def test_a_currency_that_comes_and_goes_is_the_same_invoice_each_night(work: WorkDatabase) -> None:
    """Built night by night, and at once. What is left out of the totals is 0 from then on."""
    found = defaultdict(list)
    ids: dict[tuple[str, str], str] = {}
    reasons = []
    for number, night in enumerate(NIGHTS):
        for account, versions in HISTORIES.items():
            before = versions[number - 1] if number else None
            document = versions[number]
            if before is not None and document != before:
                work.close("cockroachdb", key="inv", account=account, valid_to=night)
            if document is not None and document != before:
                where = {"key": "inv", "account": account, "valid_from": night}
                work.add("cockroachdb", document, **where)  # type: ignore[arg-type]
        assert not work.build(night).has_errors
        for account in HISTORIES:
            found[account].append(facts(work, account))
        for row in work.rows("FROM marts.fct_invoices"):
            key = (row["account"], row["currency"])
            assert ids.setdefault(key, row["invoice_id"]) == row["invoice_id"]
        reasons.append(work.reasons())
    assert found["comes and goes"] == [
        {"USD": (300, "upcoming")},
        {"USD": (200, "upcoming"), CREDITS: (100, "upcoming")},
        {"USD": (200, "unknown"), CREDITS: (500, "unknown")},
        {"USD": (700, "unknown"), CREDITS: (0, "no_charge")},
        {"USD": (700, "unknown"), CREDITS: (400, "unknown")},
    ]
    back = {"USD": (0, "no_charge"), CREDITS: (500, "unknown")}
    assert found["gone and back"][1:] == [{}, back, back, back]
    assert [len(each) for each in reasons] == [1, 0, 0, 0, 0]
    changes = work.rows("FROM marts.invoice_changes WHERE kind = 'amount_corrected'")
    assert sorted((row["before"], row["after"]) for row in changes) == [
        ("0", "400"),
        ("200", "700"),
        ("500", "0"),
    ]
    delisted = work.rows("FROM marts.fct_invoices WHERE delisted_at IS NOT NULL")
    assert {row["account"] for row in delisted} == {"gone and back"}
    assert len(delisted) == 2
    kept = {name: work.rows(f"FROM {name} ORDER BY ALL") for name in KEPT}
    work.build(NIGHTS[-1], everything=True)
    assert {name: work.rows(f"FROM {name} ORDER BY ALL") for name in KEPT} == kept

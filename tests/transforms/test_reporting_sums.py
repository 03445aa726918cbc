"""Whatever is billed by whatever rates: converted once, and what it is made of adds up to it.

Each example is some warehouses, from their invoices and lines on: the models that read documents
are left out. They are built side by side, each as an account, and share the rates.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines.transform import names, project, rates, raw
from pipelines.transform.model import TRANSFORMS, WHOLE
from pipelines.transform.names import Clock
from tests.transforms.test_reporting import DECIMALS, rounded
from tests.transforms.work_database import NIGHT

AT_ONCE = 8
WAREHOUSES = int(os.environ.get("BILLHOUSE_WAREHOUSES", "40"))
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
CURRENCIES = ["EUR", "USD", "JPY", "GBP", "BHD"]
# Where the models begin to be asked; what stands before them reads documents.
GIVEN = {
    f"intermediate.{name}"
    for name in ("invoices", "accepted_line_readings", "details", "payments", "refunds")
}

# Everyday amounts, where most cents are left over, and the largest that are read.
amounts = st.one_of(
    st.integers(-300, 300), st.integers(-(10**7), 10**7), st.integers(-(10**13), 10**13)
)
quotes = st.one_of(
    st.decimals("0.5", "2", places=4),
    st.decimals("0.000001", "99999", places=6),
)


@dataclass(frozen=True)
class Line:
    """`days` is how long it lasts, from some day on."""

    cents: int
    begins: int
    days: int


@dataclass(frozen=True)
class Invoice:
    """Its total is what the lines are, and what they leave unexplained."""

    currency: str
    lines: list[Line]
    unexplained: int

    @property
    def total(self) -> int:
        return sum(each.cents for each in self.lines) + self.unexplained


lines = st.builds(Line, amounts, st.integers(-70, 30), st.integers(1, 100))
invoices = st.builds(
    Invoice,
    st.sampled_from(CURRENCIES),
    st.lists(lines, max_size=6),
    st.one_of(st.just(0), amounts),
)


@pytest.fixture(scope="module")
def models() -> Iterator[duckdb.DuckDBPyConnection]:
    """All models without any document: those given as tables, what is made of them as views."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names.make(connection, TRANSFORMS)
        Clock(NIGHT).write(connection, "staging.run")
        rates.write(connection, None, TRANSFORMS)
        models = {each.name: each for each in project.models()}
        asked = {"marts.fct_reporting_spend"}
        for name in reversed(models):
            if name in asked and name not in GIVEN:
                asked |= models[name].references
        for name, each in models.items():
            query = names.query_of(each, raw.whole([], [each.raw_table or ""]))
            # Where nothing is given yet all is empty, for good.
            is_view = name in asked - GIVEN and each.kind != WHOLE
            connection.execute(f"CREATE {'VIEW' if is_view else 'TABLE'} {name} AS {query}")
        yield connection


def fill(
    connection: duckdb.DuckDBPyConnection,
    warehouses: list[list[Invoice]],
    quoted: dict[str, str],
    reporting: str,
) -> None:
    connection.execute("DELETE FROM staging.exchange_rates; DELETE FROM staging.reporting")
    connection.execute("INSERT INTO staging.reporting VALUES (?, '2026-10-30')", [reporting])
    connection.execute(
        "INSERT INTO staging.exchange_rates VALUES ('2026-10-30', $document, $at, NULL, $at)",
        {"document": json.dumps(quoted), "at": NIGHT},
    )
    for name in ("invoices", "accepted_line_readings"):
        connection.execute(f"DELETE FROM intermediate.{name}")
    invoices_of = [
        (f"{account}/{number}", str(account), invoice)
        for account, billed in enumerate(warehouses)
        for number, invoice in enumerate(billed)
    ]
    connection.executemany(
        "INSERT INTO intermediate.invoices BY NAME SELECT $id AS invoice_id, 'turso' AS vendor,"
        " $account AS account, $currency AS currency, $units AS minor_units_per_unit,"
        " $total AS total_cents, 'open' AS payment_status, $at AS issued_at,"
        " $begin AS billing_period_start, $begin + INTERVAL 30 DAY AS billing_period_end",
        [
            {
                "id": name,
                "account": account,
                "currency": invoice.currency,
                "units": 10 ** DECIMALS.get(invoice.currency, 2),
                "total": invoice.total,
                "at": NIGHT,
                "begin": BEGIN,
            }
            for name, account, invoice in invoices_of
        ],
    )
    parts = [
        {
            "id": name,
            "account": account,
            "place": str(place),
            "cents": line.cents,
            "currency": invoice.currency,
            "begin": BEGIN + timedelta(days=line.begins),
            "end": BEGIN + timedelta(days=line.begins + line.days),
        }
        for name, account, invoice in invoices_of
        for place, line in enumerate(invoice.lines)
    ]
    if parts:
        connection.executemany(
            "INSERT INTO intermediate.accepted_line_readings BY NAME SELECT $id AS invoice_id,"
            " 'turso' AS vendor, $account AS account, 'line' AS record_type,"
            " $id || '/' || $place AS line_id, 'usage' AS category, $cents AS amount_cents,"
            " FALSE AS is_rounded, $currency AS currency, TRUE AS is_in_invoice_currency,"
            " $begin AS period_start, $end AS period_end",
            parts,
        )


# An example takes a second: one that fails is told at once, as long as it is.
@settings(
    max_examples=WAREHOUSES // AT_ONCE,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    st.lists(st.lists(invoices, min_size=1, max_size=4), min_size=AT_ONCE, max_size=AT_ONCE),
    st.fixed_dictionaries(dict.fromkeys(CURRENCIES[1:], quotes)),
    st.sampled_from(CURRENCIES),
)
def test_what_is_converted_adds_up(
    models: duckdb.DuckDBPyConnection,
    warehouses: list[list[Invoice]],
    quoted: dict[str, object],
    reporting: str,
) -> None:
    written = {name: format(rate, "f") for name, rate in quoted.items()}
    fill(models, warehouses, written, reporting)
    units = {name: Fraction(rate) for name, rate in written.items()} | {"EUR": Fraction(1)}
    totals = dict(
        models.execute(
            "SELECT invoice_id, reporting_total_cents FROM marts.fct_invoices"
        ).fetchall()
    )
    parts = models.execute(
        "SELECT spent.invoice_id, spent.line_id, spent.amount_cents,"
        " reported.reporting_amount_cents FROM marts.fct_monthly_spend AS spent"
        " LEFT JOIN marts.fct_reporting_spend AS reported"
        " ON spent.line_id = reported.line_id AND spent.month IS NOT DISTINCT FROM reported.month"
    ).fetchall()
    for account, billed in enumerate(warehouses):
        for number, invoice in enumerate(billed):
            name = f"{account}/{number}"
            adds_up(
                invoice,
                units[reporting] / units[invoice.currency],
                reporting,
                totals[name],
                [part[1:] for part in parts if part[0] == name],
            )


def adds_up(
    invoice: Invoice,
    rate: Fraction,
    reporting: str,
    total: int | None,
    parts: list[tuple[str, int, int]],
) -> None:
    """The parts are lines in months: each with its cents, and what they are when converted."""
    scale = Fraction(10 ** DECIMALS.get(reporting, 2), 10 ** DECIMALS.get(invoice.currency, 2))
    factor = Fraction(1) if invoice.currency == reporting else scale * rate
    converted = rounded(invoice.total * factor)
    if abs(converted) >= 2**63:
        assert total is None
        return
    assert total == converted
    assert sum(cents for _, _, cents in parts) == converted
    by_line: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for line, cents, reported in parts:
        by_line[line].append((cents, reported))
        assert -1 < reported - cents * factor < 1
    for of_line in by_line.values():
        exact = sum(cents for cents, _ in of_line) * factor
        assert -1 < sum(reported for _, reported in of_line) - exact < 1

"""Whatever is billed by whatever rates: converted once, and what it is made of adds up to it.

Each example is a warehouse of its own, from its invoices and lines on: the models that read
documents are left out. `BILLHOUSE_WAREHOUSES=10000` asks for more of them.
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

WAREHOUSES = int(os.environ.get("BILLHOUSE_WAREHOUSES", "12"))
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
    billed: list[Invoice],
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
    for number, invoice in enumerate(billed):
        connection.execute(
            "INSERT INTO intermediate.invoices BY NAME SELECT $id AS invoice_id, 'turso' AS vendor,"
            " 'acme' AS account, $currency AS currency, $units AS minor_units_per_unit,"
            " $total AS total_cents, 'open' AS payment_status, $at AS issued_at,"
            " $begin AS billing_period_start, $begin + INTERVAL 30 DAY AS billing_period_end",
            {
                "id": str(number),
                "currency": invoice.currency,
                "units": 10 ** DECIMALS.get(invoice.currency, 2),
                "total": invoice.total,
                "at": NIGHT,
                "begin": BEGIN,
            },
        )
        for place, line in enumerate(invoice.lines):
            begin = BEGIN + timedelta(days=line.begins)
            connection.execute(
                "INSERT INTO intermediate.accepted_line_readings BY NAME SELECT $id AS invoice_id,"
                " 'turso' AS vendor, 'acme' AS account, 'line' AS record_type,"
                " $id || '/' || $place AS line_id, 'usage' AS category, $cents AS amount_cents,"
                " FALSE AS is_rounded, $currency AS currency, TRUE AS is_in_invoice_currency,"
                " $begin AS period_start, $end AS period_end",
                {
                    "id": str(number),
                    "place": str(place),
                    "cents": line.cents,
                    "currency": invoice.currency,
                    "begin": begin,
                    "end": begin + timedelta(days=line.days),
                },
            )


# An example takes half a second: one that fails is told at once, as long as it is.
@settings(
    max_examples=WAREHOUSES, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
@given(
    st.lists(invoices, min_size=1, max_size=4),
    st.fixed_dictionaries(dict.fromkeys(CURRENCIES[1:], quotes)),
    st.sampled_from(CURRENCIES),
)
def test_what_is_converted_adds_up(
    models: duckdb.DuckDBPyConnection,
    billed: list[Invoice],
    quoted: dict[str, object],
    reporting: str,
) -> None:
    written = {name: format(rate, "f") for name, rate in quoted.items()}
    fill(models, billed, written, reporting)
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
    for number, invoice in enumerate(billed):
        scale = Fraction(10 ** DECIMALS.get(reporting, 2), 10 ** DECIMALS.get(invoice.currency, 2))
        factor = scale * units[reporting] / units[invoice.currency]
        if invoice.currency == reporting:
            factor = Fraction(1)
        converted = rounded(invoice.total * factor)
        if abs(converted) >= 2**63:
            assert totals[str(number)] is None
            continue
        assert totals[str(number)] == converted
        own = [part[1:] for part in parts if part[0] == str(number)]
        assert sum(cents for _, _, cents in own) == converted
        by_line: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for line, cents, reported in own:
            by_line[line].append((cents, reported))
            assert -1 < reported - cents * factor < 1
        for of_line in by_line.values():
            exact = sum(cents for cents, _ in of_line) * factor
            assert -1 < sum(reported for _, reported in of_line) - exact < 1

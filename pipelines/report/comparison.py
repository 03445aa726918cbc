"""Two invoices of an account, line by line: why is one higher?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import UsageError
from pipelines.report.amounts import currency_decimals, in_units
from pipelines.report.invoices import ID_SHOWN, Table
from pipelines.report.questions import Row, ask

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Comparison:
    """Two invoices by line: `names` are the other's and the invoice's, `lines` is for people,
    `columns` and `records` for programs."""

    names: Sequence[str]
    columns: Sequence[str]
    records: Sequence[Row]
    lines: Table


def find_before(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> str:
    """The id of the invoice that the same account was billed for before, in the same currency.

    Raises:
        UsageError: there is none.
    """
    found = ask(connection, "invoice_before", invoice_id=invoice_id)
    if not found:
        raise UsageError(
            "The account has no invoice before this one in its currency. Name another to compare"
            " it with; `billhouse invoices` lists them."
        )
    return str(found[0]["invoice_id"])


def comparison(connection: duckdb.DuckDBPyConnection, invoice_id: str, other_id: str) -> Comparison:
    """What the first of two invoices has by line that the other hasn't."""
    decimals = currency_decimals(connection)
    lines = ask(connection, "invoice_comparison", invoice_id=invoice_id, other_id=other_id)
    rows = [in_units(each, decimals) for each in lines]
    sums = {
        currency: [sum(each[name] for each in own) for name in ("before", "after", "change")]
        for currency in sorted({each["currency"] for each in rows})
        for own in [[each for each in rows if each["currency"] == currency]]
    }
    return Comparison(
        [_name(connection, each) for each in (other_id, invoice_id)],
        list(rows[0]) if rows else [],
        rows,
        Table(
            ["category", "product", "project", "resource", "before", "after", "change", "currency"],
            [
                *([*list(each.values())[:4], *_compared(each)] for each in rows),
                *(
                    ["all", "", "", "", f"{before:,f}", f"{after:,f}", f"{change:+,f}", currency]
                    for currency, (before, after, change) in sums.items()
                ),
            ],
            frozenset({4, 5, 6}),
        ),
    )


def _compared(row: Row) -> list[str]:
    amounts = [f"{row['before']:,f}", f"{row['after']:,f}", f"{row['change']:+,f}"]
    return [*amounts, row["currency"]]


def _name(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> str:
    [row] = ask(connection, "matches", asked=invoice_id)
    [(day,)] = connection.execute(
        "SELECT billing_period_first_day FROM fct_invoices WHERE invoice_id = ?", [invoice_id]
    ).fetchall()
    number = f"{row['invoice']} ({invoice_id[:ID_SHOWN]})"
    return f"{row['vendor']} {row['account']} {number} from {day or 'an unknown day'}"

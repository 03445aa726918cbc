"""What changed after the fact: of issued invoices, and of months that finance has closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.publish.read import of_this_version
from pipelines.report.amounts import CENTS, currency_decimals, format_amount, in_units
from pipelines.report.answers import Answer
from pipelines.report.invoices import Table
from pipelines.report.questions import Row, ask

if TYPE_CHECKING:
    import duckdb

_ALL = 2**31
_INVOICE = ("vendor", "account", "invoice", "day", "kind", "currency", "before", "after")
_LINE = ("month", "vendor", "account", "category", "description", "currency")
_SUMS = ("at_close_cents", "now_cents", "difference_cents")


def of_invoices(connection: duckdb.DuckDBPyConnection) -> Answer:
    """Changes of issued invoices, the newest first; where they are of amounts, in units."""
    with of_this_version():
        decimals = currency_decimals(connection)
        records = [_in_units(row, decimals) for row in ask(connection, "changes", limit=_ALL)]
    rows = [[str(each[name]) for name in _INVOICE] for each in records]
    return Answer(Table(_INVOICE, rows, frozenset({6, 7})), _INVOICE, records)


def since_close(connection: duckdb.DuckDBPyConnection) -> Answer:
    """Lines of closed months that would now be another amount."""
    with of_this_version():
        decimals = currency_decimals(connection)
        rows = ask(connection, "since_close")
    return Answer(
        Table(
            [*_LINE, *(name.removesuffix(CENTS).replace("_", " ") for name in _SUMS)],
            [
                [
                    *(each[name] or "–" for name in _LINE),
                    *(_shown(each[name], decimals[each["currency"]]) for name in _SUMS),
                ]
                for each in rows
            ],
            frozenset(range(len(_LINE), len(_LINE) + len(_SUMS))),
        ),
        [*_LINE, *(name.removesuffix(CENTS) for name in _SUMS), "invoice_id", "line_id"],
        [in_units(each, decimals) for each in rows],
    )


def closes(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The months that are closed, as `closes` in transforms/reports/."""
    with of_this_version():
        return ask(connection, "closes")


def _in_units(row: Row, decimals: dict[str, int]) -> Row:
    amounts = in_units(
        {name: row[name] for name in row if name.endswith(CENTS)}, decimals, row["currency"]
    )
    return {
        **row,
        **{name: row[name] if amounts[name] is None else amounts[name] for name in amounts},
    }


def _shown(cents: int | None, decimals: int) -> str:
    return "–" if cents is None else format_amount(cents, decimals)

"""What to accrue for a month, as lines that an accountant books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.publish.read import of_this_version
from pipelines.report.amounts import CENTS, currency_decimals, format_amount, in_units
from pipelines.report.answers import Answer
from pipelines.report.invoices import Table
from pipelines.report.questions import Row, ask

if TYPE_CHECKING:
    import duckdb

    from pipelines.config.accruals import BookingAccounts

_COLUMNS = ("booked_on", "debit", "credit", "amount_cents", "currency", "text")


def bookings(
    connection: duckdb.DuckDBPyConnection, month: str, accounts: BookingAccounts
) -> Answer:
    """Each accrual of the month (`2026-10`) on its last day, and its reversal on the day after."""
    with of_this_version():
        decimals = currency_decimals(connection)
        rows = ask(
            connection,
            "accrual_bookings",
            month=month,
            debit=accounts.debit,
            credit=accounts.credit,
        )
    columns = [name.removesuffix(CENTS) for name in _COLUMNS]
    return Answer(
        Table(
            [name.replace("_", " ") for name in columns],
            [[_shown(row, name, decimals) for name in _COLUMNS] for row in rows],
            frozenset({_COLUMNS.index("amount_cents")}),
        ),
        columns,
        [in_units({name: row[name] for name in _COLUMNS}, decimals) for row in rows],
    )


def _shown(row: Row, name: str, decimals: dict[str, int]) -> str:
    if name.endswith(CENTS):
        return format_amount(row[name], decimals[row["currency"]])
    return str(row[name])

"""Invoices for people at a terminal: a list of them, and all that is known of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError
from pipelines.report.amounts import currency_decimals, format_amount
from pipelines.report.questions import ask

if TYPE_CHECKING:
    import duckdb

_ID_SHOWN = 12
_CENTS = "_cents"


@dataclass(frozen=True)
class Table:
    """Texts to be printed; `numbers` are the columns to set flush right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class InvoiceList:
    """The invoices asked for, and what they add up to, a currency a row."""

    invoices: Table
    totals: Table


@dataclass(frozen=True)
class Invoice:
    """All that the published tables say of one invoice."""

    invoice_id: str
    facts: Table
    lines: Table
    payments: Table
    history: Table


def listed(
    connection: duckdb.DuckDBPyConnection,
    *,
    vendors: Sequence[str] | None = None,
    accounts: Sequence[str] | None = None,
    month: str | None = None,
    unpaid: bool = False,
) -> InvoiceList:
    """Invoices, the oldest period first. `month` (`2026-03`) is one that the period touches.

    Raises:
        UsageError: no invoice is of such a vendor or account, or the month is none.
    """
    _known(connection, "vendor", vendors)
    _known(connection, "account", accounts)
    if month is not None and not _is_month(connection, month):
        raise UsageError(f"There is no month {month!r}. Write a year and a month, like 2026-03.")
    decimals = currency_decimals(connection)
    asked = {"vendors": vendors or None, "accounts": accounts or None, "month": month}
    found = ask(connection, "invoices", **asked, unpaid=unpaid, id_shown=_ID_SHOWN)
    rows = [tuple(each.values()) for each in found]
    return InvoiceList(
        Table(
            ["vendor", "account", "invoice", "id", "from", "to", "status", "due", "currency",
             "total", "to pay"],
            [[*row[:9], *(_amount(cents, decimals[row[8]]) for cents in row[9:])] for row in rows],
            frozenset({9, 10}),
        ),
        _totals(rows, decimals),
    )  # fmt: skip


def find(connection: duckdb.DuckDBPyConnection, asked: str) -> str:
    """The id of the invoice with this number, this id, or an id that begins so.

    Raises:
        UsageError: there is none, or more than one.
    """
    matches = ask(connection, "matches", asked=asked)
    if not matches:
        raise UsageError(
            f"No published invoice has the number or id {asked!r}. `billhouse invoices` lists them."
        )
    if len(matches) > 1:
        several = "; ".join(
            "{invoice_id} ({vendor} {account}, {invoice})".format(**each) for each in matches[:10]
        )
        raise UsageError(f"{len(matches)} invoices match {asked!r}. Give one's id: {several}.")
    return str(matches[0]["invoice_id"])


def details(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> Invoice:
    """An invoice's facts, lines, payments and history; null facts are left out."""
    [(currency,)] = connection.execute(
        "SELECT currency FROM fct_invoices WHERE invoice_id = ?", [invoice_id]
    ).fetchall()
    money = _Money(currency, currency_decimals(connection))
    facts = _table(connection, "invoice", invoice_id, money)
    return Invoice(
        invoice_id,
        Table(
            ["fact", "value"],
            [
                [name, value]
                for name, value in zip(facts.columns, facts.rows[0], strict=True)
                if value
            ],
        ),
        _table(connection, "invoice_lines", invoice_id, money),
        _table(connection, "invoice_payments", invoice_id, money),
        _table(connection, "invoice_history", invoice_id, money),
    )


def _known(connection: duckdb.DuckDBPyConnection, column: str, names: Sequence[str] | None) -> None:
    rows = connection.execute(f"SELECT DISTINCT {column} FROM fct_invoices ORDER BY 1").fetchall()  # noqa: S608
    known = [name for (name,) in rows]
    for name in names or ():
        if name not in known:
            raise UsageError(
                f"No published invoice is of the {column} {name!r}. There are:"
                f" {', '.join(known) or 'none, since no invoice is published'}."
            )


def _is_month(connection: duckdb.DuckDBPyConnection, month: str) -> bool:
    row = connection.execute("SELECT try_strptime(?, '%Y-%m') IS NOT NULL", [month]).fetchone()
    return row == (True,)


def _totals(rows: Sequence[tuple[Any, ...]], decimals: dict[str, int]) -> Table:
    return Table(
        ["currency", "invoices", "total", "to pay"],
        [
            [
                currency,
                str(sum(row[8] == currency for row in rows)),
                *(
                    format_amount(sum(row[at] or 0 for row in rows if row[8] == currency), places)
                    for at in (9, 10)
                ),
            ]
            for currency, places in decimals.items()
            if any(row[8] == currency for row in rows)
        ],
        frozenset({1, 2, 3}),
    )


@dataclass(frozen=True)
class _Money:
    """How an invoice's amounts are written: one in another currency than the invoice's names it."""

    currency: str
    decimals: dict[str, int]

    def text(self, cents: int | None, currency: str) -> str:
        number = _amount(cents, self.decimals[currency])
        return f"{number} {currency}" if number and currency != self.currency else number


def _table(
    connection: duckdb.DuckDBPyConnection, question: str, invoice_id: str, money: _Money
) -> Table:
    found = ask(connection, question, invoice_id=invoice_id)
    names = list(found[0]) if found else []
    # What stands beside the amount in a column of its own would say the same in nearly every row.
    own = len(names) - 1 if names[-1:] == ["currency"] else None
    shown = [at for at in range(len(names)) if at != own]
    numbers = frozenset(at for at in shown if names[at].endswith(_CENTS))
    rows = [
        [
            money.text(row[at], money.currency if own is None else row[own])
            if at in numbers
            else row[at] or ""
            for at in shown
        ]
        for row in (list(each.values()) for each in found)
    ]
    columns = [names[at].removesuffix(_CENTS).replace("_", " ") for at in shown]
    return Table(columns, rows, numbers)


def _amount(cents: int | None, decimals: int) -> str:
    return "" if cents is None else format_amount(cents, decimals)

"""Invoices for people at a terminal: a list of them, and all that is known of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import UsageError
from pipelines.report.amounts import CENTS, currency_decimals, format_amount, in_units
from pipelines.report.questions import Row, answer, ask

if TYPE_CHECKING:
    import duckdb

ID_SHOWN = 12
_LISTED = {
    "vendor": "vendor",
    "account": "account",
    "invoice_number": "invoice",
    "invoice_id": "id",
    "billing_period_first_day": "from",
    "billing_period_last_day": "to",
    "payment_status": "status",
    "due_on": "due",
    "currency": "currency",
}


@dataclass(frozen=True)
class Table:
    """Texts to be printed; `numbers` are the columns to set flush right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class InvoiceList:
    """The invoices asked for, and what they add up to, a currency a row. `columns` and `records`
    are the same invoices for programs."""

    columns: Sequence[str]
    records: Sequence[Row]
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
    rows = ask(connection, "invoices", **asked, unpaid=unpaid)
    sums = ["total_cents", "to_pay_cents", *(["in_month_cents"] if month else [])]
    heads = [name.removesuffix(CENTS).replace("_", " ") for name in sums]
    return InvoiceList(
        [*_LISTED, *(name.removesuffix(CENTS) for name in sums)],
        [in_units({name: row[name] for name in (*_LISTED, *sums)}, decimals) for row in rows],
        Table(
            [*_LISTED.values(), *heads],
            [
                [
                    *(_shown(name, row[name]) for name in _LISTED),
                    *(_amount(row[name], decimals[row["currency"]]) for name in sums),
                ]
                for row in rows
            ],
            frozenset(range(len(_LISTED), len(_LISTED) + len(sums))),
        ),
        _totals(rows, sums, heads, decimals),
    )


def _shown(name: str, value: object) -> str:
    text = "–" if value is None else str(value)
    return text[:ID_SHOWN] if name == "invoice_id" else text


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
            "{invoice_id} ({vendor} {account}, {invoice}, {currency})".format(**each)
            for each in matches[:10]
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


def record(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> dict[str, object]:
    """The same for programs: the published rows, by their own names, in units of the currency."""
    decimals = currency_decimals(connection)

    def rows(table: str, order: str = "ALL") -> list[Row]:
        sql = f"FROM {table} WHERE invoice_id = $invoice_id ORDER BY {order}"
        found = answer(connection, sql, invoice_id=invoice_id)
        return [in_units(each, decimals, currency) for each in found]

    [(currency,)] = connection.execute(
        "SELECT currency FROM fct_invoices WHERE invoice_id = ?", [invoice_id]
    ).fetchall()
    [invoice] = rows("fct_invoices")
    return {
        "invoice": invoice,
        "lines": rows("fct_invoice_lines", "record_type DESC, line_id"),
        "payments": rows("fct_payments", "created_at, payment_id"),
        "history": rows("fct_payment_status_history", "valid_from"),
    }


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


def _totals(
    rows: Sequence[Row], sums: Sequence[str], heads: Sequence[str], decimals: dict[str, int]
) -> Table:
    own = {currency: [row for row in rows if row["currency"] == currency] for currency in decimals}
    return Table(
        ["currency", "invoices", *heads],
        [
            [
                currency,
                str(len(found)),
                *(
                    format_amount(sum(row[name] or 0 for row in found), decimals[currency])
                    for name in sums
                ),
            ]
            for currency, found in own.items()
            if found
        ],
        frozenset(range(1, 2 + len(sums))),
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
    numbers = frozenset(at for at in shown if names[at].endswith(CENTS))
    rows = [
        [
            money.text(row[at], money.currency if own is None else row[own])
            if at in numbers
            else row[at] or ""
            for at in shown
        ]
        for row in (list(each.values()) for each in found)
    ]
    columns = [names[at].removesuffix(CENTS).replace("_", " ") for at in shown]
    return Table(columns, rows, numbers)


def _amount(cents: int | None, decimals: int) -> str:
    return "" if cents is None else format_amount(cents, decimals)

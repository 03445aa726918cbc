"""Invoices for people at a terminal: a list of them, and all that is known of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError
from pipelines.report.amounts import currency_decimals, written

if TYPE_CHECKING:
    import duckdb

_ID_SHOWN = 12
_LIST = """
SELECT vendor, account, coalesce(invoice_number, '–'), left(invoice_id, $id_shown),
       coalesce(strftime(billing_period_start, '%Y-%m-%d'), '–'),
       coalesce(strftime(billing_period_end - INTERVAL 1 SECOND, '%Y-%m-%d'), '–'),
       payment_status, coalesce(strftime(due_at, '%Y-%m-%d'), '–'),
       currency, total_cents, balance_due_cents
FROM fct_invoices
WHERE ($vendors IS NULL OR vendor IN (SELECT unnest($vendors)))
    AND ($accounts IS NULL OR account IN (SELECT unnest($accounts)))
    AND (NOT $unpaid OR (payment_status IN ('open', 'past_due', 'failed')
                         AND balance_due_cents <> 0))
    AND ($month IS NULL OR (
        billing_period_start < strptime($month, '%Y-%m')::TIMESTAMPTZ + INTERVAL 1 MONTH
        AND billing_period_end > strptime($month, '%Y-%m')::TIMESTAMPTZ))
ORDER BY billing_period_start NULLS FIRST, vendor, account, invoice_number, invoice_id
"""
_MATCHES = """
SELECT invoice_id, vendor, account, coalesce(invoice_number, '–') FROM fct_invoices
WHERE invoice_id = $asked OR invoice_number = $asked
    OR (length($asked) >= 6 AND starts_with(invoice_id, lower($asked)))
ORDER BY ALL
"""
_FACTS = """
SELECT vendor, account, invoice_number AS number, invoice_id AS id,
       strftime(billing_period_start, '%Y-%m-%d %H:%M UTC') AS "period from",
       strftime(billing_period_end, '%Y-%m-%d %H:%M UTC') AS "period to, exclusive",
       billing_period_basis AS "period is",
       payment_status AS status, vendor_status AS "vendor's word",
       strftime(due_at, '%Y-%m-%d %H:%M UTC') AS due,
       strftime(paid_at, '%Y-%m-%d %H:%M UTC') AS "paid at",
       strftime(payment_failed_at, '%Y-%m-%d %H:%M UTC') AS "payment failed",
       currency, currency_basis AS "currency is",
       subtotal_cents, discount_cents, credit_cents, starting_balance_cents, tax_cents,
       total_cents, refunded_cents, paid_cents, balance_due_cents,
       invoice_url AS link,
       strftime(first_seen_at, '%Y-%m-%d %H:%M UTC') AS "first seen",
       strftime(updated_at, '%Y-%m-%d %H:%M UTC') AS "last changed",
       strftime(delisted_at, '%Y-%m-%d %H:%M UTC') AS "no longer listed"
FROM fct_invoices WHERE invoice_id = ?
"""
_LINES = r"""
SELECT category, coalesce(description, sku, '') AS description,
       coalesce(regexp_replace(CAST(quantity AS VARCHAR), '\.0+$|(\.\d*[1-9])0+$', '\1'), '')
           AS quantity,
       coalesce(unit, '') AS unit, amount_cents, currency
FROM fct_invoice_lines WHERE invoice_id = ?
ORDER BY record_type DESC, abs(amount_cents) DESC NULLS LAST, line_id
"""
_PAYMENTS = """
SELECT coalesce(strftime(created_at, '%Y-%m-%d %H:%M UTC'), '') AS "at", kind,
       coalesce(status, '') AS status, amount_cents, currency
FROM fct_payments WHERE invoice_id = ? ORDER BY created_at, payment_id
"""
_HISTORY = """
SELECT strftime(valid_from, '%Y-%m-%d %H:%M UTC') AS "from",
       coalesce(strftime(valid_to, '%Y-%m-%d %H:%M UTC'), 'now') AS "to",
       payment_status AS status, total_cents
FROM fct_payment_status_history WHERE invoice_id = ? ORDER BY valid_from
"""
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
    rows = connection.execute(_LIST, {**asked, "unpaid": unpaid, "id_shown": _ID_SHOWN}).fetchall()
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
    matches = connection.execute(_MATCHES, {"asked": asked}).fetchall()
    if not matches:
        raise UsageError(
            f"No published invoice has the number or id {asked!r}. `billhouse invoices` lists them."
        )
    if len(matches) > 1:
        several = "; ".join(f"{row[0]} ({row[1]} {row[2]}, {row[3]})" for row in matches[:10])
        raise UsageError(f"{len(matches)} invoices match {asked!r}. Give one's id: {several}.")
    return str(matches[0][0])


def details(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> Invoice:
    """An invoice's facts, lines, payments and history; null facts are left out."""
    [(currency,)] = connection.execute(
        "SELECT currency FROM fct_invoices WHERE invoice_id = ?", [invoice_id]
    ).fetchall()
    money = _Money(currency, currency_decimals(connection))
    facts = _table(connection, _FACTS, invoice_id, money)
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
        _table(connection, _LINES, invoice_id, money),
        _table(connection, _PAYMENTS, invoice_id, money),
        _table(connection, _HISTORY, invoice_id, money),
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
                    written(sum(row[at] or 0 for row in rows if row[8] == currency), places)
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
    connection: duckdb.DuckDBPyConnection, query: str, invoice_id: str, money: _Money
) -> Table:
    result = connection.execute(query, [invoice_id])
    names = [column[0] for column in result.description or []]
    # What stands beside the amount in a column of its own would say the same in nearly every row.
    own = len(names) - 1 if query in (_LINES, _PAYMENTS) else None
    shown = [at for at in range(len(names)) if at != own]
    numbers = frozenset(at for at in shown if names[at].endswith(_CENTS))
    rows = [
        [
            money.text(row[at], money.currency if own is None else row[own])
            if at in numbers
            else row[at] or ""
            for at in shown
        ]
        for row in result.fetchall()
    ]
    columns = [names[at].removesuffix(_CENTS).replace("_", " ") for at in shown]
    return Table(columns, rows, numbers)


def _amount(cents: int | None, decimals: int) -> str:
    return "" if cents is None else written(cents, decimals)

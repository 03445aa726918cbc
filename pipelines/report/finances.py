"""What finance asks first of the published copy: the newest closed month, what is to be paid, and
which months are missing. Currencies are never added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.publish.read import of_this_version
from pipelines.report.amounts import currency_decimals, written

if TYPE_CHECKING:
    import duckdb

# A month counts as closed in a currency when no account that bills in it still has it open. How
# many of them have an invoice in that month stands beside the total: others may be late, or over.
_CURRENCIES = """
WITH billing AS (SELECT DISTINCT currency, vendor, account FROM fct_invoices),
currencies AS (SELECT currency, count(*) AS accounts FROM billing GROUP BY currency),
months AS (
    SELECT currency, month, count(*) FILTER (invoices > 0) AS accounts,
           bool_and(is_closed) AS is_closed
    FROM billing INNER JOIN dim_billing_periods USING (vendor, account) GROUP BY ALL
),
closed AS (
    SELECT currency, max(month) AS month, arg_max(accounts, month) AS accounts
    FROM months WHERE is_closed GROUP BY currency
),
spend AS (
    SELECT currency, month, sum(amount_cents)::HUGEINT AS cents
    FROM fct_monthly_spend GROUP BY ALL
),
unpaid AS (
    SELECT currency, count(*) AS invoices, sum(balance_due_cents)::HUGEINT AS cents,
           coalesce(sum(balance_due_cents) FILTER (payment_status <> 'open'), 0)::HUGEINT AS overdue
    FROM fct_invoices
    WHERE payment_status IN ('open', 'past_due', 'failed') AND balance_due_cents <> 0
    GROUP BY currency
)
SELECT currency, coalesce(strftime(closed.month, '%Y-%m'), '–'), spend.cents,
       coalesce(closed.accounts, 0) || ' of ' || currencies.accounts,
       coalesce(unpaid.invoices, 0), coalesce(unpaid.cents, 0), coalesce(unpaid.overdue, 0)
FROM currencies
LEFT JOIN closed USING (currency)
LEFT JOIN spend USING (currency, month)
LEFT JOIN unpaid USING (currency)
ORDER BY currency
"""
# Four months fit a line of a terminal beside the longest names.
_GAPS = """
SELECT vendor, account, string_agg(strftime(month, '%Y-%m'), ', ' ORDER BY month)
FROM (
    SELECT *, (row_number() OVER (PARTITION BY vendor, account ORDER BY month) - 1) // 4 AS line
    FROM dim_billing_periods WHERE is_gap
)
GROUP BY vendor, account, line ORDER BY vendor, account, line
"""

_FINDINGS = """
SELECT audit, rows_found, message FROM audit_results ORDER BY audit
"""


@dataclass(frozen=True)
class CurrencyPosition:
    """Of one currency, as people read it. `month` is the newest closed one (`–`: none is),
    `accounts` how many have an invoice in it (`3 of 4`). `overdue` is the part of `to_pay` that is
    past due or whose charge failed."""

    currency: str
    month: str
    total: str
    accounts: str
    unpaid: str
    to_pay: str
    overdue: str


@dataclass(frozen=True)
class Gap:
    """Up to four months of which, between an account's invoices, some day is billed by none."""

    vendor: str
    account: str
    months: str


@dataclass(frozen=True)
class Finding:
    """An audit that found rows when what is published was built."""

    audit: str
    rows: int
    message: str


def positions(connection: duckdb.DuckDBPyConnection) -> Sequence[CurrencyPosition]:
    """A row a currency.

    Raises:
        JobError: another version of Billhouse published the copy.
    """
    with of_this_version():
        decimals = currency_decimals(connection)
        rows = connection.execute(_CURRENCIES).fetchall()
    return [
        CurrencyPosition(
            currency,
            month,
            "" if total is None else written(total, decimals[currency]),
            accounts,
            str(unpaid),
            *(written(cents, decimals[currency]) for cents in (to_pay, overdue)),
        )
        for currency, month, total, accounts, unpaid, to_pay, overdue in rows
    ]


def findings(connection: duckdb.DuckDBPyConnection) -> Sequence[Finding]:
    """What the newest build's audits found.

    Raises:
        JobError: another version of Billhouse published the copy.
    """
    with of_this_version():
        return [Finding(*row) for row in connection.execute(_FINDINGS).fetchall()]


def gaps(connection: duckdb.DuckDBPyConnection) -> Sequence[Gap]:
    """The accounts with suspicious gaps.

    Raises:
        JobError: another version of Billhouse published the copy.
    """
    with of_this_version():
        return [Gap(*row) for row in connection.execute(_GAPS).fetchall()]

"""Spend a month in one currency, by vendor, account and category; every sum is SQL's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# A yearly plan that is billed ahead reaches into months to come, which no report is about: the
# newest month shown is that of the last load.
_PREPARE = """
CREATE TEMP TABLE report_clock AS
SELECT coalesce(
    arg_max(started_at, run_number) FILTER (outcome = 'ok'), arg_max(started_at, run_number)
) AS loaded_at
FROM load_results;

CREATE TEMP TABLE report_months AS
WITH newest AS (
    SELECT currency,
           least(max(month), date_trunc('month', max(loaded_at))::DATE) AS month
    FROM fct_monthly_spend CROSS JOIN report_clock
    GROUP BY currency HAVING max(month) IS NOT NULL
),
months AS (
    SELECT currency, unnest(generate_series(month - to_months(getvariable('months') - 1), month,
                                            INTERVAL 1 MONTH))::DATE AS month
    FROM newest
)
SELECT currency, month, strftime(month, '%b %Y') AS name,
       row_number() OVER (PARTITION BY currency ORDER BY month) - 1 AS position
FROM months;

CREATE TEMP TABLE report_facts AS
SELECT currency, position, vendor, account, category, coalesce(sum(amount_cents), 0) AS cents
FROM fct_monthly_spend INNER JOIN report_months USING (currency, month)
GROUP BY ALL;
"""
_SERIES = """
WITH facts AS (
    SELECT position, cents, {key} AS key, {vendor} AS vendor, {account} AS account
    FROM report_facts WHERE currency = $currency
),
grid AS (
    SELECT key, vendor, account, position, coalesce(sum(cents), 0) AS cents
    FROM (SELECT DISTINCT key, vendor, account FROM facts)
    CROSS JOIN (SELECT position FROM report_months WHERE currency = $currency)
    LEFT JOIN facts USING (key, vendor, account, position)
    GROUP BY ALL
)
SELECT key, vendor, account, list(cents ORDER BY position), sum(cents)
FROM grid GROUP BY key, vendor, account
ORDER BY vendor, account, key <> 'usage', key <> 'tax', key
"""
_TOTALS = """
WITH totals AS (
    SELECT currency, position, month, name, coalesce(sum(cents), 0) AS cents
    FROM report_months LEFT JOIN report_facts USING (currency, position)
    WHERE currency = $currency
    GROUP BY ALL
),
compared AS (
    SELECT *, lag(cents) OVER (ORDER BY position) AS before FROM totals
)
SELECT
    name,
    cents,
    cents - before AS change,
    sign(cents - before)
        * ((2000 * abs(cents - before) + abs(before)) // nullif(2 * abs(before), 0))
        AS change_per_mille,
    EXISTS (
        FROM fct_monthly_spend AS spend
        INNER JOIN fct_invoices AS invoice USING (invoice_id)
        WHERE spend.currency = compared.currency AND spend.month = compared.month
            AND invoice.payment_status = 'upcoming'
    ) AS is_accruing
FROM compared ORDER BY position
"""
_OUTSIDE = """
SELECT
    coalesce(sum(amount_cents) FILTER (month < first), 0) AS earlier,
    coalesce(sum(amount_cents) FILTER (month > last), 0) AS later,
    coalesce(sum(amount_cents) FILTER (month IS NULL), 0) AS undated,
    coalesce(sum(amount_cents) FILTER (payment_status = 'void' AND month BETWEEN first AND last), 0)
FROM fct_monthly_spend AS spend
INNER JOIN fct_invoices AS invoice USING (invoice_id)
CROSS JOIN (
    SELECT min(month) AS first, max(month) AS last FROM report_months WHERE currency = $currency
)
WHERE spend.currency = $currency
"""
_BREAKDOWNS = {
    "vendor": {"key": "vendor", "vendor": "vendor", "account": "''"},
    "account": {"key": "account", "vendor": "vendor", "account": "account"},
    "category": {"key": "category", "vendor": "''", "account": "''"},
}


@dataclass(frozen=True)
class Series:
    """One row of a breakdown: minor units by month, oldest first, and their sum.

    `vendor` is empty in a breakdown by category, `account` in all but that by account.
    """

    key: str
    vendor: str
    account: str
    cents: Sequence[int]
    total: int


@dataclass(frozen=True)
class Month:
    """What all vendors together bill for a month, against the month before it.

    `change_per_mille` is null after a month of nothing. `is_accruing` says that upcoming invoices
    are in it, so that it may still grow.
    """

    name: str
    cents: int
    change: int | None
    change_per_mille: int | None
    is_accruing: bool


@dataclass(frozen=True)
class Outside:
    """Spend that none of the shown months holds, and, of what they hold, that of void invoices."""

    earlier: int
    later: int
    undated: int
    void: int


@dataclass(frozen=True)
class Spend:
    """A currency's months, what they are made of, and what is outside of them."""

    months: Sequence[Month]
    breakdowns: dict[str, Sequence[Series]]
    outside: Outside


Fact = tuple[int, str, str, str, str]
"""Position of the month, vendor, account, category, minor units (as text: scripts would round)."""


def prepare(connection: duckdb.DuckDBPyConnection, months: int) -> None:
    """Make the temporary tables that the other questions of the report read."""
    connection.execute("SET VARIABLE months = ?::INTEGER", [months])
    connection.execute(_PREPARE)


def currencies(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Every currency that an invoice is in, the one with the most invoices first."""
    rows = connection.execute(
        "SELECT currency FROM fct_invoices GROUP BY currency ORDER BY count(*) DESC, currency"
    ).fetchall()
    return [currency for (currency,) in rows]


def spend_in(connection: duckdb.DuckDBPyConnection, currency: str) -> Spend:
    """A currency's spend in the months of the report."""
    asked = {"currency": currency}
    outside = connection.execute(_OUTSIDE, asked).fetchone()
    return Spend(
        [Month(*row) for row in connection.execute(_TOTALS, asked).fetchall()],
        {
            dimension: [
                Series(*row)
                for row in connection.execute(_SERIES.format(**columns), asked).fetchall()
            ]
            for dimension, columns in _BREAKDOWNS.items()
        },
        Outside(*(outside or (0, 0, 0, 0))),
    )


def facts_in(connection: duckdb.DuckDBPyConnection, currency: str) -> list[Fact]:
    """What the page adds up anew when its reader chooses vendors or an account."""
    return connection.execute(
        "SELECT position, vendor, account, category, CAST(cents AS VARCHAR) FROM report_facts"
        " WHERE currency = ? ORDER BY ALL",
        [currency],
    ).fetchall()

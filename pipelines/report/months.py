"""Completeness: for which months each account has invoices, and where one seems to be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_SHOWN = """
WITH newest AS (SELECT max(month) AS month FROM report_months)
SELECT unnest(generate_series(month - to_months(getvariable('months') - 1), month,
                              INTERVAL 1 MONTH))::DATE AS month
FROM newest WHERE month IS NOT NULL
"""
_NAMES = f"SELECT strftime(month, '%b %Y') FROM ({_SHOWN}) ORDER BY month"  # noqa: S608 - constants
_ACCOUNTS = f"""
WITH shown AS ({_SHOWN})
SELECT vendor, account, list(
    CASE WHEN is_gap THEN 'gap'
         WHEN coalesce(invoices, 0) = 0 THEN 'none'
         WHEN is_closed THEN 'closed'
         ELSE 'open' END
    ORDER BY shown.month)
FROM (SELECT DISTINCT vendor, account FROM dim_billing_periods)
CROSS JOIN shown
LEFT JOIN dim_billing_periods USING (vendor, account, month)
GROUP BY vendor, account ORDER BY vendor, account
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class AccountMonths:
    """An account's months, oldest first: `closed`, `open`, `gap`, or `none` where nothing is
    expected."""

    vendor: str
    account: str
    states: Sequence[str]


@dataclass(frozen=True)
class Completeness:
    """The months shown, by name, and every account in them. `gaps` counts those of all time."""

    months: Sequence[str]
    accounts: Sequence[AccountMonths]
    gaps: int


def completeness(connection: duckdb.DuckDBPyConnection) -> Completeness:
    """dim_billing_periods, an account a row."""
    [(gaps,)] = connection.execute(
        "SELECT count(*) FROM dim_billing_periods WHERE is_gap"
    ).fetchall()
    return Completeness(
        [name for (name,) in connection.execute(_NAMES).fetchall()],
        [AccountMonths(*row) for row in connection.execute(_ACCOUNTS).fetchall()],
        gaps,
    )

"""What somebody should look at: what is unpaid, what is coming up, what changed after the fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# A status lasts since the vendor says so, else since a load first saw it. What was already so at
# the first load may be older: then its date is preceded by "by".
_UNPAID = """
WITH current_status AS (
    SELECT invoice_id, payment_status, min(valid_from) AS seen_at
    FROM fct_payment_status_history WHERE valid_to IS NULL GROUP BY ALL
)
SELECT
    vendor, account, coalesce(invoice_number, '–') AS invoice, left(invoice_id, 12) AS id,
    coalesce(strftime(billing_period_start, '%Y-%m-%d'), '–') AS period,
    invoice.payment_status AS status,
    CASE
        WHEN invoice.payment_status = 'past_due' AND due_at IS NOT NULL
            THEN strftime(due_at, '%Y-%m-%d')
        WHEN payment_failed_at IS NOT NULL AND invoice.payment_status = 'failed'
            THEN strftime(payment_failed_at, '%Y-%m-%d')
        WHEN seen_at = first_seen_at THEN strftime(seen_at, 'by %Y-%m-%d')
        ELSE strftime(seen_at, '%Y-%m-%d')
    END AS since,
    coalesce(strftime(due_at, '%Y-%m-%d'), '–') AS due,
    total_cents, balance_due_cents
FROM fct_invoices AS invoice
LEFT JOIN current_status USING (invoice_id)
WHERE currency = ? AND invoice.payment_status IN ('failed', 'past_due', 'open')
    AND balance_due_cents <> 0
ORDER BY list_position(['failed', 'past_due', 'open'], status), balance_due_cents DESC, id
"""
_UNPAID_BY_STATUS = """
SELECT payment_status, count(*), sum(balance_due_cents) FROM fct_invoices
WHERE currency = ? AND payment_status IN ('failed', 'past_due', 'open') AND balance_due_cents <> 0
GROUP BY payment_status
ORDER BY list_position(['failed', 'past_due', 'open'], payment_status)
"""
# Compared with the last period that the same account was billed for in full.
_UPCOMING = """
WITH upcoming AS (
    SELECT vendor, account, min(billing_period_start) AS starts_at,
           max(billing_period_end) AS ends_at, sum(total_cents) AS cents
    FROM fct_invoices WHERE currency = $currency AND payment_status = 'upcoming' GROUP BY ALL
),
billed AS (
    SELECT vendor, account, invoice.billing_period_start AS starts_at, sum(total_cents) AS cents
    FROM fct_invoices AS invoice INNER JOIN upcoming USING (vendor, account)
    WHERE currency = $currency AND payment_status NOT IN ('upcoming', 'void')
        AND invoice.billing_period_start < coalesce(upcoming.starts_at, 'infinity')
    GROUP BY vendor, account, invoice.billing_period_start
    QUALIFY 1 = row_number() OVER (
        PARTITION BY vendor, account ORDER BY invoice.billing_period_start DESC)
)
SELECT
    vendor, account,
    coalesce(strftime(upcoming.starts_at, '%Y-%m-%d'), '–') AS period_start,
    coalesce(strftime(upcoming.ends_at - INTERVAL 1 SECOND, '%Y-%m-%d'), '–') AS last_day,
    coalesce(strftime(billed.starts_at, '%Y-%m-%d'), '–') AS billed_period,
    upcoming.cents, billed.cents, upcoming.cents - billed.cents
FROM upcoming LEFT JOIN billed USING (vendor, account)
ORDER BY vendor, account
"""


@dataclass(frozen=True)
class Unpaid:
    """An invoice that waits for money: issued, and failed, past due or open; minor units."""

    vendor: str
    account: str
    invoice: str
    invoice_id: str
    period: str
    status: str
    since: str
    due: str
    total: int
    balance: int


@dataclass(frozen=True)
class UnpaidSum:
    """How much waits in one status."""

    status: str
    invoices: int
    cents: int


@dataclass(frozen=True)
class Upcoming:
    """What an account has run up so far, against its last billed period; minor units."""

    vendor: str
    account: str
    period: str
    last_day: str
    billed_period: str
    cents: int
    billed: int | None
    change: int | None


@dataclass(frozen=True)
class Attention:
    """One currency's invoices to look at."""

    unpaid: Sequence[Unpaid]
    unpaid_sums: Sequence[UnpaidSum]
    upcoming: Sequence[Upcoming]


def attention_in(connection: duckdb.DuckDBPyConnection, currency: str) -> Attention:
    """What waits, and what comes, in one currency."""
    return Attention(
        [Unpaid(*row) for row in connection.execute(_UNPAID, [currency]).fetchall()],
        [UnpaidSum(*row) for row in connection.execute(_UNPAID_BY_STATUS, [currency]).fetchall()],
        [
            Upcoming(*row)
            for row in connection.execute(_UPCOMING, {"currency": currency}).fetchall()
        ],
    )

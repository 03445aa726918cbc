"""Whether the numbers can be trusted: freshness, completeness, audits, rejected documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.transform.project import audits

if TYPE_CHECKING:
    import duckdb

_FRESHNESS = """
WITH results AS (
    SELECT vendor, account,
           arg_max(started_at, run_number) FILTER (outcome = 'ok') AS last_ok,
           arg_max(outcome, run_number) AS last_outcome,
           arg_max(error, run_number) FILTER (outcome = 'failed') AS last_error
    FROM load_results GROUP BY ALL
),
invoices AS (
    SELECT vendor, account, count(*) AS invoices, max(billing_period_end) AS newest_end
    FROM fct_invoices GROUP BY ALL
)
SELECT vendor, account, coalesce(invoices, 0),
       coalesce(strftime(newest_end - INTERVAL 1 SECOND, '%Y-%m-%d'), '–'),
       coalesce(strftime(last_ok, '%Y-%m-%d %H:%M'), 'never'),
       greatest(date_diff('hour', last_ok, now()), 0),
       coalesce(last_outcome, 'no longer configured'),
       CASE WHEN last_outcome = 'failed' THEN last_error END
FROM results FULL JOIN invoices USING (vendor, account)
ORDER BY vendor, account
"""
_REJECTED = """
SELECT vendor, account, entity, document_key, reason, strftime(valid_from, '%Y-%m-%d')
FROM rejected_documents ORDER BY ALL
"""


@dataclass(frozen=True)
class Freshness:
    """What an account's last loads brought. `newest_day` is the last day that a bill covers."""

    vendor: str
    account: str
    invoices: int
    newest_day: str
    last_ok: str
    hours_old: int | None
    last_outcome: str
    error: str | None


@dataclass(frozen=True)
class AuditResult:
    """How many rows break a rule."""

    name: str
    severity: str
    rule: str
    count: int


@dataclass(frozen=True)
class Rejected:
    """A document that no table but rejected_documents holds."""

    vendor: str
    account: str
    entity: str
    document_key: str
    reason: str
    since: str


@dataclass(frozen=True)
class Health:
    """Everything that says how far the numbers go."""

    freshness: Sequence[Freshness]
    audits: Sequence[AuditResult]
    rejected: Sequence[Rejected]

    @property
    def failed_accounts(self) -> int:
        """Accounts whose last load failed."""
        return sum(each.last_outcome == "failed" for each in self.freshness)

    @property
    def warnings(self) -> int:
        """Audits that found something."""
        return sum(bool(each.count) for each in self.audits)


def health(connection: duckdb.DuckDBPyConnection) -> Health:
    """The state of the published copy, and what its audits found when it was built."""
    found = dict(connection.execute("SELECT audit, rows_found FROM audit_results").fetchall())
    return Health(
        [Freshness(*row) for row in connection.execute(_FRESHNESS).fetchall()],
        [
            AuditResult(each.name, each.severity, each.message, found.get(each.name, 0))
            for each in audits()
        ],
        [Rejected(*row) for row in connection.execute(_REJECTED).fetchall()],
    )

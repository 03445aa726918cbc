"""What changed after the fact: issued invoices that were corrected, delisted, unpaid again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_SHOWN = 200
_COUNT = "SELECT count(*) FROM invoice_changes INNER JOIN fct_invoices USING (invoice_id)"
_CHANGES = """
SELECT
    vendor, account, coalesce(invoice_number, '–'), left(invoice_id, 12), currency,
    strftime(changed_at, '%Y-%m-%d'), replace(kind, '_', ' '),
    try_cast(before AS BIGINT), try_cast(after AS BIGINT),
    coalesce(replace(before, '_', ' '), ''), coalesce(replace(after, '_', ' '), '')
FROM invoice_changes INNER JOIN fct_invoices USING (invoice_id)
ORDER BY changed_at DESC, vendor, account, invoice_id, kind
LIMIT ?
"""


@dataclass(frozen=True)
class Change:
    """A row of invoice_changes. Where before and after are amounts, `*_cents` are those."""

    vendor: str
    account: str
    invoice: str
    invoice_id: str
    currency: str
    day: str
    kind: str
    before_cents: int | None
    after_cents: int | None
    before: str
    after: str


@dataclass(frozen=True)
class Changes:
    """The newest changes, newest first, and how many there are in all."""

    newest: Sequence[Change]
    total: int


def changes(connection: duckdb.DuckDBPyConnection) -> Changes:
    """A page can't show the changes of years; the table in the warehouse has them all."""
    [(total,)] = connection.execute(_COUNT).fetchall()
    newest = [Change(*row) for row in connection.execute(_CHANGES, [_SHOWN]).fetchall()]
    return Changes(newest, total)

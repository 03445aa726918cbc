"""What a warehouse holds, without what depends on the moment of a run: to compare two of them."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import Any

import duckdb

from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.sql_text import identifier, literal

Contents = dict[str, Counter[tuple[Any, ...]]]

# Links are signed again for each answer, and times of loading differ from run to run.
_MARTS = {
    "fct_invoices": "SELECT account, * EXCLUDE (account, first_seen_at, updated_at, load_id,"
    " invoice_url, delisted_at), delisted_at IS NOT NULL FROM fct_invoices",
    "fct_invoice_lines": "SELECT account, * EXCLUDE (account) FROM fct_invoice_lines",
    "fct_payments": "SELECT account, * EXCLUDE (account) FROM fct_payments",
    "fct_monthly_spend": "SELECT account, * EXCLUDE (account) FROM fct_monthly_spend",
    "rejected_documents": "SELECT account, vendor, entity, listing, document_key, reason"
    " FROM rejected_documents",
    # The order of what an invoice was, each once: a gap of one night is told, and is no new status.
    "history": "SELECT account, invoice_id, list(status ORDER BY valid_from) FROM ("
    "  SELECT account, history.invoice_id, history.valid_from,"
    "    history.payment_status || ' ' || history.total_cents AS status"
    "  FROM fct_payment_status_history AS history"
    "  JOIN fct_invoices AS invoice USING (invoice_id)"
    "  QUALIFY status IS DISTINCT FROM lag(status) OVER ("
    "    PARTITION BY history.invoice_id ORDER BY history.valid_from)"
    ") GROUP BY ALL",
}


def contents(warehouse: Warehouse) -> Contents:
    """Table → its rows, counted; each row begins with the account.

    Of `raw`: what is current (a row that stands twice counts twice), and every version ever held,
    but for the rows that record an empty listing.
    """
    with closing(duckdb.connect(warehouse.published, read_only=True)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH {literal(warehouse.work)} AS work (READ_ONLY)")
        queries = dict(_MARTS)
        for (table,) in connection.execute(
            "SELECT table_name FROM duckdb_columns() WHERE schema_name = 'raw'"
            " AND column_name = 'valid_to'"
        ).fetchall():
            versions = (
                "SELECT account, listing, document_key, version_hash"
                f" FROM work.raw.{identifier(table)}"
            )
            queries[f"current {table}"] = f"{versions} WHERE valid_to IS NULL"
            queries[f"versions {table}"] = (
                versions.replace("SELECT", "SELECT DISTINCT", 1) + " WHERE document_key <> ''"
            )
        return {
            name: Counter(tuple(map(str, row)) for row in connection.execute(query).fetchall())
            for name, query in queries.items()
        }

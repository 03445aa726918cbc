"""What a build reads anew: the invoices that `raw` or the clock changed since the last one.

Nothing tells it but the warehouse itself. `staging.read_invoices` holds a fingerprint of all raw
rows that the last build read of an invoice; an invoice whose rows now have another one is read
again. So is one that came due or whose period ended since. An account with several listings is
read as a whole: the same invoice may stand in two of them, under two keys. So is one that ever lost
an invoice and got another one since: it may be the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb
import pyarrow as pa

from pipelines.raw_tables import RawTable

# What a batch may weigh: the bytes of its documents, and for each document what its rows take.
BATCH_WEIGHT = 100_000_000
DOCUMENT_WEIGHT = 6_000

# Hashed twice, because DuckDB adds the last value to a hash unmixed: two rows that end at the same
# moment might change by opposite amounts.
_FOUND = """
    SELECT
        {vendor} AS vendor, account, {invoice_key} AS invoice_key,
        CASE WHEN {is_listed} THEN listing END AS listing,
        CASE WHEN {is_listed} THEN valid_from END AS valid_from,
        CASE WHEN {is_listed} THEN valid_to END AS valid_to,
        hash(
            hash({table}, listing, document_key, version_hash, valid_from, valid_to)
        ) AS fingerprint
    FROM {relation}
    WHERE document_key <> ''
"""
_NOTHING_FOUND = """
    SELECT
        CAST(NULL AS VARCHAR) AS vendor, CAST(NULL AS VARCHAR) AS account,
        CAST(NULL AS VARCHAR) AS invoice_key, CAST(NULL AS VARCHAR) AS listing,
        CAST(NULL AS TIMESTAMPTZ) AS valid_from, CAST(NULL AS TIMESTAMPTZ) AS valid_to,
        CAST(NULL AS UBIGINT) AS fingerprint
    WHERE FALSE
"""
_FIND = """
    CREATE OR REPLACE TEMP TABLE found AS
    SELECT
        vendor, account, invoice_key, sum(CAST(fingerprint AS HUGEINT)) AS fingerprint,
        min(listing) AS first_listing, max(listing) AS last_listing,
        min(valid_from) AS appeared_at,
        -- Each end but the last is a beginning too, where it was always listed.
        CASE
            WHEN count(valid_from) = count(valid_to) OR sum(CAST(hash(valid_to) AS HUGEINT))
                FILTER (valid_to IS NOT NULL)
                <> sum(CAST(hash(valid_from) AS HUGEINT)) FILTER (valid_from IS NOT NULL)
                - hash(min(valid_from)) THEN min(valid_to)
        END AS ended_at
    FROM ({rows})
    GROUP BY vendor, account, invoice_key
"""
_WHOLE_ACCOUNTS = """
    CREATE OR REPLACE TEMP TABLE whole_accounts AS
    SELECT vendor, account
    FROM found
    GROUP BY vendor, account
    HAVING min(first_listing) <> max(last_listing) OR min(ended_at) <= max(appeared_at)
"""
_TOUCH_ALL = """
    CREATE OR REPLACE TEMP TABLE touched AS
    SELECT vendor, account, invoice_key FROM found
"""
_TOUCH = """
    CREATE OR REPLACE TEMP TABLE touched AS
    WITH differing AS (
        SELECT vendor, account, invoice_key
        FROM found
        FULL JOIN staging.read_invoices AS read USING (vendor, account, invoice_key)
        WHERE found.fingerprint IS DISTINCT FROM read.fingerprint
    ),

    clock AS (
        SELECT least(started_at, $now) AS earlier, greatest(started_at, $now) AS later
        FROM staging.run
    ),

    outdated AS (
        SELECT vendor, account, document_key AS invoice_key
        FROM staging.invoices
        CROSS JOIN clock
        WHERE
            due_at BETWEEN earlier AND later
            OR billing_period_end BETWEEN earlier AND later
    ),

    changed AS (
        FROM differing
        UNION
        FROM outdated
    )

    FROM changed
    UNION
    SELECT vendor, account, invoice_key
    FROM found
    SEMI JOIN whole_accounts USING (vendor, account)
    SEMI JOIN changed USING (vendor, account)
"""
# A row's number is its place until its table is written to again, which a build never does.
_ROWS = """
    SELECT
        {table} AS raw_table, rowid AS position, strlen(document) AS bytes,
        {vendor} AS vendor, account, {invoice_key} AS invoice_key
    FROM {relation}
    SEMI JOIN (
        SELECT raw.rowid AS position
        FROM {relation} AS raw
        SEMI JOIN touched
            ON touched.vendor = {vendor} AND touched.account = raw.account
            AND touched.invoice_key = raw.{invoice_key}
    ) AS wanted ON rowid = wanted.position
    WHERE document_key <> ''
"""
_NO_ROWS = """
    SELECT
        CAST(NULL AS VARCHAR) AS raw_table, CAST(NULL AS BIGINT) AS position, 0 AS bytes,
        vendor, account, invoice_key
    FROM touched
    WHERE FALSE
"""
_GATHER = "CREATE OR REPLACE TEMP TABLE rows_found AS {rows}"
# An invoice that has no rows any more is touched too: it goes with the first batch.
_PILE = """
    CREATE OR REPLACE TEMP TABLE touched_invoices AS
    WITH together AS (
        SELECT
            vendor, account, invoice_key, fingerprint,
            CASE WHEN whole.account IS NULL THEN invoice_key ELSE '' END AS pile
        FROM touched
        LEFT JOIN found USING (vendor, account, invoice_key)
        LEFT JOIN whole_accounts AS whole USING (vendor, account)
    ),

    weights AS (
        SELECT
            vendor, account, pile, min(position) AS position,
            sum(bytes + $document_weight) AS weight
        FROM rows_found
        INNER JOIN together USING (vendor, account, invoice_key)
        GROUP BY vendor, account, pile
    ),

    piled AS (
        SELECT *, sum(weight) OVER (ORDER BY vendor, position, account, pile) - weight AS before
        FROM weights
    )

    SELECT
        vendor, account, invoice_key,
        stable_id(vendor, account, invoice_key) AS invoice_id, fingerprint,
        CAST(coalesce(before, 0) // $batch_weight AS INTEGER) AS batch
    FROM together
    LEFT JOIN piled USING (vendor, account, pile)
"""
_DEAL_OUT = """
    CREATE OR REPLACE TEMP TABLE touched_rows AS
    SELECT raw_table, position, batch
    FROM rows_found
    INNER JOIN touched_invoices USING (vendor, account, invoice_key)
"""
# What only these steps need: all of it lies in memory, and a build may touch a million invoices.
_STEPS = ("found", "whole_accounts", "touched", "rows_found")


class Scope:
    """The invoices to read anew, in batches that leave all of an invoice together.

    They stand in temporary tables of the connection: `touched_invoices` (vendor, account,
    invoice_key, invoice_id, fingerprint, batch), and `touched_rows` (raw_table, position, batch).
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, tables: Sequence[RawTable]) -> None:
        self._connection = connection
        self._tables = tables

    def read_all(self) -> list[int]:
        """Every invoice there is, and nothing was read before. Returns the batches."""
        self._connection.execute(
            "CREATE OR REPLACE TABLE staging.read_invoices"
            " (vendor VARCHAR, account VARCHAR, invoice_key VARCHAR, fingerprint HUGEINT)"
        )
        self._find()
        self._connection.execute(_TOUCH_ALL)
        # Where there is no invoice at all, the tables are still to be made.
        return self._batches() or [0]

    def read_changed(self, now: datetime) -> list[int]:
        """What the last build read otherwise, or would have had to at `now`. Returns the batches:
        none, where nothing was touched."""
        self._find()
        self._connection.execute(_TOUCH, {"now": now})
        return self._batches()

    def positions(self, batch: int) -> pa.Table:
        """Where the raw rows of a batch lie: raw_table, position."""
        found = self._connection.execute(
            "SELECT raw_table, position FROM touched_rows WHERE batch = ?", [batch]
        )
        return found.to_arrow_table()

    def remember(self, batch: int) -> None:
        """Note what was read for a batch, together with its rows."""
        self._connection.execute(
            "DELETE FROM staging.read_invoices AS read USING touched_invoices AS touched"
            " WHERE batch = ? AND read.vendor = touched.vendor AND read.account = touched.account"
            " AND read.invoice_key = touched.invoice_key",
            [batch],
        )
        self._connection.execute(
            "INSERT INTO staging.read_invoices"
            " SELECT vendor, account, invoice_key, fingerprint FROM touched_invoices"
            " WHERE batch = ? AND fingerprint IS NOT NULL",
            [batch],
        )

    def _find(self) -> None:
        rows = "UNION ALL".join(table.read_by(_FOUND) for table in self._tables)
        self._connection.execute(_FIND.format(rows=rows or _NOTHING_FOUND))
        self._connection.execute(_WHOLE_ACCOUNTS)

    def _batches(self) -> list[int]:
        rows = "UNION ALL".join(table.read_by(_ROWS) for table in self._tables)
        self._connection.execute(_GATHER.format(rows=rows or _NO_ROWS))
        self._connection.execute(
            _PILE, {"batch_weight": BATCH_WEIGHT, "document_weight": DOCUMENT_WEIGHT}
        )
        self._connection.execute(_DEAL_OUT)
        _drop(self._connection, _STEPS)
        found = self._connection.execute("SELECT DISTINCT batch FROM touched_invoices ORDER BY ALL")
        return [number for (number,) in found.fetchall()]


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables, which otherwise last as long as the connection."""
    _drop(connection, ("touched_rows", "touched_invoices"))


def _drop(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    for name in names:
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")

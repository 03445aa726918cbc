"""Which invoices a build reads again: those that `raw` or the clock changed since the last one.

Nothing tells it but the warehouse itself. `next.build.read_invoices` holds a fingerprint of all raw
rows that the last build read of an invoice; an invoice whose rows now have another one is read
again. So is one that came due or whose period ended since, or by whose day the ECB's rates are now
others than those in `next.build.read_rates`, and with an invoice all those that have to be read
together with it (`_TOGETHER`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from pipelines.transform.rates import Rates
from pipelines.transform.raw import RawTable

# Hashed twice, because DuckDB adds the last value to a hash unmixed: two rows that end at the same
# moment might change by opposite amounts.
_ROWS = """
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
_NO_ROWS = """
    SELECT
        CAST(NULL AS VARCHAR) AS vendor, CAST(NULL AS VARCHAR) AS account,
        CAST(NULL AS VARCHAR) AS invoice_key, CAST(NULL AS VARCHAR) AS listing,
        CAST(NULL AS TIMESTAMPTZ) AS valid_from, CAST(NULL AS TIMESTAMPTZ) AS valid_to,
        CAST(NULL AS UBIGINT) AS fingerprint
    WHERE FALSE
"""
_FIND = """
    CREATE OR REPLACE TABLE scratch.main.found AS
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
# The accounts of which all invoices are read when one has changed, because the same invoice may
# stand there under two keys: in two listings, or since one went and another came. This query alone
# says which these are.
_TOGETHER = """
    CREATE OR REPLACE TABLE scratch.main.read_together AS
    SELECT vendor, account
    FROM scratch.main.found
    GROUP BY vendor, account
    HAVING min(first_listing) <> max(last_listing) OR min(ended_at) <= max(appeared_at)
"""
_CHANGED = """
    CREATE OR REPLACE TABLE scratch.main.changed AS
    WITH differing AS (
        SELECT vendor, account, invoice_key
        FROM scratch.main.found
        FULL JOIN next.build.read_invoices AS read USING (vendor, account, invoice_key)
        WHERE found.fingerprint IS DISTINCT FROM read.fingerprint
    ),

    clock AS (
        SELECT least(started_at, $now) AS earlier, greatest(started_at, $now) AS later
        FROM next.build.run
    ),

    outdated AS (
        SELECT vendor, account, listed_key AS invoice_key
        FROM next.build.invoices
        CROSS JOIN clock
        WHERE
            due_at BETWEEN earlier AND later
            OR billing_period_end BETWEEN earlier AND later
    ),

    seeds AS (
        FROM differing
        UNION
        FROM outdated
        {rerated}
    ),

    all_of_them AS (
        FROM seeds
        UNION
        SELECT vendor, account, invoice_key
        FROM scratch.main.found
        SEMI JOIN scratch.main.read_together USING (vendor, account)
        SEMI JOIN seeds USING (vendor, account)
    )

    SELECT *, stable_id(vendor, account, invoice_key) AS invoice_id
    FROM all_of_them
    UNION ALL
    SELECT vendor, account, listed_key AS invoice_key, invoice_id
    FROM next.build.invoices AS invoice
    SEMI JOIN all_of_them AS changed
        ON invoice.vendor = changed.vendor AND invoice.account = changed.account
        AND invoice.listed_key = changed.invoice_key
    WHERE listed_key <> document_key
"""
# As far around an invoice's day as intermediate/rate_candidates.sql looks; what accrues goes by the
# newest one.
_RERATED = """
        UNION
        SELECT invoice.vendor, invoice.account, invoice.listed_key AS invoice_key
        FROM next.build.invoices AS invoice
        INNER JOIN scratch.main.differing_days AS differing
            ON invoice.billing_period_end > differing.day - INTERVAL 7 DAY
            AND invoice.billing_period_end <= differing.day + INTERVAL 8 DAY
        UNION
        SELECT vendor, account, listed_key AS invoice_key
        FROM next.build.invoices
        WHERE payment_status = 'upcoming' AND (SELECT count(*) FROM scratch.main.differing_days) > 0
"""
_DIFFERING_DAYS = """
    CREATE OR REPLACE TABLE scratch.main.differing_days AS
    WITH now_held AS (SELECT day, valid_from, valid_to FROM {documents})
    SELECT DISTINCT CAST(CAST(day AS DATE) AS TIMESTAMPTZ) AS day
    FROM (
        (FROM now_held EXCEPT FROM next.build.read_rates)
        UNION ALL
        (FROM next.build.read_rates EXCEPT FROM now_held)
    )
"""
_READ_RATES = """
    CREATE OR REPLACE TABLE next.build.read_rates AS
    SELECT day, valid_from, valid_to FROM {documents}
"""
_READ = """
    SELECT vendor, account, invoice_key, fingerprint
    FROM scratch.main.found
"""


def find_all(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[RawTable], rates: Rates | None
) -> int:
    """Every invoice there is, into an empty `next`: it is noted as read, and so are the rates.
    Returns how many."""
    _find(connection, tables)
    _remember_rates(connection, rates)
    row = connection.execute(f"CREATE TABLE next.build.read_invoices AS {_READ}").fetchone()
    connection.execute("DROP TABLE scratch.main.found")
    return row[0] if row else 0


def find_changed(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[RawTable],
    now: datetime,
    rates: Rates | None,
) -> int:
    """What the last build read otherwise, or would have had to at `now`, into
    `scratch.main.changed` (vendor, account, invoice_key, invoice_id). Returns how many."""
    _find(connection, tables)
    connection.execute(_TOGETHER)
    if rates is not None:
        connection.execute(_DIFFERING_DAYS.format(documents=rates.documents))
    rerated = _RERATED if rates is not None else ""
    row = connection.execute(_CHANGED.format(rerated=rerated), {"now": now}).fetchone()
    return row[0] if row else 0


def remember(connection: duckdb.DuckDBPyConnection, rates: Rates | None) -> None:
    """Note what was read of the invoices that changed; some of them have no rows any more."""
    _remember_rates(connection, rates)
    connection.execute(
        "DELETE FROM next.build.read_invoices AS read USING scratch.main.changed AS changed"
        " WHERE read.vendor = changed.vendor AND read.account = changed.account"
        " AND read.invoice_key = changed.invoice_key"
    )
    connection.execute(
        f"INSERT INTO next.build.read_invoices {_READ}"
        " SEMI JOIN scratch.main.changed USING (vendor, account, invoice_key)"
    )


def _remember_rates(connection: duckdb.DuckDBPyConnection, rates: Rates | None) -> None:
    if rates is not None:
        connection.execute(_READ_RATES.format(documents=rates.documents))


def _find(connection: duckdb.DuckDBPyConnection, tables: Sequence[RawTable]) -> None:
    rows = "UNION ALL".join(table.read_by(_ROWS) for table in tables)
    connection.execute(_FIND.format(rows=rows or _NO_ROWS))

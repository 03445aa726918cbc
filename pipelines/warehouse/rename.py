"""An account gets another name in the configuration: its history moves with it.

What a document is called hangs on the account's name, so that a new name alone would be another
account with the same invoices. The invoices keep their ids: those are made of the first name that
an account had, which `raw.renamed_accounts` remembers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.errors import UsageError
from pipelines.warehouse import shards
from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.connection import connect
from pipelines.warehouse.disk import writable
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from pipelines.warehouse.migrations import document_tables
from pipelines.warehouse.sql_text import identifier

if TYPE_CHECKING:
    import duckdb

_MOVE = """
    UPDATE {table} AS moving SET
        account = $new,
        listing_key = CAST(length($new) AS VARCHAR) || '/' || $new || '/' || moving.listing,
        version_hash = hashes.after
    FROM hashes
    WHERE moving.account = $old AND moving.version_hash = hashes.before
"""
# A listing that was loaded under the new name already has taken the place of the old one's.
_END = """
    UPDATE {table} AS moving SET valid_to = loaded.since
    FROM (
        SELECT listing, min(valid_from) AS since FROM {table} WHERE account = $new GROUP BY listing
    ) AS loaded
    WHERE moving.account = $old AND moving.listing = loaded.listing AND moving.valid_to IS NULL
"""
_MOVE_NOTES = """
    INSERT OR REPLACE INTO raw.fetched_details BY NAME
    SELECT note.* REPLACE ($new AS account, hashes.after AS version_hash)
    FROM raw.fetched_details AS note
    INNER JOIN hashes ON note.version_hash = hashes.before
    WHERE note.vendor = $vendor AND note.account = $old
"""
_HASHES = pa.schema([("before", pa.string()), ("after", pa.string())])
ROWS_AT_ONCE = 1_000
_FIRST_NAME = """
    INSERT INTO raw.renamed_accounts
    SELECT $vendor, $new, coalesce(
        (SELECT first_name FROM raw.renamed_accounts WHERE vendor = $vendor AND account = $old),
        (SELECT $old || CASE WHEN count(*) > 0 THEN '#' || (count(*) + 1) ELSE '' END
         FROM raw.renamed_accounts
         WHERE vendor = $vendor AND (first_name = $old OR starts_with(first_name, $old || '#'))))
"""


def rename_account(
    warehouse: Warehouse, vendor: str, old: str, new: str, *, lock_timeout: float
) -> int:
    """Move everything of an account to its new name, in one transaction; returns the documents'
    versions. What is published follows with the next run or rebuild.

    An account that was already loaded under its new name goes on from there: what the old one
    listed ends where the new one's began. Of a warehouse in shards, the account's is meant.

    Raises:
        UsageError: the warehouse holds no such account.
        JobError: another run is at work, or the disk refuses.
    """
    if old == new:
        raise UsageError(f"{old!r} is the account's name already. Give the new one.")
    warehouse = shards.rename(warehouse, vendor, old, new, lock_timeout=lock_timeout)
    if not warehouse.work.exists():
        raise UsageError(
            f"There is nothing to rename: {warehouse.work} doesn't exist. Set warehouse.directory"
            " to where the warehouse is."
        )
    with (
        holding(warehouse, lock_timeout=lock_timeout),
        writable(warehouse),
        closing(connect(warehouse)) as connection,
    ):
        held = _accounts(connection, vendor)
        if old not in held:
            raise UsageError(
                f"The warehouse holds no account {old!r} of {vendor}. It holds:"
                f" {', '.join(sorted(held)) or 'none'}. Give the name that the tables call it by."
            )
        connection.begin()
        moved = sum(
            _move(connection, vendor, name, old, new)
            for name, _ in document_tables(connection)
            if name.startswith(f"{vendor}__")
        )
        _move_names(connection, vendor, old, new)
        connection.commit()
    return moved


def _move(connection: duckdb.DuckDBPyConnection, vendor: str, name: str, old: str, new: str) -> int:
    table, names = f"raw.{identifier(name)}", {"old": old, "new": new}
    connection.execute(_END.format(table=table), names)
    hashes = pa.Table.from_batches(_hashes(connection, vendor, table, old, new), _HASHES)
    connection.register("hashes", hashes)
    try:
        moved = connection.execute(_MOVE.format(table=table), names).fetchone()
        if has_table(connection, "raw", "fetched_details"):
            connection.execute(_MOVE_NOTES, {"vendor": vendor, **names})
    finally:
        connection.unregister("hashes")
    return int(moved[0]) if moved else 0


def _hashes(
    connection: duckdb.DuckDBPyConnection, vendor: str, table: str, old: str, new: str
) -> Iterator[pa.RecordBatch]:
    """Each version's hash under the old name, and under the new one."""
    from sources import VENDORS
    from sources.extract.listing import version_hash

    volatile = VENDORS[vendor].volatile_fields
    versions = connection.execute(
        "SELECT version_hash, any_value(listing), any_value(document_key), any_value(document)"  # noqa: S608
        f" FROM {table} WHERE account = ? GROUP BY version_hash",
        [old],
    )
    while rows := versions.fetchmany(ROWS_AT_ONCE):
        after = [
            version_hash(vendor, new, listing, key, document.encode(), volatile)
            for _, listing, key, document in rows
        ]
        yield pa.record_batch([[row[0] for row in rows], after], schema=_HASHES)


def _move_names(connection: duckdb.DuckDBPyConnection, vendor: str, old: str, new: str) -> None:
    names = {"vendor": vendor, "old": old, "new": new}
    connection.execute(
        "CREATE TABLE IF NOT EXISTS raw.renamed_accounts"
        " (vendor TEXT NOT NULL, account TEXT NOT NULL, first_name TEXT NOT NULL)"
    )
    connection.execute(
        "DELETE FROM raw.renamed_accounts WHERE vendor = $vendor AND account = $new",
        {"vendor": vendor, "new": new},
    )
    connection.execute(_FIRST_NAME, names)
    for table in ("renamed_accounts", "fetched_details", "failed_details", "charge_files"):
        if has_table(connection, "raw", table):
            connection.execute(
                f"DELETE FROM raw.{table} WHERE vendor = ? AND account = ?",  # noqa: S608
                [vendor, old],
            )
    for schema, table in (("marts", "load_results"), ("raw", "closed_spend")):
        if has_table(connection, schema, table):
            connection.execute(
                f"UPDATE {schema}.{table} SET account = $new"  # noqa: S608
                " WHERE vendor = $vendor AND account = $old",
                names,
            )


def _accounts(connection: duckdb.DuckDBPyConnection, vendor: str) -> set[str]:
    return {
        account
        for name, _ in document_tables(connection)
        if name.startswith(f"{vendor}__")
        for (account,) in connection.execute(
            f"SELECT DISTINCT account FROM raw.{identifier(name)}"  # noqa: S608
        ).fetchall()
    }

"""What is known of the details in `raw`: for which documents they came, and which failed.

Both are notes in `raw`, made after the load. A run that is killed before asks for those details
once more, which does no harm.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.sql_text import GIVEN_ROWS
from sources.extract.due import KnownDetails

if TYPE_CHECKING:
    import duckdb

Account = tuple[str, str]
"""Vendor and the account's name."""

# What the last build could not read, or found to accrue still: its detail may have changed although
# its listed document hasn't.
_UNSETTLED = {
    ("main", "rejected_documents"): "SELECT account, listing FROM published.main.rejected_documents"
    " WHERE vendor = $vendor AND entity <> 'invoices'",
    ("build", "invoices"): "SELECT account, document_key AS listing"
    " FROM published.build.invoices WHERE vendor = $vendor AND payment_status = 'upcoming'",
}


def known_details(
    connection: duckdb.DuckDBPyConnection, vendor: str, table: str | None
) -> dict[str, KnownDetails]:
    """By account, of a vendor whose details are in `table`; None before the first of them came."""
    versions = _versions(connection, vendor, table)
    unsettled = _digests(connection, vendor, table)
    failed = _failed(connection, vendor)
    return {
        account: KnownDetails(versions[account], unsettled[account], failed[account])
        for account in {*versions, *unsettled, *failed}
    }


def remember(
    connection: duckdb.DuckDBPyConnection,
    fetched: Mapping[Account, Mapping[str, str]],
    failed: Mapping[Account, Sequence[str]],
) -> None:
    """Note for which version of a listed invoice its detail was fetched, and which failed, so that
    they are asked for last; call it after the load."""
    came = [
        (vendor, account, key, version)
        for (vendor, account), versions in fetched.items()
        for key, version in versions.items()
    ]
    lost = [(*account, key) for account, keys in failed.items() for key in keys]
    if came or lost:
        _create(connection)
        _note_fetched(connection, came)
        _note_failed(connection, lost)


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    """`turn` counts the runs in which any detail failed: a clock may jump."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    key = "vendor TEXT, account TEXT, document_key TEXT"
    for table, note in (
        ("fetched_details", "version_hash TEXT"),
        ("failed_details", "turn BIGINT"),
    ):
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS raw.{table}"
            f" ({key}, {note}, PRIMARY KEY (vendor, account, document_key))"
        )


def _note_fetched(
    connection: duckdb.DuckDBPyConnection, came: Sequence[tuple[str, str, str, str]]
) -> None:
    rows = json.dumps(came)
    connection.execute(
        "INSERT OR REPLACE INTO raw.fetched_details SELECT given[1], given[2], given[3], given[4]"  # noqa: S608
        f" FROM {GIVEN_ROWS}",
        [rows],
    )
    connection.execute(
        f"DELETE FROM raw.failed_details AS failed USING {GIVEN_ROWS}"  # noqa: S608
        " WHERE failed.vendor = given[1] AND failed.account = given[2]"
        " AND failed.document_key = given[3]",
        [rows],
    )


def _note_failed(
    connection: duckdb.DuckDBPyConnection, lost: Sequence[tuple[str, str, str]]
) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO raw.failed_details SELECT given[1], given[2], given[3],"  # noqa: S608
        f" (SELECT coalesce(max(turn), 0) + 1 FROM raw.failed_details) FROM {GIVEN_ROWS}",
        [json.dumps(lost)],
    )


def _versions(
    connection: duckdb.DuckDBPyConnection, vendor: str, table: str | None
) -> defaultdict[str, dict[str, str]]:
    """Only of details that are still there: one that somebody removed is fetched again."""
    versions: defaultdict[str, dict[str, str]] = defaultdict(dict)
    if table is not None and has_table(connection, "raw", "fetched_details"):
        for account, key, version in connection.execute(
            "SELECT account, document_key, version_hash FROM raw.fetched_details AS fetched"  # noqa: S608
            f" WHERE vendor = ? AND EXISTS (FROM {table} AS detail WHERE valid_to IS NULL"
            " AND detail.account = fetched.account AND detail.listing = fetched.document_key)",
            [vendor],
        ).fetchall():
            versions[account][key] = version
    return versions


def _digests(
    connection: duckdb.DuckDBPyConnection, vendor: str, table: str | None
) -> defaultdict[str, dict[str, str | None]]:
    """Of the invoices whose detail is read on each run, the hash of what is held of it, as
    `sources.extract.listing.listing_hash` makes it; None where there is nothing. What is published
    says which, where that is attached (`publish.beside_published`). Before the first build nothing
    is known."""
    digests: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
    if table is None:
        return digests
    unsettled = " UNION ".join(
        query
        for (schema, name), query in _UNSETTLED.items()
        if has_table(connection, schema, name, "published")
    )
    if unsettled:
        for account, key, digest in connection.execute(
            "SELECT unsettled.account, unsettled.listing,"  # noqa: S608
            " sha256(string_agg(version_hash, '' ORDER BY version_hash))"
            f" FROM ({unsettled}) AS unsettled"
            f" LEFT JOIN {table} AS detail ON detail.account = unsettled.account"
            " AND detail.listing = unsettled.listing AND detail.valid_to IS NULL"
            " GROUP BY unsettled.account, unsettled.listing",
            {"vendor": vendor},
        ).fetchall():
            digests[account][key] = digest
    return digests


def _failed(connection: duckdb.DuckDBPyConnection, vendor: str) -> defaultdict[str, list[str]]:
    """The longest ago first."""
    failed: defaultdict[str, list[str]] = defaultdict(list)
    if has_table(connection, "raw", "failed_details"):
        for account, key in connection.execute(
            "SELECT account, document_key FROM raw.failed_details WHERE vendor = ?"
            " ORDER BY turn, document_key",
            [vendor],
        ).fetchall():
            failed[account].append(key)
    return failed

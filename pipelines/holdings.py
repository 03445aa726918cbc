"""What `raw` holds: asked before a fetch, to know what is missing, and after it, to know what came.

The warehouse is the state of the job; there is no other memory of what was fetched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.catalog import has_table
from pipelines.sql_text import identifier
from sources.known import HeldDocument, Known

if TYPE_CHECKING:
    import duckdb

INVOICES = "invoices"

Account = tuple[str, str]
"""Vendor and the account's name."""

Entities = Mapping[str, Sequence[str]]
"""Vendor → what is loaded from it: `invoices`, and perhaps `invoice_details` or `line_items`."""


@dataclass(frozen=True)
class Changes:
    """How many versions of an account's documents a load brought, and how many it closed.

    A version is closed when another takes its place, or when the vendor lists it no more.
    """

    new_versions: int = 0
    closed_versions: int = 0


def read_known(
    connection: duckdb.DuckDBPyConnection,
    entities: Entities,
    vendors_with_made_keys: Collection[str] = (),
) -> Known:
    """What the fetch need not ask for again, and which keys of ours its documents have."""
    listings: dict[Account, dict[str, str]] = {}
    first_loaded_at: dict[Account, datetime] = {}
    for vendor, table in _tables(connection, entities, details=False):
        for account, first in connection.execute(
            f"SELECT account, min(valid_from) FROM {table} GROUP BY account"  # noqa: S608
        ).fetchall():
            first_loaded_at[vendor, account] = first
        # As sources.listing.digest makes it.
        for account, listing, digest in connection.execute(
            "SELECT account, listing, sha256(string_agg(version_hash, '' ORDER BY version_hash))"  # noqa: S608
            f" FROM {table} WHERE valid_to IS NULL GROUP BY account, listing"
        ).fetchall():
            listings.setdefault((vendor, account), {})[listing] = digest
    return Known(
        listings,
        first_loaded_at,
        _known_details(connection, entities),
        _made_keys(connection, entities, vendors_with_made_keys),
    )


def _made_keys(
    connection: duckdb.DuckDBPyConnection, entities: Entities, vendors: Collection[str]
) -> dict[Account, list[HeldDocument]]:
    """The newest document of each key that looks like one of ours (`start/end`, `upcoming`)."""
    keys: dict[Account, list[HeldDocument]] = {}
    for vendor, table in _tables(connection, entities, details=False):
        if vendor not in vendors:
            continue
        for account, key, document, is_listed in connection.execute(
            "SELECT account, document_key, arg_max(document, valid_from), bool_or(valid_to IS NULL)"  # noqa: S608
            f" FROM {table} WHERE contains(document_key, '/') OR document_key LIKE 'upcoming%'"
            " GROUP BY account, document_key"
        ).fetchall():
            held = HeldDocument(key, document.encode(), is_listed)
            keys.setdefault((vendor, account), []).append(held)
    return keys


def _known_details(
    connection: duckdb.DuckDBPyConnection, entities: Entities
) -> dict[Account, dict[str, str]]:
    """Only details that are still there: one that somebody removed is fetched again."""
    details: dict[Account, dict[str, str]] = {}
    if not has_table(connection, "raw", "fetched_details"):
        return details
    for vendor, table in _tables(connection, entities, details=True):
        for account, key, version in connection.execute(
            "SELECT account, document_key, version_hash FROM raw.fetched_details AS fetched"  # noqa: S608
            f" WHERE vendor = ? AND EXISTS (FROM {table} AS detail WHERE valid_to IS NULL"
            " AND detail.account = fetched.account AND detail.listing = fetched.document_key)",
            [vendor],
        ).fetchall():
            details.setdefault((vendor, account), {})[key] = version
    return details


def remember_details(
    connection: duckdb.DuckDBPyConnection, fetched: Mapping[Account, Mapping[str, str]]
) -> None:
    """Note for which version of a listed invoice its detail was fetched; call it after the load.

    A run killed before this fetches those details once more, which does no harm.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS raw.fetched_details (vendor TEXT, account TEXT,"
        " document_key TEXT, version_hash TEXT, PRIMARY KEY (vendor, account, document_key))"
    )
    rows = [
        (vendor, account, key, version)
        for (vendor, account), versions in fetched.items()
        for key, version in versions.items()
    ]
    if rows:
        connection.execute(
            "INSERT OR REPLACE INTO raw.fetched_details"
            " SELECT unnest(?::TEXT[]), unnest(?::TEXT[]), unnest(?::TEXT[]), unnest(?::TEXT[])",
            [list(column) for column in zip(*rows, strict=True)],
        )


def count_changes(
    connection: duckdb.DuckDBPyConnection, entities: Entities, load_id: str, since: datetime
) -> dict[Account, Changes]:
    """What a load changed, by account. The row that records an empty listing is no document."""
    changes: dict[Account, Changes] = {}
    tables = [
        *_tables(connection, entities, details=False),
        *_tables(connection, entities, details=True),
    ]
    for vendor, table in tables:
        for account, new_versions, closed_versions in connection.execute(
            "SELECT account, count(*) FILTER (_dlt_load_id = ?), count(*) FILTER (valid_to >= ?)"  # noqa: S608
            f" FROM {table} WHERE document_key <> '' GROUP BY account",
            [load_id, since],
        ).fetchall():
            before = changes.get((vendor, account), Changes())
            changes[vendor, account] = Changes(
                before.new_versions + new_versions, before.closed_versions + closed_versions
            )
    return changes


def _tables(
    connection: duckdb.DuckDBPyConnection, entities: Entities, *, details: bool
) -> Iterator[tuple[str, str]]:
    """Vendor and table name, of what was ever loaded: before its first load no table is there."""
    for vendor, names in entities.items():
        for entity in names:
            table = f"{vendor}__{entity}"
            if (entity != INVOICES) == details and has_table(connection, "raw", table):
                yield vendor, f"raw.{identifier(table)}"

"""What `raw` holds: asked before a fetch, to know what is missing, and after it, to know what came.

The warehouse is the state of the job; there is no other memory of what was fetched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.details_held import known_details
from pipelines.warehouse.sql_text import identifier
from sources.extract.state import HeldDocument, WarehouseState

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
    vendors_that_read_known: Collection[str] = (),
) -> WarehouseState:
    """What the fetch need not ask for again, and which keys of ours its documents have."""
    listings: dict[Account, dict[str, str]] = {}
    first_loaded_at: dict[Account, datetime] = {}
    for vendor, table in _tables(connection, entities, details=False):
        for account, first in connection.execute(
            f"SELECT account, min(valid_from) FROM {table} GROUP BY account"  # noqa: S608
        ).fetchall():
            first_loaded_at[vendor, account] = first
        # As sources.extract.listing.listing_hash makes it.
        for account, listing, digest in connection.execute(
            "SELECT account, listing, sha256(string_agg(version_hash, '' ORDER BY version_hash))"  # noqa: S608
            f" FROM {table} WHERE valid_to IS NULL GROUP BY account, listing"
        ).fetchall():
            listings.setdefault((vendor, account), {})[listing] = digest
    tables = dict(_tables(connection, entities, details=True))
    details = {
        (vendor, account): known
        for vendor in entities
        for account, known in known_details(connection, vendor, tables.get(vendor)).items()
    }
    made_keys = _made_keys(connection, entities, vendors_with_made_keys)
    documents = _documents(connection, entities, vendors_that_read_known)
    return WarehouseState(listings, first_loaded_at, details, made_keys, known_documents=documents)


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


def _documents(
    connection: duckdb.DuckDBPyConnection, entities: Entities, vendors: Collection[str]
) -> dict[Account, dict[str, bytes]]:
    """What is listed now, by key."""
    documents: dict[Account, dict[str, bytes]] = {}
    for vendor, table in _tables(connection, entities, details=False):
        if vendor in vendors:
            for account, key, document in connection.execute(
                f"SELECT account, document_key, document FROM {table}"  # noqa: S608
                " WHERE valid_to IS NULL AND document_key <> ''"
            ).fetchall():
                documents.setdefault((vendor, account), {})[key] = document.encode()
    return documents


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

"""Accounts that the warehouse holds and nobody configures any more: perhaps they were renamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipelines.warehouse.sql_text import identifier

if TYPE_CHECKING:
    import duckdb

    from sources.extract.renames import FormerAccount
    from sources.extract.state import WarehouseState
    from sources.vendor import ConfiguredAccount, Vendor


def former_accounts(
    connection: duckdb.DuckDBPyConnection,
    accounts: Sequence[ConfiguredAccount],
    known: WarehouseState,
) -> dict[tuple[str, str], list[FormerAccount]]:
    """Of each account that was never loaded: the former accounts of its vendor, if there are any.

    Most runs load no account for the first time, and read no document here.
    """
    former: dict[tuple[str, str], list[FormerAccount]] = {}
    for each in accounts:
        if (each.vendor, each.name) in known.first_loaded_at:
            continue
        names = sorted(
            name
            for vendor, name in known.first_loaded_at
            if vendor == each.vendor and name not in each.names_at_vendor
        )
        if names:
            former[each.vendor, each.name] = [
                _documents(connection, each.definition, name) for name in names
            ]
    return former


def _documents(
    connection: duckdb.DuckDBPyConnection, vendor: Vendor[Any], account: str
) -> FormerAccount:
    from sources.extract.renames import FormerAccount, fingerprints
    from sources.keys import UPCOMING

    table = f"raw.{identifier(f'{vendor.name}__{vendor.entities[0]}')}"
    rows = connection.execute(
        f"SELECT document_key, document FROM {table} WHERE account = ? AND valid_to IS NULL"  # noqa: S608
        " AND document_key <> '' AND listing <> ?",
        [account, UPCOMING],
    ).fetchall()
    documents = ((key, document.encode()) for key, document in rows)
    return FormerAccount(account, fingerprints(vendor, documents))

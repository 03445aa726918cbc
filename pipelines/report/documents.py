"""The documents behind an invoice, as the vendor sent them; only the work database has them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.errors import JobError
from pipelines.publish.read import of_this_version, unsealed
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from pipelines.warehouse.sql_text import identifier

if TYPE_CHECKING:
    import duckdb


class NotHereError(JobError):
    """The documents lie in a shard that this machine doesn't see."""


@dataclass(frozen=True)
class Document:
    """One document, verbatim. `entity` is `invoices`, `invoice_details` or `line_items`."""

    entity: str
    document_key: str
    text: str


def documents_of(warehouse: Warehouse, invoice_id: str) -> list[Document]:
    """The newest version of the invoice's document, then its details.

    Raises:
        WarehouseBusyError: a run is at work.
        NotHereError: of a lake, the invoice's shard isn't here.
        JobError: the work database can't be opened.
    """
    warehouse = _of_invoice(warehouse, invoice_id)
    with unsealed(warehouse) as published, of_this_version():
        found = published.execute(
            "SELECT vendor, account, listing, listed_key FROM build.invoices WHERE invoice_id = ?",
            [invoice_id],
        ).fetchall()
    with holding(warehouse, lock_timeout=0), closing(connect(warehouse)) as connection:
        return [
            document
            for vendor, account, listing, key in found
            for document in [
                *_invoice(connection, vendor, [account, listing, key]),
                *_details(connection, vendor, [account, key]),
            ]
        ]


def _of_invoice(warehouse: Warehouse, invoice_id: str) -> Warehouse:
    """The warehouse that holds its documents: of a lake, the shard's."""
    if warehouse.lake is None:
        return warehouse
    with unsealed(warehouse) as lake:
        found = lake.execute(
            "SELECT shard FROM lake.main.fct_invoices WHERE invoice_id = ?", [invoice_id]
        ).fetchall()
    [(number,)] = found
    shard = replace(warehouse, directory=warehouse.shards_folder / str(number), lake=None)
    if not shard.work.exists():
        raise NotHereError(
            f"The documents of this invoice lie in shard {number}, {shard.work}, which isn't here."
            " Ask on a machine that has it, with --warehouse."
        )
    return shard


def _invoice(
    connection: duckdb.DuckDBPyConnection, vendor: str, place: Sequence[str]
) -> list[Document]:
    rows = connection.execute(
        f"SELECT 'invoices', document_key, document FROM raw.{identifier(f'{vendor}__invoices')}"  # noqa: S608
        " WHERE account = ? AND listing = ? AND document_key = ? ORDER BY valid_from DESC LIMIT 1",
        list(place),
    ).fetchall()
    return [Document(*row) for row in rows]


def _details(
    connection: duckdb.DuckDBPyConnection, vendor: str, place: Sequence[str]
) -> list[Document]:
    """A detail's listing is the key of its invoice."""
    entities = connection.execute(
        "SELECT substr(table_name, length($vendor) + 3) FROM duckdb_tables()"
        " WHERE schema_name = 'raw' AND starts_with(table_name, $vendor || '__')"
        " AND table_name <> $vendor || '__invoices' ORDER BY 1",
        {"vendor": vendor},
    ).fetchall()
    return [
        Document(entity, *row)
        for (entity,) in entities
        for row in connection.execute(
            f"SELECT document_key, document FROM raw.{identifier(f'{vendor}__{entity}')}"  # noqa: S608
            " WHERE account = ? AND listing = ? AND valid_to IS NULL AND document_key <> ''"
            " ORDER BY document_key",
            list(place),
        ).fetchall()
    ]

"""The published copy: what people, BI tools and `billhouse query` read.

Readers never see a half-written file, and are never in the way of one: everything is written beside
the old files first and then renamed over them. Who has an old file open keeps reading that one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import publication
from pipelines.sql_text import identifier, literal
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb

_FOLDER = ".publishing"


@dataclass(frozen=True)
class PublishedTable:
    """A table to publish: where it stands in the work database, and what its readers are told.

    One that is kept `by_invoice` is as it was while no invoice was built.
    """

    schema: str
    name: str
    comment: str | None = None
    column_comments: Mapping[str, str] = field(default_factory=dict)
    is_by_invoice: bool = False


def publish(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, tables: Sequence[PublishedTable]
) -> None:
    """Replace `billhouse.duckdb` and `parquet/` by copies of these tables.

    While no invoice was built since the last time, the tables of invoices are taken over from the
    old files. The caller holds the warehouse's lock; what an interrupted run left is removed first.
    """
    folder = warehouse.directory / _FOLDER
    remove_leftovers(warehouse)
    folder.mkdir()
    database = folder / warehouse.published.name
    try:
        if _shows_the_invoices(connection, warehouse, tables):
            written = [table for table in tables if not table.is_by_invoice]
            shutil.copyfile(warehouse.published, database)
        else:
            written = list(tables)
        _write(connection, folder, database, written)
        shown = publication.identity(database)
        # A log that a writing reader left behind belongs to the old file; DuckDB would replay it.
        warehouse.published.with_name(warehouse.published.name + ".wal").unlink(missing_ok=True)
        _replace(database, warehouse.published)
        warehouse.parquet.mkdir(exist_ok=True)
        for table in written:
            file = f"{table.name}.parquet"
            _replace(folder / file, warehouse.parquet / file)
        publication.note(connection, shown)
    finally:
        remove_leftovers(warehouse)
    _remove_unpublished(warehouse.parquet, tables)


def remove_leftovers(warehouse: Warehouse) -> None:
    """Remove what a killed run had begun to write."""
    folder = warehouse.directory / _FOLDER
    if folder.exists():
        shutil.rmtree(folder)


def _shows_the_invoices(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, tables: Sequence[PublishedTable]
) -> bool:
    return publication.is_current(connection, warehouse.published) and all(
        (warehouse.parquet / f"{table.name}.parquet").exists()
        for table in tables
        if table.is_by_invoice
    )


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    database: Path,
    tables: Sequence[PublishedTable],
) -> None:
    connection.execute(f"ATTACH {literal(database)} AS published")
    try:
        for table in tables:
            copy = f"published.main.{identifier(table.name)}"
            original = f"{identifier(table.schema)}.{identifier(table.name)}"
            connection.execute(f"CREATE OR REPLACE TABLE {copy} AS FROM {original}")
            _comment(connection, copy, table)
            file = folder / f"{table.name}.parquet"
            connection.execute(f"COPY {copy} TO {literal(file)} (FORMAT parquet, COMPRESSION zstd)")
        connection.execute("CHECKPOINT published")
    finally:
        connection.execute("DETACH published")


def _comment(connection: duckdb.DuckDBPyConnection, copy: str, table: PublishedTable) -> None:
    if table.comment:
        connection.execute(f"COMMENT ON TABLE {copy} IS {literal(table.comment)}")
    for column, comment in table.column_comments.items():
        connection.execute(f"COMMENT ON COLUMN {copy}.{identifier(column)} IS {literal(comment)}")


def _replace(new: Path, old: Path) -> None:
    """Rename one file over another, so that after a power cut there is either, in full."""
    _sync(new)
    os.replace(new, old)
    _sync(old.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_unpublished(parquet: Path, tables: Sequence[PublishedTable]) -> None:
    """A table that is no longer made must not stay as a file that nobody updates."""
    published = {f"{table.name}.parquet" for table in tables}
    for file in parquet.glob("*.parquet"):
        if file.name not in published:
            file.unlink()

"""The published copy: what people, BI tools and `billhouse query` read.

Readers never see a half-written file, and are never in the way of one: everything is written beside
the old files first and then renamed over them. Who has an old file open keeps reading that one.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import publication
from pipelines.files import open_to_the_folders_group, put_in_place, take_over_access
from pipelines.ownership import PARQUET_KEY, published_files
from pipelines.sql_text import identifier, literal
from pipelines.stray_log import logs_of, set_aside
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb


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
    old files. The caller holds the warehouse's lock.
    """
    folder = warehouse.working_folder / "publishing"
    folder.mkdir(parents=True)
    database = folder / warehouse.published.name
    earlier = published_files(warehouse, warehouse.parquet.glob("*.parquet"))
    try:
        if _shows_the_invoices(connection, warehouse, tables):
            written = [table for table in tables if not table.is_by_invoice]
            shutil.copyfile(warehouse.published, database)
        else:
            written = list(tables)
        _write(connection, folder, database, written)
        shown = publication.identity(database)
        _remove_log(warehouse.published)
        _put(database, warehouse.published, like=None)
        if not warehouse.parquet.exists():
            warehouse.parquet.mkdir()
            open_to_the_folders_group(warehouse.parquet, warehouse.parquet)
        like = min(earlier, default=None)
        for table in written:
            file = f"{table.name}.parquet"
            _put(folder / file, warehouse.parquet / file, like=like)
        publication.note(connection, shown)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _remove_unpublished(earlier, tables)


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
            connection.execute(
                f"COPY {copy} TO {literal(file)} (FORMAT parquet, COMPRESSION zstd,"
                f" KV_METADATA {{{PARQUET_KEY}: {literal(table.name)}}})"
            )
        connection.execute("CHECKPOINT published")
    finally:
        connection.execute("DETACH published")


def _comment(connection: duckdb.DuckDBPyConnection, copy: str, table: PublishedTable) -> None:
    if table.comment:
        connection.execute(f"COMMENT ON TABLE {copy} IS {literal(table.comment)}")
    for column, comment in table.column_comments.items():
        connection.execute(f"COMMENT ON COLUMN {copy}.{identifier(column)} IS {literal(comment)}")


def _put(new: Path, place: Path, *, like: Path | None) -> None:
    """One that replaces none is opened to whom its neighbour `like` is."""
    if not place.exists():
        if like is not None:
            take_over_access(new, like)
        else:
            open_to_the_folders_group(new, place)
    put_in_place(new, place)


def _remove_log(published: Path) -> None:
    """A log that a writing reader left belongs to the old file; DuckDB would replay it into the
    new one."""
    if published.exists():
        for log in logs_of(published):
            log.unlink(missing_ok=True)
    else:
        set_aside(published)


def _remove_unpublished(earlier: set[Path], tables: Sequence[PublishedTable]) -> None:
    """A table that is no longer made must not stay as a file that nobody updates."""
    published = {f"{table.name}.parquet" for table in tables}
    for file in earlier:
        if file.name not in published:
            file.unlink()

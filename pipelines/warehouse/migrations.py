"""The layout of the work database: which one this Billhouse knows, and what becomes of others.

The number stands in the table `main.layout` of the work database. It grows when tables that no
rebuild makes again (all of `raw`, and `marts.load_results`) get another form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import JobError
from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.sql_text import identifier

if TYPE_CHECKING:
    import duckdb

LAYOUT = 2

Migration = Callable[["duckdb.DuckDBPyConnection"], None]


def _add_listing_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """One column that tells a listing from every other, made as by
    `sources.extract.listing.listing_key`.

    dlt's staging tables hold nothing between two loads; it makes them again with the column.
    """
    for name, _ in document_tables(connection):
        table = f"raw.{identifier(name)}"
        connection.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS listing_key VARCHAR")
        connection.execute(
            f"UPDATE {table} SET listing_key ="  # noqa: S608
            " CAST(length(account) AS VARCHAR) || '/' || account || '/' || listing"
        )
    connection.execute("DROP SCHEMA IF EXISTS raw_staging CASCADE")


# Layout → what makes the next one of it. They add and copy, and never drop from raw.
# 0 is what was written before the number was: the same tables without it.
MIGRATIONS: Mapping[int, Sequence[Migration]] = {0: (), 1: (_add_listing_keys,)}

_COLUMNS = {
    "account",
    "listing",
    "document_key",
    "document",
    "version_hash",
    "valid_from",
    "valid_to",
    "_dlt_load_id",
}


def bring_up_to_date(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Note the layout in a new database, or migrate an older one, in one transaction.

    Raises:
        JobError: the database is of a newer Billhouse, or of none that is known. It is unharmed.
    """
    found = _found(connection)
    if found == LAYOUT:
        return
    if found > LAYOUT:
        raise JobError(
            f"{file} has layout {found} of a newer Billhouse; this one knows {LAYOUT}. Nothing was"
            " changed. Install the newer one, or set warehouse.directory to another folder."
        )
    if foreign := _foreign_tables(connection):
        raise JobError(
            f"{file} holds tables that no Billhouse of layout {LAYOUT} can read"
            f" ({', '.join(foreign)}). Nothing was changed. Move the file aside and run `billhouse"
            " run`, which fetches again what the vendors still list; the documents stay in the old"
            " file."
        )
    connection.begin()
    try:
        for layout in range(found, LAYOUT):
            for migrate in MIGRATIONS[layout]:
                migrate(connection)
        connection.execute("CREATE OR REPLACE TABLE main.layout (layout INTEGER NOT NULL)")
        connection.execute("INSERT INTO main.layout VALUES (?)", [LAYOUT])
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def drop_what_builds_once_kept(connection: duckdb.DuckDBPyConnection) -> None:
    """Builds once kept their tables in the work database, whose next build makes all of them in the
    file that is published."""
    if not connection.execute(
        "FROM duckdb_schemas() WHERE schema_name = 'staging' AND database_name = current_database()"
    ).fetchall():
        return
    connection.execute("DROP TABLE IF EXISTS main.publication")
    for kind, name in connection.execute(
        "SELECT 'TABLE', table_name FROM duckdb_tables() WHERE schema_name = 'marts'"
        " AND database_name = current_database()"
        " AND table_name NOT IN ('load_results', 'alerts_sent')"
        " UNION ALL SELECT DISTINCT 'MACRO', function_name FROM duckdb_functions()"
        " WHERE database_name = current_database() AND NOT internal"
    ).fetchall():
        place = "marts." if kind == "TABLE" else ""
        connection.execute(f"DROP {kind} {place}{identifier(name)}")
    # Last, since it is what tells that there is something to drop.
    connection.execute("DROP SCHEMA staging CASCADE")


def _found(connection: duckdb.DuckDBPyConnection) -> int:
    """The layout that the database says it has; 0 where it says none."""
    if not has_table(connection, "main", "layout"):
        return 0
    row = connection.execute("SELECT max(layout) FROM main.layout").fetchone()
    return int(row[0]) if row is not None and row[0] is not None else 0


def _foreign_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables of documents in `raw` that lack a column of ours; where there is no `raw`, all that
    stand in a schema that isn't ours: it is somebody else's database."""
    if tables := document_tables(connection):
        return [name for name, columns in tables if _COLUMNS - set(columns)]
    others = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
        " WHERE database_name = current_database()"
        " AND schema_name NOT IN ('raw', 'staging', 'marts') ORDER BY ALL"
    ).fetchall()
    return [name for (name,) in others]


def document_tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, list[str]]]:
    """The name and the columns of each table in `raw` that is a vendor's."""
    return connection.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns()"
        " WHERE schema_name = 'raw' AND database_name = current_database()"
        " AND table_name NOT LIKE '\\_dlt\\_%' ESCAPE '\\' AND contains(table_name, '__')"
        " GROUP BY table_name ORDER BY table_name"
    ).fetchall()

"""The layout of the work database: which one this Billhouse knows, and what becomes of others.

The number stands in the table `main.layout` of the work database. It grows when tables that no
rebuild makes anew (all of `raw`, and `marts.load_results`) get another form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.catalog import has_table
from pipelines.failures import JobError

if TYPE_CHECKING:
    import duckdb

LAYOUT = 1

# Layout → the statements that make the next one of it. They add and copy, and never drop from raw.
# 0 is what was written before the number was: the same tables without it.
MIGRATIONS: Mapping[int, Sequence[str]] = {0: ()}

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
            " run`, which fetches anew what the vendors still list; the documents stay in the old"
            " file."
        )
    connection.begin()
    try:
        for layout in range(found, LAYOUT):
            for statement in MIGRATIONS[layout]:
                connection.execute(statement)
        connection.execute("CREATE OR REPLACE TABLE main.layout (layout INTEGER NOT NULL)")
        connection.execute("INSERT INTO main.layout VALUES (?)", [LAYOUT])
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _found(connection: duckdb.DuckDBPyConnection) -> int:
    """The layout that the database says it has; 0 where it says none."""
    if not has_table(connection, "main", "layout"):
        return 0
    row = connection.execute("SELECT max(layout) FROM main.layout").fetchone()
    return int(row[0]) if row is not None and row[0] is not None else 0


def _foreign_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables of documents in `raw` that lack a column of ours; where there is no `raw`, all that
    stand in a schema that isn't ours: it is somebody else's database."""
    rows = connection.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns()"
        " WHERE schema_name = 'raw' AND database_name = current_database()"
        " AND table_name NOT LIKE '\\_dlt\\_%' ESCAPE '\\' AND table_name <> 'fetched_details'"
        " GROUP BY table_name ORDER BY table_name"
    ).fetchall()
    if rows:
        return [name for name, columns in rows if _COLUMNS - set(columns)]
    others = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
        " WHERE database_name = current_database()"
        " AND schema_name NOT IN ('raw', 'staging', 'marts') ORDER BY ALL"
    ).fetchall()
    return [name for (name,) in others]

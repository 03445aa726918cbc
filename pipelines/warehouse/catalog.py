"""What a database holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def has_table(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, database: str | None = None
) -> bool:
    """Whether the connection's own database has it, or another one that is attached."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?"
        " AND database_name = coalesce(?, current_database())",
        [schema, table, database],
    ).fetchone()
    return found is not None and found[0] > 0

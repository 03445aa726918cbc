"""What a table is and what its columns mean, for those who find nothing but the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipelines.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    import duckdb


def comment_on(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    comment: str,
    columns: Mapping[str, str],
    *,
    is_view: bool = False,
) -> None:
    """Write them beside the table, whose name is SQL, in a transaction of their own."""
    what = "VIEW" if is_view else "TABLE"
    statements = [f"COMMENT ON {what} {table} IS {literal(comment)}"]
    for column, meaning in columns.items():
        place = f"{table}.{identifier(column)}"
        statements.append(f"COMMENT ON COLUMN {place} IS {literal(meaning)}")
    # Each by itself would wait for the disk once.
    connection.execute("; ".join(["BEGIN", *statements, "COMMIT"]))
